import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { appKey, assertionRequest, goodClaims, signedJwt, type AppKey } from '../../testing/assertions.ts'
import { noon, read, tinySimulator } from '../../testing/tiny-simulator.ts'
import type { SimulatorOptions } from '../server/options.ts'

const keys = {
  rsa: appKey('rsa'),
  p256: appKey('p256', 'P-256'),
  p384: appKey('p384', 'P-384'),
  p521: appKey('p521', 'P-521'),
}
const stranger = appKey('rsa')
const clientId = 'signing-app'

/** A simulator that knows an app with keys and no secret, and a way to ask it for tokens over its socket. */
async function signing(t: TestContext, options: SimulatorOptions = {}) {
  const jwks = { keys: Object.values(keys).map(({ jwk }) => jwk) }
  const simulator = await tinySimulator(t, {
    apps: [
      { clientId, jwks },
      { clientId: 'other', jwks },
    ],
    ...options,
  })
  const tokenUrl = `${simulator.url}/oauth2/v1/token`
  const claims = () => goodClaims({ clientId, audience: tokenUrl, nowMs: simulator.clock.now() })
  return {
    simulator,
    tokenUrl,
    claims,
    async ask(assertion: string, form?: Record<string, string>) {
      return read(await fetch(tokenUrl, assertionRequest(assertion, form)))
    },
    good: (changes: Record<string, unknown> = {}) =>
      signedJwt(keys.rsa, { header: { alg: 'RS384', kid: 'rsa' }, claims: { ...claims(), ...changes } }),
  }
}

const accepted: readonly (readonly [algorithm: string, key: AppKey])[] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) => [alg, keys.rsa] as const),
  ['ES256', keys.p256],
  ['ES384', keys.p384],
  ['ES512', keys.p521],
]
for (const [alg, key] of accepted) {
  test(`an assertion signed with ${alg} gets a token that opens the API`, async (t) => {
    const { simulator, ask, claims } = await signing(t)
    const { status, body } = await ask(signedJwt(key, { header: { alg, kid: key.kid }, claims: claims() }))
    assert.equal(status, 200)
    const token = String(body.access_token)
    assert.equal((await simulator.call('/v1/195900/patients/1', { token })).status, 200)
  })
}

const nowS = noon / 1000
const wrongClaims: readonly (readonly [what: string, claims: Record<string, unknown>, message: RegExp])[] = [
  ['without iss', { iss: undefined }, /iss and sub/],
  ['with another sub', { sub: 'other' }, /iss and sub/],
  ['for another audience', { aud: 'https://elsewhere.example.com/oauth2/v1/token' }, /aud/],
  ['for production', { aud: 'https://api.platform.athenahealth.com/oauth2/v1/token' }, /aud/],
  ['for no audience', { aud: undefined }, /aud/],
  ['without exp', { exp: undefined }, /no exp/],
  ['whose exp is text', { exp: String(nowS + 60) }, /no exp/],
  ['that has expired', { exp: nowS - 1 }, /expired/],
  ['that expires at this moment', { exp: nowS }, /expired/],
  ['that is good for too long', { exp: nowS + 400 }, /300 seconds/],
  ['from the future', { iat: nowS + 60 }, /iat .* future/],
  ['that is not good yet', { nbf: nowS + 60 }, /nbf .* future/],
  ['without jti', { jti: undefined }, /jti/],
  ['whose jti is empty', { jti: '' }, /jti/],
]
for (const [what, claims, message] of wrongClaims) {
  test(`an assertion ${what} gets no token`, async (t) => {
    const { ask, good } = await signing(t)
    // The form names the app, so that it is not the claims that are looked up.
    const { status, body } = await ask(good(claims), { client_id: clientId })
    assert.deepEqual([status, body.error, body.access_token], [401, 'invalid_client', undefined])
    assert.match(String(body.detailedmessage), message)
  })
}

const wrongSignatures: readonly (readonly [what: string, header: Record<string, unknown>, key: AppKey])[] = [
  ['with alg none', { alg: 'none', kid: 'rsa' }, keys.rsa],
  ['with alg None', { alg: 'None', kid: 'rsa' }, keys.rsa],
  ['with HMAC', { alg: 'HS256', kid: 'rsa' }, keys.rsa],
  ['by a stranger who names the key', { alg: 'RS256', kid: 'rsa' }, stranger],
  ['without kid', { alg: 'RS256' }, keys.rsa],
  ['by a key that is not registered', { alg: 'RS256', kid: 'new' }, keys.rsa],
  ['on one curve with the algorithm of another', { alg: 'ES256', kid: 'p384' }, keys.p384],
  ['with a header that must be understood', { alg: 'RS256', kid: 'rsa', crit: ['b64'] }, keys.rsa],
]
for (const [what, header, key] of wrongSignatures) {
  test(`an assertion signed ${what} gets no token`, async (t) => {
    const { ask, claims } = await signing(t)
    const text = header['alg'] === 'None' ? { ...header, alg: 'none' } : header
    let assertion = signedJwt(key, { header: text, claims: claims() })
    if (text !== header)
      assertion = assertion.replace(/^[^.]+/, Buffer.from(JSON.stringify(header)).toString('base64url'))
    const { status, body } = await ask(assertion)
    assert.deepEqual([status, body.error], [401, 'invalid_client'])
  })
}

