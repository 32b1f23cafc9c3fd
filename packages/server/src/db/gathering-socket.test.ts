import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { gatheringSocket } from './gathering-socket.ts'

test('what is written in one turn is sent at once, in its order, also where the driver gathers by itself', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = gatheringSocket()
  t.after(() => {
    socket.destroy()
    server.close()
  })
  const accepted: Promise<Socket[]> = once(server, 'connection')
  const address = server.address()
  socket.connect(typeof address === 'object' && address ? address.port : 0, '127.0.0.1')
  await once(socket, 'connect')
  const [other] = await accepted
  assert.ok(other)
  t.after(() => other.destroy())
  const sent: number[] = []
  const { _writev: send } = socket
  socket._writev = (chunks, done) => {
    sent.push(chunks.length)
    send?.call(socket, chunks, done)
  }
  socket.write('begin ')
  socket.cork()
  socket.write('parse ')
  socket.write('bind ')
  socket.uncork()
  let text = ''
  while (text.length < 'begin parse bind '.length) text += String((await once(other, 'data'))[0])
  assert.equal(text, 'begin parse bind ')
  assert.deepEqual(sent, [3])
})
