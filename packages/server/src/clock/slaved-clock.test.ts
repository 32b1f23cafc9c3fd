import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { type SlavedClock, type SlavedClockOptions, slavedClock } from './slaved-clock.ts'

const start = Date.UTC(2026, 10, 1, 3)

/** A simulator's clock on a real port, and a machine whose time the test moves. */
async function setUp(t: TestContext, options: Partial<SlavedClockOptions> = {}) {
  const machine = manualClock(0)
  const remote = { base: start, real: 0, speed: 60, broken: false }
  const readings: [number, number][] = []
  const server = createServer((_, response) => {
    const now = Math.floor(remote.base + remote.speed * (machine.now() - remote.real))
    response.end(remote.broken ? '<html>' : JSON.stringify({ now, speed: remote.speed }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  t.after(() => server.closeAllConnections())
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/__sim/clock`
  let reads = 0
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init)
    reads++
    return response
  }
  const onChange = (now: number, speed: number) => void readings.push([now, speed])
  const clock = await slavedClock({ url, fetch, machine, onChange, ...options })
  t.after(() => clock.stop())
  /** Lets the machine's time pass and waits for the look at the remote that falls into it. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 250) {
      const before = reads
      await machine.advance(Math.min(left, 250))
      while (left >= 250 && reads === before) await new Promise((resolve) => setImmediate(resolve))
      await machine.advance(0)
    }
  }
  const set = (change: { at?: number; speed?: number }) => {
    remote.base = change.at ?? remote.base + remote.speed * (machine.now() - remote.real)
    remote.real = machine.now()
    remote.speed = change.speed ?? remote.speed
  }
  return { clock, machine, remote, pass, set, readings }
}

const near = (clock: SlavedClock, expected: number, withinMs: number) =>
  assert.ok(Math.abs(clock.now() - expected) <= withinMs, `${clock.now() - expected} ms off`)

test('it tells the remote time and runs at its speed', async (t) => {
  const { clock, pass, readings } = await setUp(t)
  near(clock, start, 120)
  await pass(10_000)
  near(clock, start + 600_000, 120)
  assert.equal(clock.speed, 60)
  assert.equal(readings.length, 1, 'nothing changed: nobody is told')
})

test('timers are of virtual time, and fire in the order they are due', async (t) => {
  const { clock, pass } = await setUp(t)
  const fired: string[] = []
  clock.timer(120_000, () => fired.push('two minutes'))
  clock.timer(60_000, () => fired.push('one minute'))
  clock.timer(60_000, () => fired.push('one minute, set later'))
  clock.timer(60_000, () => fired.push('cancelled')).cancel()
  await pass(900)
  assert.deepEqual(fired, [])
  await pass(1_250)
  assert.deepEqual(fired, ['one minute', 'one minute, set later', 'two minutes'])
})

test('a jump fires what has come due, after the database was told', async (t) => {
  const told: string[] = []
  const { clock, pass, set } = await setUp(t, { onChange: (now) => void told.push(`told ${now >= start + 3_600_000}`) })
  clock.timer(3_000_000, () => told.push('fired'))
  await pass(250)
  set({ at: start + 7_200_000 })
  await pass(250)
  assert.deepEqual(told, ['told false', 'told true', 'fired'])
  near(clock, start + 7_200_000, 30_000)
})

test('another speed is taken over', async (t) => {
  const { clock, pass, set, readings } = await setUp(t)
  await pass(1_000)
  set({ speed: 1 })
  await pass(250)
  const before = clock.now()
  await pass(1_000)
  assert.ok(clock.now() - before >= 999 && clock.now() - before <= 1_001)
  assert.deepEqual(
    readings.map(([, speed]) => speed),
    [60, 1],
  )
})

test('a clock that stands still fires nothing until it moves', async (t) => {
  const { clock, pass, set } = await setUp(t)
  set({ speed: 0 })
  await pass(250)
  let fired = false
  clock.timer(1_000, () => {
    fired = true
  })
  await pass(2_000)
  assert.equal(fired, false)
  set({ speed: 1 })
  await pass(1_500)
  assert.equal(fired, true)
})

test('time never runs backwards, and flows on while the simulator is silent', async (t) => {
  const { clock, pass, set, remote } = await setUp(t)
  await pass(1_000)
  const before = clock.now()
  set({ at: start - 1_000_000 })
  await pass(500)
  assert.equal(clock.now(), before)
  set({ at: before + 1_000 })
  await pass(250)
  remote.broken = true
  const silent = clock.now()
  await pass(1_000)
  near(clock, silent + 60_000, 200)
})

test('a sleep can be given up, and a stopped clock fires nothing more', async (t) => {
  const { clock, pass } = await setUp(t)
  const cancel = new AbortController()
  const slept = clock.sleep(60_000, cancel.signal)
  cancel.abort(new Error('enough'))
  await assert.rejects(slept, /enough/)
  clock.timer(1_000, () => assert.fail('stopped'))
  clock.stop()
  const at = clock.now()
  await pass(100)
  assert.equal(clock.now(), at)
})

test('what does not answer like a simulator is refused at the start', async (t) => {
  const { machine } = await setUp(t)
  const fetch = async () => new Response('{"now":"noon"}')
  await assert.rejects(slavedClock({ url: 'http://127.0.0.1:1/', fetch, machine }), /not the clock of a simulator/)
})
