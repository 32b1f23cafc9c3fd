import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canarySecret, code, keyServers, patientClock, until } from '../../testing/key-servers.ts'
import { granting } from '../../testing/token-endpoint.ts'
import type { Db } from '../db/db.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'

const { owner, newApp, switchable } = await keyServers()

test('800 cold callers over four processes make one token request', async (t) => {
  const { endpoint, newProcess, credential } = await newApp(t)
  const processes = Array.from({ length: 4 }, () => newProcess())
  const tokens = await Promise.all(processes.flatMap(({ tokens }) => Array.from({ length: 200 }, () => tokens.get())))
  assert.equal(endpoint.requests.length, 1)
  assert.equal(endpoint.requests[0]?.secret, canarySecret)
  assert.equal(endpoint.requests[0]?.clientId, credential.clientId)
  assert.equal(endpoint.requests[0]?.scope, 'athena/service/Athenanet.MDP.*')
  assert.deepEqual(new Set(tokens.map(({ value }) => value)), new Set(['canary-token-1']))
})

test('callers that wait for a token do not each ask the database', async (t) => {
  const { newProcess } = await newApp(t)
  let transactions = 0
  const link = switchable()
  const counted: Db = {
    ...link,
    control: (work) => {
      transactions++
      return link.control(work)
    },
  }
  const { tokens } = newProcess({}, counted)
  await Promise.all(Array.from({ length: 400 }, () => tokens.get()))
  assert.ok(transactions < 10, `${transactions} transactions`)
})

test('a token in memory is compared with the database every five seconds, not for every call', async (t) => {
  const clock = patientClock()
  const { newProcess } = await newApp(t, clock)
  let transactions = 0
  const link = switchable()
  const counted: Db = {
    ...link,
    control: (work) => {
      transactions++
      return link.control(work)
    },
  }
  const { tokens } = newProcess({}, counted)
  await tokens.get()
  const cold = transactions
  await clock.advance(4_999)
  await tokens.get()
  assert.equal(transactions, cold)
  await clock.advance(1)
  await tokens.get()
  assert.equal(transactions, cold + 1)
})

for (const { lifeSeconds, usedMs } of [
  { lifeSeconds: 3_600, usedMs: 3_590_000 },
  { lifeSeconds: 50, usedMs: 45_000 },
]) {
  test(`a token of ${lifeSeconds} seconds is used for ${usedMs / 1000}: it would expire on the way`, async (t) => {
    const clock = patientClock()
    const { credential, endpoint, newProcess } = await newApp(t, clock)
    endpoint.answer = granting(lifeSeconds)
    const got = await newProcess().tokens.get()
    const [row] = await owner.rows<{ usable_until: number }>(
      'select usable_until from control.access_token where client_id = $1',
      [credential.clientId],
    )
    assert.equal(Math.round((row?.usable_until ?? 0) - (got.expiresAt - lifeSeconds * 1000)), usedMs)
  })
}

test('a restarted process goes on with the stored token', async (t) => {
  const { endpoint, newProcess } = await newApp(t)
  const before = await newProcess().tokens.get()
  const first = newProcess()
  assert.equal((await first.tokens.get()).value, before.value)
  assert.equal((await first.tokens.get()).generation, before.generation)
  assert.equal(endpoint.requests.length, 1)
})

for (const { given, lifeMs } of [
  { given: '1800', lifeMs: 1_800_000 },
  { given: 1800, lifeMs: 1_800_000 },
  { given: undefined, lifeMs: 3_600_000 },
  { given: 'soon', lifeMs: 3_600_000 },
]) {
  test(`a token with expires_in ${JSON.stringify(given)} lives ${lifeMs / 1000} seconds, then is replaced`, async (t) => {
    const clock = patientClock()
    const { endpoint, newProcess } = await newApp(t, clock)
    endpoint.answer = granting(given)
    const { tokens } = newProcess()
    assert.equal((await tokens.get()).expiresAt, clock.now() + lifeMs)
    await clock.advance(lifeMs)
    assert.equal((await tokens.get()).value, 'canary-token-2')
  })
}

test('a token is renewed at 80 to 90 percent of its life while the old one serves', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess } = await newApp(t, clock)
  const { tokens } = newProcess()
  await tokens.get()
  await clock.advance(2_879_000)
  await tokens.get()
  assert.equal(endpoint.requests.length, 1)
  await clock.advance(362_000)
  let opened = () => undefined as void
  endpoint.gate = new Promise((resolve) => {
    opened = resolve
  })
  const served = await Promise.all(Array.from({ length: 50 }, () => tokens.get()))
  assert.ok(served.every(({ value }) => value === 'canary-token-1'))
  opened()
  await until(async () => (await tokens.get()).value === 'canary-token-2')
  assert.equal(endpoint.requests.length, 2)
})

