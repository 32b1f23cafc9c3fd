import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { athenaServer, json } from '../../testing/athena-server.ts'
import { socketOpener } from '../egress/open-socket.ts'
import { createConnections, isNotSent } from './connections.ts'

async function setUp(t: TestContext) {
  const server = await athenaServer(t)
  const rule = { origin: server.url, reach: 'loopback' } as const
  const connections = createConnections({ ...rule, openSocket: socketOpener(rule, { connectMs: 1_000 }) })
  t.after(() => connections.close())
  const url = new URL(`${server.url}/v1/1/ping`)
  const init = { method: 'GET', headers: {}, signal: new AbortController().signal }
  return { server, connections, url, init }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a connection is made before it is used, serves again when released, and never two at once', async (t) => {
  const { server, connections, url, init } = await setUp(t)
  assert.equal(connections.idle(), undefined)
  const first = await connections.open()
  while (server.connections === 0) await turn()
  assert.equal(server.requests.length, 0)
  assert.equal(await (await first.send(url, init)).text(), '{"patients":[],"totalcount":0}')
  assert.equal(connections.idle(), undefined, 'it is still in use')
  first.release()
  const again = connections.idle()
  assert.equal(again, first)
  assert.equal(connections.idle(), undefined)
  await (await again?.send(url, init))?.text()
  assert.equal(server.connections, 1)
})

test('a connection that the other side closed is not used any more, served or not', async (t) => {
  const { server, connections, url, init } = await setUp(t)
  const [fresh, used] = [await connections.open(), await connections.open()]
  server.answer = (_, response) => json(response, {}, { headers: { connection: 'close' } })
  await (await used.send(url, init)).text()
  used.release()
  fresh.release()
  while (used.usable) await turn()
  assert.equal(connections.idle(), fresh)
  fresh.release()
  // The server's end of the idle one.
  for (const socket of server.sockets) socket.end()
  while (fresh.usable) await turn()
  assert.equal(connections.idle(), undefined)
})

test('a request for a connection that is gone fails as one that was not sent, and makes no new one', async (t) => {
  const { server, connections, url, init } = await setUp(t)
  const held = await connections.open()
  while (server.connections === 0) await turn()
  for (const socket of server.sockets) socket.destroy()
  while (held.usable) await turn()
  await assert.rejects(held.send(url, init), isNotSent)
  await turn()
  assert.deepEqual([server.connections, server.requests.length], [1, 0])
})

test('redirects are answers, not orders', async (t) => {
  const { server, connections, url, init } = await setUp(t)
  server.answer = (_, response) => json(response, {}, { status: 302, headers: { location: `${server.url}/elsewhere` } })
  const response = await (await connections.open()).send(url, init)
  assert.equal(response.status, 302)
  await response.text()
  assert.equal(server.requests.length, 1)
})

test('an answer 421 is not asked for again, and not taken for a request that did not leave', async (t) => {
  const { server, connections, url, init } = await setUp(t)
  server.answer = (_, response) => json(response, {}, { status: 421 })
  const sent = (await connections.open()).send(url, init)
  await assert.rejects(sent, (error) => !isNotSent(error))
  assert.equal(server.requests.length, 1)
})

test('closing ends connections in use too', async (t) => {
  const { server, connections, url, init } = await setUp(t)
  server.answer = () => undefined
  const pending = (await connections.open()).send(url, init)
  pending.catch(() => undefined)
  while (server.requests.length === 0) await turn()
  await connections.close()
  await assert.rejects(pending)
})
