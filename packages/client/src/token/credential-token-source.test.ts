import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { inspect } from 'node:util'
import { test } from 'node:test'
import { isAthenaError } from '../athena-error.ts'
import { type Reply, scriptedFetch, type Sent } from '../../testing/scripted-fetch.ts'
import { testClock } from '../../testing/test-clock.ts'
import { readJwt, testKey } from '../../testing/test-keys.ts'
import { CredentialTokenSource } from './credential-token-source.ts'

const HOUR_MS = 3_600_000

function source(replies: readonly Reply[] = [], random = () => 0) {
  const script = scriptedFetch([], replies)
  const clock = testClock()
  const credential = { clientId: 'client', secret: 'swordfish' }
  const tokens = new CredentialTokenSource({ environment: 'preview', credential, fetch: script.fetch, clock, random })
  return { tokens, clock, requests: script.tokens }
}

function granted(value: string, expiresIn: unknown = '3600'): Reply {
  return { body: { access_token: value, expires_in: expiresIn } }
}

test('a token is asked for as athenahealth wants it', async () => {
  const { tokens, requests } = source()
  await tokens.get()
  const { url, method, headers, body } = requests[0] as Sent
  assert.equal(url.href, 'https://api.preview.platform.athenahealth.com/oauth2/v1/token')
  assert.equal(method, 'POST')
  assert.equal(headers['authorization'], `Basic ${Buffer.from('client:swordfish').toString('base64')}`)
  assert.equal(headers['content-type'], 'application/x-www-form-urlencoded')
  assert.equal(body, 'grant_type=client_credentials&scope=athena%2Fservice%2FAthenanet.MDP.*')
})

test('a secret with letters beyond ASCII, got from afar, is sent as UTF-8', async () => {
  const script = scriptedFetch([])
  const credential = { clientId: 'klient', secret: async () => 'hasło' }
  await new CredentialTokenSource({ environment: 'preview', credential, fetch: script.fetch }).get()
  const expected = Buffer.from('klient:hasło', 'utf8').toString('base64')
  assert.equal(script.tokens[0]?.headers['authorization'], `Basic ${expected}`)
})

test('a secret read from a file is sent without the line break at its end', async () => {
  for (const lineEnd of ['', '\n', '\r\n']) {
    const script = scriptedFetch([])
    const credential = { clientId: 'client', secret: async () => `sword\nfish ${lineEnd}` }
    await new CredentialTokenSource({ environment: 'preview', credential, fetch: script.fetch }).get()
    const expected = Buffer.from('client:sword\nfish ', 'utf8').toString('base64')
    assert.equal(script.tokens[0]?.headers['authorization'], `Basic ${expected}`)
  }
})

for (const { random, renewedAtMs } of [
  { random: 0, renewedAtMs: 0.8 * HOUR_MS },
  { random: 0.5, renewedAtMs: 0.85 * HOUR_MS },
]) {
  test(`a token is renewed at ${renewedAtMs / HOUR_MS} of its life, by chance`, async () => {
    const { tokens, clock, requests } = source([granted('a'), granted('b')], () => random)
    await tokens.get()
    await clock.advance(renewedAtMs - 1)
    await tokens.get()
    await setImmediate()
    assert.equal(requests.length, 1)
    await clock.advance(1)
    await tokens.get()
    await setImmediate()
    assert.equal(requests.length, 2)
  })
}

test('a secret that turns out empty or no text is refused, and nothing is sent', async () => {
  // The border: what a function of somebody without a compiler may give.
  for (const secret of ['\n', undefined] as unknown as readonly string[]) {
    const script = scriptedFetch([])
    const credential = { clientId: 'client', secret: async () => secret }
    const tokens = new CredentialTokenSource({ environment: 'preview', credential, fetch: script.fetch })
    await assert.rejects(tokens.get(), (error) => isAthenaError(error, 'invalid-argument'))
    assert.equal(script.tokens.length, 0)
  }
})

test('a secret may travel in the form', async () => {
  const script = scriptedFetch([])
  const credential = { clientId: 'client', secret: 'sw&rd', authMethod: 'client_secret_post' } as const
  await new CredentialTokenSource({ environment: 'preview', credential, fetch: script.fetch }).get()
  const { headers, body } = script.tokens[0] as Sent
  assert.equal(headers['authorization'], undefined)
  assert.deepEqual(Object.fromEntries(new URLSearchParams(body)), {
    grant_type: 'client_credentials',
    scope: 'athena/service/Athenanet.MDP.*',
    client_id: 'client',
    client_secret: 'sw&rd',
  })
})