test('the moment of renewal differs from token to token, between 80 and 90 percent of its life', async (t) => {
  const { credential, newProcess } = await newApp(t)
  const { source } = newProcess()
  for (let scope = 0; scope < 5; scope++) await source(`s${scope}`).get()
  const rows = await owner.rows<{ left: number }>(
    `select extract(epoch from expires_at - refresh_at)::float8 as left from control.access_token
     where scope like 's_' and client_id = $1`,
    [credential.clientId],
  )
  const left = rows.map((row) => row.left)
  assert.equal(new Set(left).size, 5)
  assert.ok(
    left.every((seconds) => seconds >= 360 && seconds <= 720),
    `of an hour are left: ${left.join(', ')} s`,
  )
})

test('500 callers that were refused at once lead to one request, and a refused replacement to none for a minute', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess } = await newApp(t, clock)
  const processes = [newProcess(), newProcess()]
  const [first] = await Promise.all(processes.map(({ tokens }) => tokens.get()))
  assert.ok(first)
  const storm = (newerThan: string | number) =>
    Promise.allSettled(processes.flatMap(({ tokens }) => Array.from({ length: 250 }, () => tokens.get({ newerThan }))))
  const second = await storm(first.generation)
  assert.ok(second.every((result) => result.status === 'fulfilled' && result.value.value === 'canary-token-2'))
  assert.equal(endpoint.requests.length, 2)
  const generation = Number(first.generation) + 1
  for (const result of await storm(generation)) {
    assert.ok(result.status === 'rejected' && isAegisError(result.reason, 'key-server.token-unavailable'))
    assert.ok(Number(result.reason.detail['retryAfterMs']) <= 60_000)
  }
  assert.equal(endpoint.requests.length, 2)
  assert.equal((await processes[0]?.tokens.get())?.value, 'canary-token-2')
  await clock.advance(60_000)
  assert.equal((await processes[0]?.tokens.get({ newerThan: generation }))?.value, 'canary-token-3')
  assert.equal(endpoint.requests.length, 3)
})

test('a token for a look is asked for once a minute, and does not keep a refused one from being replaced', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess } = await newApp(t, clock)
  const { tokens } = newProcess()
  await tokens.get()
  const lately = (error: unknown) =>
    isAegisError(error, 'key-server.token-unavailable') && error.detail['reason'] === 'asked-lately'
  await assert.rejects(tokens.renewed(), lately)
  assert.equal(endpoint.requests.length, 1)
  await clock.advance(60_000)
  const { value, generation } = await tokens.renewed()
  assert.equal(value, 'canary-token-2')
  await assert.rejects(tokens.renewed(), lately)
  assert.equal((await tokens.get({ newerThan: generation })).value, 'canary-token-3')
})

test('a valid token is served through ten minutes without a token endpoint, which is asked once a minute at most', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess, log } = await newApp(t, clock)
  const { tokens } = newProcess()
  endpoint.answer = granting(86_400)
  await tokens.get()
  await clock.advance(0.9 * 86_400_000)
  endpoint.answer = { status: 503, body: () => 'canary down' }
  const failures = () => log.events().filter((event) => event === 'key-server.token-request-failed').length
  for (let minute = 1; minute <= 10; minute++) {
    await clock.advance(60_000)
    const served = await Promise.all(Array.from({ length: 50 }, () => tokens.get()))
    assert.ok(served.every(({ value }) => value === 'canary-token-1'))
    await until(async () => failures() === minute)
    assert.equal(endpoint.requests.length, 1 + minute)
  }
  endpoint.answer = granting()
  await clock.advance(60_000)
  await until(async () => (await tokens.get()).value !== 'canary-token-1')
})

test('without a token, callers get a failure at once while nothing may be asked', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess } = await newApp(t, clock)
  endpoint.answer = { status: 429, body: () => '' }
  const { tokens } = newProcess()
  await assert.rejects(tokens.get(), code('key-server.token-unavailable'))
  for (const process of [tokens, newProcess().tokens]) {
    await assert.rejects(process.get(), (error) => {
      assert.ok(isAegisError(error, 'key-server.token-unavailable'))
      assert.equal(error.detail['reason'], 'throttled')
      return Number(error.detail['retryAfterMs']) > 0
    })
  }
  assert.equal(endpoint.requests.length, 1)
  endpoint.answer = granting()
  await clock.advance(61_000)
  await tokens.get()
})

test('a token endpoint that asks for a pause of a day is asked again after five minutes', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess } = await newApp(t, clock)
  endpoint.answer = { status: 503, body: () => '', retryAfter: '86400' }
  const { tokens } = newProcess()
  await assert.rejects(tokens.get(), code('key-server.token-unavailable'))
  endpoint.answer = granting()
  await clock.advance(299_000)
  await assert.rejects(tokens.get(), code('key-server.token-unavailable'))
  await clock.advance(1_000)
  await tokens.get()
})