test('an assertion whose claims were changed after signing gets no token', async (t) => {
  const { ask, good, claims } = await signing(t)
  const [header, , signature] = good().split('.')
  const body = Buffer.from(JSON.stringify({ ...claims(), exp: nowS + 200 })).toString('base64url')
  assert.equal((await ask(`${header}.${body}.${signature}`)).status, 401)
})

test('an assertion is good once, and only once although its time is not over', async (t) => {
  const { ask, good } = await signing(t)
  const assertion = good()
  assert.equal((await ask(assertion)).status, 200)
  const again = await ask(assertion)
  assert.deepEqual([again.status, again.body.error], [401, 'invalid_client'])
  assert.match(String(again.body.detailedmessage), /used before/)
})

test('an assertion that was refused has not been used up', async (t) => {
  const { simulator, ask, good } = await signing(t)
  const assertion = good({ nbf: nowS + 60, iat: undefined })
  assert.equal((await ask(assertion)).status, 401)
  simulator.clock.advance(60_000)
  assert.equal((await ask(assertion)).status, 200)
})

test('another client id in the form is refused, the same one is not', async (t) => {
  const { ask, good } = await signing(t)
  assert.equal((await ask(good(), { client_id: 'other' })).status, 401)
  assert.equal((await ask(good(), { client_id: clientId })).status, 200)
})

test('an assertion may be meant for several, and for the preview whose place the simulator takes', async (t) => {
  const { ask, good, tokenUrl } = await signing(t)
  assert.equal((await ask(good({ aud: ['https://elsewhere.example.com', tokenUrl] }))).status, 200)
  const preview = 'https://api.preview.platform.athenahealth.com/oauth2/v1/token'
  assert.equal((await ask(good({ aud: preview }))).status, 200)
})

test('audience, lifetime and algorithms are what the options say', async (t) => {
  const { ask, good, claims } = await signing(t, {
    assertionAudiences: ['urn:athena'],
    assertionLifetimeMaxS: 3600,
    assertionAlgorithms: ['RS384'],
  })
  assert.equal((await ask(good({ aud: 'urn:athena', exp: nowS + 3600 }))).status, 200)
  assert.equal((await ask(good())).status, 401)
  const rs256 = signedJwt(keys.rsa, {
    header: { alg: 'RS256', kid: 'rsa' },
    claims: { ...claims(), aud: 'urn:athena' },
  })
  assert.equal((await ask(rs256)).status, 401)
})

test('a request that proves itself twice, or does not say how, is refused as a whole', async (t) => {
  const { simulator, ask, good, tokenUrl } = await signing(t, {
    apps: [{ clientId, secret: 'also', jwks: { keys: [keys.rsa.jwk] } }],
  })
  const twice = assertionRequest(good())
  const headers = { Authorization: `Basic ${btoa(`${clientId}:also`)}` }
  assert.equal((await read(await fetch(tokenUrl, { ...twice, headers }))).status, 400)
  assert.equal((await ask(good(), { client_assertion_type: 'jwt' })).status, 400)
  assert.equal(simulator.truth.defects().length, 0)
})

for (const [what, text] of [
  ['no JWT', 'swordfish'],
  ['too long', `${'a'.repeat(20_000)}.e30.c2ln`],
  ['JSON of something else', `${btoa('[]')}.${btoa('7')}.c2ln`],
]) {
  test(`an assertion that is ${what} gets no token`, async (t) => {
    const { ask } = await signing(t)
    assert.equal((await ask(text ?? '', { client_id: clientId })).status, 401)
  })
}

test('a key that is too short, for encryption or private is not registered', async (t) => {
  const short = appKey('short', 'short-rsa')
  const encrypting = { ...keys.rsa.jwk, use: 'enc' }
  for (const [key, message] of [
    [short.jwk, /no key/],
    [encrypting, /no key/],
    [{ kty: 'oct', kid: 'x', k: 'c2VjcmV0' }, /private key/],
    [keys.rsa.privateKey.export({ format: 'jwk' }), /private key/],
  ] as const) {
    await assert.rejects(tinySimulator(t, { apps: [{ clientId, jwks: { keys: [key] } }] }), message)
  }
})
