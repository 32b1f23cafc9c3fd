import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { memoryLog } from '../../testing/memory-log.ts'
import { testAuthority } from '../../testing/test-certificates.ts'
import { systemClock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import type { HttpAppOptions, RefusedRequest } from './http-app.ts'
import { startServiceServer } from './service-server.ts'

const authority = testAuthority()
const tls = authority.identity('keys')

/** A listener with limits of its own, and its port. */
async function listener(limits: HttpAppOptions['limits'] = {}) {
  const refused: RefusedRequest[] = []
  const onRefused = async (request: RefusedRequest) => void refused.push(request)
  const seams = { onRefused, log: memoryLog(), random: systemRandom, clock: systemClock, limits }
  const routes = () => () => undefined
  const server = await startServiceServer({ host: '127.0.0.1', port: 0, tls }, { ...seams, routes })
  return { ...server, refused, port: Number(new URL(server.at).port) }
}

/** Whether the other side has ended it, once it has. */
async function ended(socket: ReturnType<typeof connect>): Promise<true> {
  socket.on('error', () => undefined).resume()
  await once(socket, 'close')
  return true
}

test('who connects and begins no hand-shake is let go, and is no refusal', { timeout: 60_000 }, async () => {
  const { port, refused, stop } = await listener({ handshakeMs: 20 })
  assert.ok(await ended(connect({ port, host: '127.0.0.1' })))
  assert.deepEqual(refused, [])
  await stop()
})

test('who sends nothing after the hand-shake is let go', { timeout: 20_000 }, async () => {
  const { port, stop } = await listener({ requestMs: 20 })
  const socket = connectTls({ port, host: '127.0.0.1', ...authority.identity('worker'), servername: 'keys' })
  assert.ok(await ended(socket))
  await stop()
})

test('beyond so many connections none is taken, and those that are there go on', { timeout: 60_000 }, async () => {
  const { port, stop } = await listener({ connections: 1, handshakeMs: 600_000 })
  const first = connectTls({ port, host: '127.0.0.1', ...authority.identity('worker'), servername: 'keys' })
  await once(first, 'secureConnect')
  assert.ok(await ended(connect({ port, host: '127.0.0.1' })))
  assert.ok(!first.destroyed)
  const left = ended(first)
  first.write('GET / HTTP/1.1\r\nhost: keys\r\nconnection: close\r\n\r\n')
  const [answer]: unknown[] = await once(first, 'data')
  assert.match(String(answer), /^HTTP\/1\.1 404 /)
  await left
  await stop()
})
