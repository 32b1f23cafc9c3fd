import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { CuttableWay } from './cuttable-way.ts'

test('a connection whose end is only just passed on is closed with the way', { timeout: 10_000 }, async (t) => {
  const far = createServer().listen(0, '127.0.0.1')
  await once(far, 'listening')
  t.after(() => far.close())
  const way = await CuttableWay.open({ port: (far.address() as AddressInfo).port })
  const carried = once(far, 'connection') as Promise<[Socket]>
  const near = createConnection({ port: way.port, allowHalfOpen: true }).resume()
  t.after(() => near.destroy())
  const [there] = await carried
  way.cut({ kind: 'silent', directions: ['back'], arrives: 'late' })
  there.resume().end('over')
  await once(there, 'finish')
  // All of it is in this process: the way hears of it in one of the next turns, and holds it back.
  for (let turns = 0; turns < 20; turns += 1) await setImmediate()
  const ended = once(near, 'end')
  way.heal()
  await way.close()
  await ended
  near.on('error', () => undefined)
  // Whoever has it open yet would take all of it; whoever has not says so to the first, and it breaks the second.
  const write = () =>
    new Promise<string | undefined>((resolve) => {
      near.write('more', (error: NodeJS.ErrnoException | null | undefined) => resolve(error?.code))
    })
  await write()
  assert.match(String(await write()), /^(ECONNRESET|EPIPE)$/)
})
