import assert from 'node:assert/strict'
import { test } from 'node:test'
import { demoCredential, read, tinySimulator, tokenRequest } from '../../testing/tiny-simulator.ts'

test('a token is opaque, 28 characters long, and its lifetime is sent as a string', async (t) => {
  const { fetch, url } = await tinySimulator(t)
  const { status, headers, body } = await read(await fetch(`${url}/oauth2/v1/token`, tokenRequest(demoCredential)))
  assert.equal(status, 200)
  assert.equal(headers.get('content-type'), 'application/json')
  const { access_token: token, ...rest } = body
  assert.match(String(token), /^[\w-]{28}$/)
  assert.deepEqual(rest, { token_type: 'Bearer', expires_in: '3600', scope: 'athena/service/Athenanet.MDP.*' })
})

test('the lifetime is a number and another one where that is asked for', async (t) => {
  const { fetch, url } = await tinySimulator(t, { expiresIn: 'number', tokenLifetimeS: 60 })
  const { body } = await read(await fetch(`${url}/oauth2/v1/token`, tokenRequest(demoCredential)))
  assert.equal(body.expires_in, 60)
})

const policy = 'Policy evaluation failed for this request, please check the policy configurations.'
const refusals = [
  { what: 'no scope', form: { scope: '' }, status: 401, error: 'access_denied', detail: policy },
  { what: 'a scope nobody grants', form: { scope: 'openid' }, status: 401, error: 'access_denied', detail: policy },
  { what: 'no grant type', form: { grant_type: '' }, status: 400, error: 'invalid_request' },
  { what: 'another grant', form: { grant_type: 'password' }, status: 400, error: 'unsupported_grant_type' },
  { what: 'a wrong secret', credential: 'demo-client:guess', status: 401, error: 'invalid_client' },
  { what: 'an unknown client', credential: 'stranger:demo-secret', status: 401, error: 'invalid_client' },
]
for (const { what, credential = demoCredential, form = {}, status, error, detail } of refusals) {
  test(`${what} is refused`, async (t) => {
    const { fetch, url } = await tinySimulator(t)
    const answer = await read(await fetch(`${url}/oauth2/v1/token`, tokenRequest(credential, form)))
    assert.equal(answer.status, status)
    assert.equal(answer.body.error, error)
    if (detail !== undefined) assert.equal(answer.body.detailedmessage, detail)
    assert.equal(answer.body.access_token, undefined)
  })
}

test('credentials in the form are refused, with or without a Basic header for nobody', async (t) => {
  const { fetch, url } = await tinySimulator(t)
  const form = { client_id: 'demo-client', client_secret: 'demo-secret' }
  const { headers: _, ...bare } = tokenRequest(demoCredential, form)
  for (const request of [bare, tokenRequest('nobody:', form)]) {
    const { status, body } = await read(await fetch(`${url}/oauth2/v1/token`, request))
    assert.deepEqual([status, body.error], [401, 'invalid_client'])
  }
})

test('a token is asked for by POST only', async (t) => {
  const { fetch, url } = await tinySimulator(t)
  assert.equal((await fetch(`${url}/oauth2/v1/token`)).status, 404)
})

test('a new token does not end an older one', async (t) => {
  const simulator = await tinySimulator(t)
  const first = await simulator.token()
  await read(await simulator.fetch(`${simulator.url}/oauth2/v1/token`, tokenRequest(demoCredential)))
  assert.equal((await simulator.call('/v1/195900/patients/1', { token: first })).status, 200)
})
