import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { appKey, assertionRequest, goodClaims, signedJwt } from '../../testing/assertions.ts'
import { demoCredential, read, tinySimulator, tokenRequest } from '../../testing/tiny-simulator.ts'
import type { SimulatorOptions } from '../server/options.ts'

async function administered(t: TestContext, options: SimulatorOptions = {}) {
  const simulator = await tinySimulator(t, options)
  const { url } = simulator
  return {
    ...simulator,
    async post(resource: string, body: object) {
      return read(await fetch(`${url}/__sim/${resource}`, { method: 'POST', body: JSON.stringify(body) }))
    },
    get: async (resource: string) => read(await fetch(`${url}/__sim/${resource}`)),
    /** Status of asking for a token. */
    ask: async (credential: string) => (await fetch(`${url}/oauth2/v1/token`, tokenRequest(credential))).status,
  }
}

test('while a secret is replaced both are good; a retired one is not, and tokens got with it live on', async (t) => {
  const { ask, post, token, call } = await administered(t)
  const change = (wanted: object) => post('apps', { clientId: 'demo-client', change: wanted })
  const old = await token()
  assert.equal((await change({ addSecret: 'new-secret' })).status, 200)
  assert.deepEqual([await ask(demoCredential), await ask('demo-client:new-secret')], [200, 200])
  assert.equal((await change({ retireSecret: 'demo-secret' })).status, 200)
  assert.deepEqual([await ask(demoCredential), await ask('demo-client:new-secret')], [401, 200])
  assert.equal((await call('/v1/195900/patients/1', { token: old })).status, 200)
  assert.equal((await post('revoke', { clientId: 'demo-client' })).status, 200)
  assert.equal((await call('/v1/195900/patients/1', { token: old })).status, 401)
})

test('keys are added and retired by id', async (t) => {
  const [first, second] = [appKey('first', 'P-256'), appKey('second', 'P-256')]
  const apps = [{ clientId: 'signer', jwks: { keys: [first.jwk] } }]
  const { apps: control, url, clock } = await administered(t, { apps })
  const ask = async (key: typeof first) => {
    const claims = goodClaims({ clientId: 'signer', audience: `${url}/oauth2/v1/token`, nowMs: clock.now() })
    const assertion = signedJwt(key, { header: { alg: 'ES256', kid: key.kid }, claims })
    return (await fetch(`${url}/oauth2/v1/token`, assertionRequest(assertion))).status
  }
  assert.deepEqual([await ask(first), await ask(second)], [200, 401])
  assert.deepEqual(control.change('signer', { addKeys: { keys: [second.jwk] } }).kids, ['first', 'second'])
  assert.deepEqual([await ask(first), await ask(second)], [200, 200])
  control.change('signer', { retireKey: 'first' })
  assert.deepEqual([await ask(first), await ask(second)], [401, 200])
})

test('an app that is added is at home in its practices with its limits, until it is taken away', async (t) => {
  const practices = [
    { id: 195900, patients: 1 },
    { id: 7, patients: 1 },
  ]
  const { post, call, token, ask } = await administered(t, { practices })
  const limits = { perSecond: 1, perDay: 10, tokensPerMinute: 9 }
  const added = await post('apps', { add: { clientId: 'late', secret: 'hidden-one', practices: [7], limits } })
  assert.equal(added.status, 200)
  assert.doesNotMatch(added.text, /hidden-one/)
  const own = await token('late:hidden-one')
  assert.equal((await call('/v1/195900/patients/1', { token: own })).status, 401)
  assert.equal((await call('/v1/7/patients/1', { token: own })).status, 429)
  await post('apps', { clientId: 'late', change: { practices: null, limits: null } })
  assert.equal((await call('/v1/195900/patients/1', { token: own })).status, 200)
  await post('apps', { clientId: 'late', remove: true })
  assert.equal((await call('/v1/195900/patients/1', { token: own })).status, 401)
  assert.equal(await ask('late:hidden-one'), 401)
})