for (const { title, status, body, contentType } of [
  {
    title: 'a JSON error',
    status: 401,
    body: '{"error":"invalid_client","detailedmessage":"canary"}',
    contentType: 'application/json',
  },
  {
    title: 'the page "Developer Inactive"',
    status: 403,
    body: '<h1>Developer Inactive</h1>',
    contentType: 'text/html',
  },
]) {
  test(`a credential refused by ${title} is a matter for a person: one request in five minutes, none before a new secret`, async (t) => {
    const clock = patientClock()
    const { endpoint, newProcess, give } = await newApp(t, clock)
    const granted = endpoint.answer
    endpoint.answer = { status, contentType, body: () => body }
    const processes = [newProcess(), newProcess()]
    for (let minute = 0; minute < 5; minute++) {
      for (const { tokens } of processes) {
        const results = await Promise.allSettled(Array.from({ length: 20 }, () => tokens.get()))
        for (const result of results) {
          assert.ok(result.status === 'rejected')
          assert.ok(isAegisError(result.reason, 'key-server.credential-refused'), String(result.reason))
          assert.match(result.reason.message, /Remedy: /)
          assert.doesNotMatch(String(result.reason), /canary/)
        }
      }
      await clock.advance(59_000)
    }
    assert.equal(endpoint.requests.length, 1)
    endpoint.answer = granted
    assert.equal(await give('canary-secret-2'), 'replaced')
    await processes[0]?.tokens.get()
    assert.equal(endpoint.requests.at(-1)?.secret, 'canary-secret-2')
  })
}

test('all scopes and processes of an app together keep its limit of requests in any 60 seconds', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess } = await newApp(t, clock)
  const processes = [newProcess({ requestsPerMinute: { local: 5 } }), newProcess({ requestsPerMinute: { local: 5 } })]
  const missing = new Set(Array.from({ length: 12 }, (_, index) => `scope-${index}`))
  const ask = (scope: string) =>
    Promise.allSettled(processes.map(({ source }) => source(scope).get())).then((results) => {
      for (const result of results) {
        if (result.status === 'rejected') code('key-server.token-unavailable')(result.reason)
        else missing.delete(scope)
      }
    })
  for (let round = 0; round < 10 && missing.size; round++) {
    await Promise.all([...missing].map(ask))
    await clock.advance(round % 2 ? 21_000 : 40_000)
  }
  assert.equal(missing.size, 0)
  assert.equal(endpoint.requests.length, 12)
  for (const { at } of endpoint.requests) {
    const inMinute = endpoint.requests.filter((other) => other.at > at - 60_000 && other.at <= at).length
    assert.ok(inMinute <= 5, `${inMinute} requests in a minute`)
  }
})

test('a caller waits when the limit leaves room within seconds', async (t) => {
  const clock = patientClock()
  const { endpoint, newProcess } = await newApp(t, clock)
  const { source } = newProcess({ requestsPerMinute: { local: 1 } })
  await source('one').get()
  await clock.advance(50_000)
  const waiting = source('two').get()
  await until(async () => clock.pending > 0)
  assert.equal(endpoint.requests.length, 1)
  await clock.advance(11_000)
  assert.equal((await waiting).value, 'canary-token-2')
})

test('a valid token is served while the database is gone, an expired one is not', async (t) => {
  const clock = patientClock()
  const { newProcess } = await newApp(t, clock)
  const link = switchable()
  const { tokens } = newProcess({}, link)
  await tokens.get()
  link.down = true
  await clock.advance(1_800_000)
  assert.equal((await tokens.get()).value, 'canary-token-1')
  await clock.advance(1_800_000)
  await assert.rejects(tokens.get(), code('db.unavailable'))
})

test('while the audit log cannot be written, no token is asked for', async (t) => {
  const { endpoint, newProcess } = await newApp(t)
  const link = switchable()
  const noAudit: Db = { ...link, audit: () => Promise.reject(new AegisError('db.unavailable')) }
  await assert.rejects(newProcess({}, noAudit).tokens.get(), code('audit.unavailable'))
  assert.equal(endpoint.requests.length, 0)
  await newProcess().tokens.get()
  assert.equal(endpoint.requests.length, 1)
})

test('a stopped key server hands out nothing', async (t) => {
  const { newProcess } = await newApp(t)
  const { server, tokens } = newProcess()
  await tokens.get()
  await server.stop()
  await assert.rejects(tokens.get(), code('key-server.token-unavailable'))
})

test('a stored token that was tampered with is reported and replaced', async (t) => {
  const { credential, endpoint, newProcess, log } = await newApp(t)
  await newProcess().tokens.get()
  await owner.rows(
    `update control.access_token set sealed_token = set_byte(sealed_token, 90, get_byte(sealed_token, 90) # 1) where client_id = $1`,
    [credential.clientId],
  )
  assert.equal((await newProcess().tokens.get()).value, 'canary-token-2')
  assert.equal(endpoint.requests.length, 2)
  assert.ok(log.events().includes('key-server.stored-token-unreadable'))
})