/** A source whose credential is a private key, and the assertions it has sent. */
async function keySource(replies: readonly Reply[] = []) {
  const script = scriptedFetch([], replies)
  const clock = testClock()
  const key = await testKey('ES256')
  const credential = { clientId: 'client', privateKey: key.jwk, kid: 'k' }
  const { fetch } = script
  const tokens = new CredentialTokenSource({ environment: 'preview', credential, fetch, clock, random: () => 0 })
  const forms = () => script.tokens.map(({ body }) => new URLSearchParams(body))
  return { tokens, clock, key, forms, requests: script.tokens }
}

test('an app with a private key asks with an assertion and nothing else of its own', async () => {
  const { tokens, clock, key, forms, requests } = await keySource()
  await tokens.get()
  const form = Object.fromEntries(forms()[0] ?? [])
  const { client_assertion: jwt = '', ...rest } = form
  assert.equal(requests[0]?.headers['authorization'], undefined)
  assert.deepEqual(rest, {
    grant_type: 'client_credentials',
    scope: 'athena/service/Athenanet.MDP.*',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  })
  assert.ok(await key.verify(jwt))
  const { aud, exp } = readJwt(jwt).claims
  assert.equal(aud, requests[0]?.url.href)
  assert.ok(Number(exp) * 1_000 > clock.now() && Number(exp) * 1_000 <= clock.now() + 300_000)
})

test('every request of a token makes an assertion of its own, good from its own time on', async () => {
  const { tokens, clock, forms } = await keySource([{ status: 503 }])
  await assert.rejects(tokens.get(), { code: 'server-error' })
  await clock.advance(2_000)
  const { generation } = await tokens.get()
  await clock.advance(0.85 * HOUR_MS)
  await tokens.get()
  // Renewed in the background: signing is work of another thread.
  for (let turns = 0; forms().length < 3 && turns < 1_000_000; turns += 1) await setImmediate()
  await clock.advance(0)
  await tokens.get({ newerThan: Number(generation) + 1 })
  const claims = forms().map((form) => readJwt(form.get('client_assertion') ?? '').claims)
  assert.equal(claims.length, 4)
  assert.equal(new Set(claims.map(({ jti }) => jti)).size, 4)
  const lateMs = claims.map(({ exp }) => Number(exp) * 1_000 - clock.now())
  assert.ok(lateMs.at(-1) === lateMs.at(-2) && Number(lateMs[0]) < 0, String(lateMs))
})

test('two hundred callers at once make one request with a private key too', async () => {
  const { tokens, requests } = await keySource()
  const got = await Promise.all(Array.from({ length: 200 }, () => tokens.get()))
  assert.equal(requests.length, 1)
  assert.equal(new Set(got.map(({ value }) => value)).size, 1)
})

test('a refused assertion is a matter of configuration, in words of ours', async () => {
  const body = { error: 'invalid_client', error_description: 'The client_assertion SECRET is invalid' }
  const { tokens } = await keySource([{ status: 401, body }])
  await assert.rejects(tokens.get(), (error: unknown) => {
    assert.ok(isAthenaError(error, 'configuration'))
    assert.match(error.message, /kid, alg, audience/)
    assert.ok(!error.message.includes('SECRET'))
    return true
  })
})

test('a key server that does not sign in time costs ten seconds', async () => {
  const clock = testClock()
  const privateKey = () => new Promise<Uint8Array>(() => undefined)
  const credential = { clientId: 'client', privateKey, kid: 'k', alg: 'RS384' } as const
  const { fetch } = scriptedFetch([])
  const tokens = new CredentialTokenSource({ environment: 'preview', credential, fetch, clock })
  await assert.rejects(clock.run(tokens.get()), { code: 'timeout', hint: /credential/ })
})

test('a private key is bound to its environment as a secret is', async () => {
  const { jwk } = await testKey('ES256')
  const credential = { clientId: 'client', privateKey: jwk, kid: 'k', environment: 'production' } as const
  const { fetch, tokens: sent } = scriptedFetch([])
  const tokens = new CredentialTokenSource({ environment: 'preview', credential, fetch })
  await assert.rejects(tokens.get(), { code: 'environment' })
  assert.equal(sent.length, 0)
})

