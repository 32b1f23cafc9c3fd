import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { demoCredential, noon, read, tinySimulator } from '../../testing/tiny-simulator.ts'
import type { SimulatorOptions } from '../server/options.ts'

async function withOther(t: TestContext, options: SimulatorOptions = {}) {
  const apps = [
    { clientId: 'demo-client', secret: 'demo-secret' },
    { clientId: 'other', secret: 'secret', authMethods: ['client_secret_basic', 'client_secret_post'] },
  ] as const
  const simulator = await tinySimulator(t, { apps, ...options })
  const ask = async (what: string, token: string, credential = demoCredential) => {
    const headers = { Authorization: `Basic ${btoa(credential)}` }
    const body = new URLSearchParams(token === '' ? {} : { token })
    return read(await fetch(`${simulator.url}/oauth2/v1/${what}`, { method: 'POST', headers, body }))
  }
  return { simulator, ask }
}

test('an app is told about its own token', async (t) => {
  const { simulator, ask } = await withOther(t)
  const { status, body } = await ask('introspect', await simulator.token())
  assert.equal(status, 200)
  const iat = noon / 1000
  assert.deepEqual(body, {
    active: true,
    scope: 'athena/service/Athenanet.MDP.*',
    client_id: 'demo-client',
    sub: 'demo-client',
    token_type: 'Bearer',
    iat,
    exp: iat + 3600,
  })
})

test("another's token, an expired one and a made-up one are all just not active", async (t) => {
  const { simulator, ask } = await withOther(t)
  const token = await simulator.token()
  assert.deepEqual((await ask('introspect', token, 'other:secret')).body, { active: false })
  assert.deepEqual((await ask('introspect', 'made-up')).body, { active: false })
  simulator.clock.advance(3_600_000)
  assert.deepEqual((await ask('introspect', token)).body, { active: false })
})

test('a revoked token opens nothing any more; revoking it again or a made-up one is no error', async (t) => {
  const { simulator, ask } = await withOther(t)
  const token = await simulator.token()
  const { status, text } = await ask('revoke', token)
  assert.deepEqual([status, text], [200, ''])
  assert.equal((await simulator.call('/v1/195900/patients/1', { token })).status, 401)
  assert.equal((await ask('revoke', token)).status, 200)
  assert.equal((await ask('revoke', 'made-up')).status, 200)
})

test("an app cannot revoke another's token", async (t) => {
  const { simulator, ask } = await withOther(t)
  const token = await simulator.token()
  assert.equal((await ask('revoke', token, 'other:secret')).status, 400)
  assert.equal((await simulator.call('/v1/195900/patients/1', { token })).status, 200)
})

for (const what of ['introspect', 'revoke']) {
  test(`to ${what}, an app must prove itself, name a token and keep to its minute`, async (t) => {
    const limits = { perSecond: 9, perDay: 99, tokensPerMinute: 3 }
    const { simulator, ask } = await withOther(t, { limits })
    const token = await simulator.token()
    assert.equal((await ask(what, token, 'demo-client:guess')).status, 401)
    assert.equal((await ask(what, '')).status, 400)
    assert.equal((await ask(what, token)).status, 429)
  })
}

test('an app that may posts its secret, another may not', async (t) => {
  const { simulator } = await withOther(t)
  const ask = async (client_id: string, client_secret: string) => {
    const scope = 'athena/service/Athenanet.MDP.*'
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope, client_id, client_secret })
    return (await read(await fetch(`${simulator.url}/oauth2/v1/token`, { method: 'POST', body }))).status
  }
  assert.equal(await ask('other', 'secret'), 200)
  assert.equal(await ask('other', 'wrong'), 401)
  assert.equal(await ask('demo-client', 'demo-secret'), 401)
})

test('tokens can be JWTs that the published key has signed, and open the API all the same', async (t) => {
  const { simulator } = await withOther(t, { tokenFormat: 'jwt' })
  const token = await simulator.token()
  const [head = '', body = '', signature = ''] = token.split('.')
  const { kid, alg } = JSON.parse(Buffer.from(head, 'base64url').toString())
  const keys = (await read(await fetch(`${simulator.url}/oauth2/v1/keys`))).body.keys
  const jwk = Array.isArray(keys) ? keys.find((key) => key.kid === kid) : undefined
  assert.equal(alg, 'RS256')
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  assert.ok(verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url')))
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
  assert.deepEqual(claims.scp, ['athena/service/Athenanet.MDP.*'])
  assert.equal(claims.cid, 'demo-client')
  assert.equal((await simulator.call('/v1/195900/patients/1', { token })).status, 200)
  const forged = `${head}.${Buffer.from(JSON.stringify({ ...claims, exp: 9e9 })).toString('base64url')}.${signature}`
  assert.equal((await simulator.call('/v1/195900/patients/1', { token: forged })).status, 401)
})