test('the list of apps tells everything but secrets', async (t) => {
  const { get } = await administered(t, { apps: [{ clientId: 'a', secret: 'hidden-one', secrets: ['hidden-two'] }] })
  const { text, body } = await get('apps')
  assert.doesNotMatch(text, /hidden/)
  assert.deepEqual(body.apps, [
    {
      clientId: 'a',
      kind: 'two-legged',
      authMethods: ['client_secret_basic', 'private_key_jwt'],
      encoding: 'typed',
      secretCount: 2,
      kids: [],
    },
  ])
})

test('habits of the answers are switched while it runs, for all and for one', async (t) => {
  const { post, get, call } = await administered(t)
  const total = async () => (await call('/v1/195900/departments')).body.totalcount
  assert.equal(await total(), 1)
  await post('quirks', { totals: 'string' })
  assert.equal(await total(), '1')
  assert.deepEqual((await post('quirks', { strayHeaders: true })).body, {
    quirks: { totals: 'string', strayHeaders: true },
  })
  await post('apps', { clientId: 'demo-client', change: { quirks: { totals: 'none' } } })
  assert.equal(await total(), undefined)
  await post('apps', { clientId: 'demo-client', change: { quirks: null } })
  await post('quirks', { totals: 'number' })
  assert.equal(await total(), 1)
  assert.deepEqual((await get('quirks')).body, { quirks: { totals: 'number', strayHeaders: true } })
})

const mistakes: readonly (readonly [what: string, resource: string, body: object, message: RegExp])[] = [
  ['an unknown app', 'apps', { clientId: 'nobody', change: {} }, /no app/],
  [
    'an app that is there',
    'apps',
    { add: { clientId: 'demo-client', secret: 'x' } },
    /two have the client id "demo-client"/,
  ],
  ['an app without credentials', 'apps', { add: { clientId: 'x' } }, /"secret", "jwks" or "jwksUrl"/],
  ['a secret that is not there', 'apps', { clientId: 'demo-client', change: { retireSecret: 'x' } }, /no such secret/],
  ['a key that is not there', 'apps', { clientId: 'demo-client', change: { retireKey: 'x' } }, /no key/],
  ['a field that is not there', 'apps', { clientId: 'demo-client', change: { secret: 'x' } }, /unknown field "secret"/],
  ['keys from anywhere', 'apps', { clientId: 'demo-client', change: { jwksUrl: 'http://a.example.com/' } }, /https/],
  ['limits without a number', 'apps', { clientId: 'demo-client', change: { limits: { perSecond: 5 } } }, /perDay/],
  ['a preset that is not there', 'apps', { clientId: 'demo-client', change: { limits: 'constructor' } }, /preview/],
  ['nothing', 'apps', {}, /"add"/],
  ['a habit that is not there', 'quirks', { tidy: true }, /no "tidy"/],
]
for (const [what, resource, body, message] of mistakes) {
  test(`${what} is answered with what to do`, async (t) => {
    const { post } = await administered(t)
    const answer = await post(resource, body)
    assert.equal(answer.status, 400)
    assert.match(String(answer.body.error), message)
  })
}

test('an app chooses how it is answered, in all its practices, and others are answered as before', async (t) => {
  const practices = [
    { id: 195900, patients: 1 },
    { id: 7, patients: 1 },
  ]
  const apps = [
    { clientId: 'demo-client', secret: 'demo-secret' },
    { clientId: 'other', secret: 's' },
  ]
  const { call, token, apps: control } = await administered(t, { practices, apps })
  const setting = '/v1/195900/misc/properjsonencoding'
  assert.deepEqual((await call(setting)).body, { properjsonencoding: true })
  assert.deepEqual((await call(setting, { method: 'DELETE' })).body, { success: 'true' })
  const isHospital = async (as?: string) =>
    (await call('/v1/7/departments', as === undefined ? {} : { token: as })).body.departments?.[0]?.ishospitaldepartment
  assert.equal(await isHospital(), 'false')
  assert.deepEqual((await call(setting)).body, { properjsonencoding: 'false' })
  assert.equal(await isHospital(await token('other:s')), false)
  assert.equal(control.change('demo-client', { encoding: 'typed' }).encoding, 'typed')
  assert.deepEqual((await call(setting, { method: 'DELETE' })).body, { success: 'true' })
  assert.deepEqual((await call(setting, { method: 'POST' })).body, { success: true })
})