test('two hundred callers at once make one request and share its token', async () => {
  const { tokens, requests } = source()
  const got = await Promise.all(Array.from({ length: 200 }, () => tokens.get()))
  assert.equal(requests.length, 1)
  assert.deepEqual(new Set(got.map((token) => token.value)), new Set(['token-1']))
})

test('a token serves for four fifths of its life, and on while a newer one is fetched', async () => {
  const { tokens, clock, requests } = source()
  await tokens.get()
  await clock.advance(0.8 * HOUR_MS - 1)
  assert.equal((await tokens.get()).value, 'token-1')
  assert.equal(requests.length, 1)
  await clock.advance(1)
  assert.equal((await tokens.get()).value, 'token-1')
  await clock.advance(0)
  assert.equal((await tokens.get()).value, 'token-2')
  assert.equal(requests.length, 2)
})

test('jitter spreads the renewal over the ninth tenth of a life', async () => {
  const { tokens, clock, requests } = source([], () => 0.999)
  await tokens.get()
  await clock.advance(0.899 * HOUR_MS)
  await tokens.get()
  assert.equal(requests.length, 1)
  await clock.advance(0.001 * HOUR_MS)
  await tokens.get()
  await clock.advance(0)
  assert.equal(requests.length, 2)
})

test('a day takes no more than thirty requests', async () => {
  const { tokens, clock, requests } = source()
  for (let minute = 0; minute < 24 * 60; minute += 1) {
    await tokens.get()
    await clock.advance(60_000)
  }
  assert.ok(requests.length <= 30, String(requests.length))
})

test('while renewal fails the good token goes on serving, and requests keep to five a minute', async () => {
  const { tokens, clock, requests } = source([granted('first'), ...Array<Reply>(99).fill({ status: 503 })])
  await tokens.get()
  await clock.advance(0.8 * HOUR_MS)
  for (let second = 0; second < 600; second += 1) {
    assert.equal((await tokens.get()).value, 'first')
    await clock.advance(1_000)
  }
  assert.ok(requests.length >= 6 && requests.length <= 1 + 5 + 9, String(requests.length))
})

test('a token is not used in its last seconds', async () => {
  const { tokens, clock } = source([granted('first'), { status: 503 }])
  await tokens.get()
  await clock.advance(HOUR_MS - 10_000)
  await assert.rejects(tokens.get(), { code: 'server-error', executed: 'no' })
})

test('a life of a second is enough for one use', async () => {
  const { tokens, clock, requests } = source([granted('brief', 1), granted('next', 1)])
  assert.equal((await tokens.get()).value, 'brief')
  await clock.advance(1_000)
  assert.equal((await tokens.get()).value, 'next')
  assert.equal(requests.length, 2)
})

test('five hundred callers whose token was refused share one newer token', async () => {
  const { tokens, requests } = source()
  const { generation } = await tokens.get()
  const got = await Promise.all(Array.from({ length: 500 }, () => tokens.get({ newerThan: generation })))
  assert.equal(requests.length, 2)
  assert.deepEqual(new Set(got.map((token) => token.value)), new Set(['token-2']))
})

test('a caller whose refused token has been replaced meanwhile gets the replacement without a request', async () => {
  const { tokens, requests } = source()
  const old = await tokens.get()
  await tokens.get({ newerThan: old.generation })
  assert.equal((await tokens.get({ newerThan: old.generation })).value, 'token-2')
  assert.equal(requests.length, 2)
})

test('callers who come while a refused token is replaced wait for the replacement', async () => {
  const { tokens } = source()
  const old = await tokens.get()
  const replacing = tokens.get({ newerThan: old.generation })
  assert.equal((await tokens.get()).value, 'token-2')
  await replacing
})

test('if every token is refused, at most one is fetched a minute', async () => {
  const { tokens, clock, requests } = source()
  const { generation } = await tokens.get()
  let newest = (await tokens.get({ newerThan: generation })).generation
  for (let second = 0; second < 600; second += 1) {
    await clock.advance(1_000)
    await tokens.get({ newerThan: newest }).then(
      (token) => {
        newest = token.generation
      },
      (error: unknown) => assert.ok(isAthenaError(error, 'unauthorized')),
    )
  }
  assert.ok(requests.length >= 11 && requests.length <= 12, String(requests.length))
})

