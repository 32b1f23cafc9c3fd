import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { appKey, assertionRequest, goodClaims, signedJwt, type AppKey } from '../../testing/assertions.ts'
import { read, tinySimulator, tokenRequest } from '../../testing/tiny-simulator.ts'
import { problemOfJwksUrl, RemoteKeys } from './remote-keys.ts'

const clientId = 'self-serving'

/** An app's own server with its keys; `answer` may be replaced. */
async function keyServer(t: TestContext) {
  const served = {
    keys: [] as AppKey[],
    fetches: 0,
    url: '',
    answer(response: ServerResponse) {
      response.end(JSON.stringify({ keys: served.keys.map(({ jwk }) => jwk) }))
    },
  }
  const server = createServer((_request, response) => {
    served.fetches += 1
    served.answer(response)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.after(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  // A server that listens on a TCP port has an address object.
  served.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
  return served
}

async function selfServing(t: TestContext, jwksUrl: string) {
  const apps = [
    { clientId, jwksUrl },
    { clientId: 'demo-client', secret: 'demo-secret' },
  ]
  const simulator = await tinySimulator(t, { apps })
  const tokenUrl = `${simulator.url}/oauth2/v1/token`
  const ask = async (key: AppKey) => {
    const claims = goodClaims({ clientId, audience: tokenUrl, nowMs: simulator.clock.now() })
    const assertion = signedJwt(key, { header: { alg: 'RS256', kid: key.kid }, claims })
    return (await read(await fetch(tokenUrl, assertionRequest(assertion)))).status
  }
  return { simulator, ask, tokenUrl }
}

test('keys are fetched once for many tokens', async (t) => {
  const server = await keyServer(t)
  const key = appKey('one')
  server.keys = [key]
  const { ask } = await selfServing(t, server.url)
  assert.deepEqual(await Promise.all([ask(key), ask(key), ask(key)]), [200, 200, 200])
  assert.equal(await ask(key), 200)
  assert.equal(server.fetches, 1)
})

test('nobody waits for the keys of another', async (t) => {
  const server = await keyServer(t)
  const { ask, simulator, tokenUrl } = await selfServing(t, server.url)
  const asked = new Promise<ServerResponse>((resolve) => {
    server.answer = resolve
  })
  const key = appKey('slow')
  const slow = ask(key)
  const response = await asked
  assert.equal((await read(await fetch(tokenUrl, tokenRequest('demo-client:demo-secret')))).status, 200)
  assert.equal((await simulator.call('/v1/195900/patients/1')).status, 200)
  response.end(JSON.stringify({ keys: [key.jwk] }))
  assert.equal(await slow, 200)
})

/** Keys whose machine's time is the test's. */
function remoteKeys(url: string) {
  const time = { now: 0 }
  return { time, keys: new RemoteKeys({ url, realTime: () => time.now }) }
}

const kids = (keys: RemoteKeys) => keys.keys.map(({ kid }) => kid)

test('a key that is not known is looked for, but not in a flood', async (t) => {
  const server = await keyServer(t)
  server.keys = [appKey('old')]
  const { keys, time } = remoteKeys(server.url)
  await keys.refreshFor('old')
  server.keys = [...server.keys, appKey('new')]
  assert.equal(keys.refreshFor('new'), undefined, 'it was fetched just now')
  time.now += 1000
  await keys.refreshFor('new')
  assert.deepEqual(kids(keys), ['old', 'new'])
  for (let guess = 0; guess < 50; guess += 1) assert.equal(keys.refreshFor(`guess-${guess}`), undefined)
  assert.equal(server.fetches, 2)
})

test('a key that was taken out of the set stops working', async (t) => {
  const server = await keyServer(t)
  const [old, kept] = [appKey('old'), appKey('kept')]
  server.keys = [old, kept]
  const { keys, time } = remoteKeys(server.url)
  await keys.refreshFor('old')
  server.keys = [kept]
  time.now += 300_000
  await keys.refreshFor('old')
  assert.deepEqual(kids(keys), ['kept'])
})

const failures: readonly (readonly [what: string, answer: (response: ServerResponse) => void])[] = [
  ['says 500', (response) => response.writeHead(500).end('{"keys":[]}')],
  ['sends no JSON', (response) => response.end('<h1>down</h1>')],
  ['sends no set', (response) => response.end('{"keys":7}')],
  ['sends too much', (response) => response.end(`{"keys":[],"filler":"${'x'.repeat(400_000)}"}`)],
  ['sends elsewhere', (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end()],
  ['hangs up', (response) => response.destroy()],
]
for (const [what, answer] of failures) {
  test(`while the server ${what} the keys fetched before stay good`, async (t) => {
    const server = await keyServer(t)
    server.keys = [appKey('one')]
    const { keys, time } = remoteKeys(server.url)
    await keys.refreshFor('one')
    server.answer = answer
    time.now += 300_000
    await keys.refreshFor('one')
    assert.equal(server.fetches, 2)
    assert.deepEqual(kids(keys), ['one'])
  })
}

test('plain HTTP is for this machine and for hosts that were named', () => {
  for (const url of [
    'https://keys.example.com/jwks',
    'http://127.0.0.1:1/jwks',
    'http://localhost/jwks',
    'http://[::1]/',
  ]) {
    assert.equal(problemOfJwksUrl(url, []), undefined, url)
  }
  const plain = 'http://keys.example.com/jwks'
  for (const url of [
    plain,
    'http://127.0.0.1.example.com/',
    'file:///etc/passwd',
    'jwks',
    'https://a:b@keys.example.com/',
  ]) {
    assert.notEqual(problemOfJwksUrl(url, ['other.example.com']), undefined, url)
  }
  assert.equal(problemOfJwksUrl(plain, ['keys.example.com']), undefined)
})