test('after a failure callers fail at once with the time to wait, and then a request is made again', async () => {
  const { tokens, clock, requests } = source([{ status: 503 }, { status: 503 }])
  await assert.rejects(tokens.get(), { code: 'server-error', retryAfterMs: 2_000 })
  await clock.advance(500)
  await assert.rejects(tokens.get(), { code: 'server-error', status: 503, retryAfterMs: 1_500 })
  assert.equal(requests.length, 1)
  await clock.advance(1_500)
  await assert.rejects(tokens.get(), { code: 'server-error', retryAfterMs: 4_000 })
  await clock.advance(4_000)
  assert.equal((await tokens.get()).value, 'token-3')
})

test('a throttled token request is not repeated before the top of the minute', async () => {
  const { tokens, clock, requests } = source([{ status: 429 }])
  await clock.advance(20_000)
  await assert.rejects(tokens.get(), { code: 'throttled', retryAfterMs: 40_000 })
  await clock.advance(39_999)
  await assert.rejects(tokens.get(), { code: 'throttled' })
  assert.equal(requests.length, 1)
  await clock.advance(1)
  await tokens.get()
})

test('a refused credential is a matter of configuration, asked about ever less often', async () => {
  const { tokens, clock, requests } = source(Array<Reply>(99).fill({ status: 401, body: { error: 'invalid_client' } }))
  for (let second = 0; second < 600; second += 1) {
    await assert.rejects(tokens.get(), { code: 'configuration', status: 401 })
    await clock.advance(1_000)
  }
  assert.ok(requests.length <= 15, String(requests.length))
})

test('a caller may stop waiting; the request goes on for the others', async () => {
  let release = (_: Response) => {}
  const held = new Promise<Response>((resolve) => {
    release = resolve
  })
  const { tokens } = source([() => held])
  const controller = new AbortController()
  const impatient = tokens.get({ signal: controller.signal })
  const patient = tokens.get()
  controller.abort(new Error('enough'))
  await assert.rejects(impatient, /enough/)
  release(Response.json({ access_token: 'late', expires_in: 3600 }))
  assert.equal((await patient).value, 'late')
})

test('a token endpoint that does not answer costs ten seconds', async () => {
  const { tokens, clock } = source([() => new Promise<Response>(() => undefined)])
  const startedAt = clock.now()
  await assert.rejects(clock.run(tokens.get()), { code: 'timeout', executed: 'no' })
  assert.equal(clock.now() - startedAt, 10_000)
  assert.equal(clock.waiting, 0)
})

test('a secret that does not come costs no more either', async () => {
  const clock = testClock()
  const credential = { clientId: 'client', secret: () => new Promise<string>(() => undefined) }
  const { fetch } = scriptedFetch([])
  const tokens = new CredentialTokenSource({ environment: 'preview', credential, fetch, clock })
  await assert.rejects(clock.run(tokens.get()), { code: 'timeout' })
})

test('neither secret nor token shows when the source, the token or an error is logged', async () => {
  const { tokens } = source([granted('SECRET-TOKEN'), { status: 500, body: 'swordfish' }])
  const token = await tokens.get()
  const error: unknown = await tokens.get({ newerThan: token.generation }).catch((caught: unknown) => caught)
  const logged =
    inspect([tokens, token, error], { depth: 9, showHidden: false }) + JSON.stringify([tokens, token, error])
  assert.ok(!/SECRET-TOKEN|swordfish/.test(logged), logged)
  assert.equal(token.value, 'SECRET-TOKEN')
})

test('after the clock was set back a failed request is repeated after its pause, not after an hour', async () => {
  const { tokens, clock, requests } = source([{ status: 503 }, granted('b')])
  await assert.rejects(tokens.get(), (error) => isAthenaError(error, 'server-error'))
  await clock.advance(-HOUR_MS)
  await assert.rejects(tokens.get(), (error) => isAthenaError(error) && (error.retryAfterMs ?? 0) <= 3_000)
  await clock.advance(3_000)
  assert.equal((await tokens.get()).generation, 1)
  assert.equal(requests.length, 2)
})

test('after the clock was set back a refused token is replaced, and not for an hour taken for a new one', async () => {
  const { tokens, clock, requests } = source([granted('a'), granted('b'), granted('c')])
  const first = await tokens.get()
  const second = await tokens.get({ newerThan: first.generation })
  await assert.rejects(tokens.get({ newerThan: second.generation }), (error) => isAthenaError(error, 'unauthorized'))
  await clock.advance(-HOUR_MS)
  await clock.advance(61_000)
  assert.notEqual((await tokens.get({ newerThan: second.generation })).generation, second.generation)
  assert.equal(requests.length, 3)
})
