import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { type ManualClock, manualClock } from '../../testing/manual-clock.ts'
import { type FollowedClock, followClock } from './followed-clock.ts'

const start = Date.UTC(2026, 2, 2, 15)
const hour = 3_600_000

/** A machine whose wall clock can be set, and another clock, which it follows. */
async function setUp(t: TestContext) {
  const real = manualClock(start)
  const world = { machineAheadMs: 0, aheadMs: 0, isAway: false }
  const machine: ManualClock = Object.defineProperties(
    { ...real, now: () => real.now() + world.machineAheadMs },
    { pending: { get: () => real.pending } },
  )
  const read = async () => {
    if (world.isAway) throw new Error('away')
    return real.now() + world.aheadMs
  }
  const clock: FollowedClock = await followClock({ machine, read, everyMs: 5_000 })
  t.after(() => clock.stop())
  return { clock, world, real }
}

test('what the clock of the machine is set to has no part in it, and is told', async (t) => {
  const { clock, world, real } = await setUp(t)
  for (const setTo of [hour, -hour, 365 * 24 * hour]) {
    world.machineAheadMs = setTo
    assert.ok(Math.abs(clock.now() - real.now()) <= 1)
    assert.ok(Math.abs(clock.machineOffMs - Math.abs(setTo)) <= 10)
  }
  world.machineAheadMs = 0
  await real.advance(60_000)
  assert.ok(Math.abs(clock.now() - real.now()) <= 1)
  assert.ok(clock.machineOffMs < 100)
})

test('where the followed clock is set, it is taken over with the next look', async (t) => {
  const { clock, world, real } = await setUp(t)
  for (const setTo of [hour, -hour, 30_000]) {
    world.aheadMs = setTo
    await real.advance(5_000)
    assert.ok(Math.abs(clock.now() - (real.now() + setTo)) <= 1, String(clock.now() - real.now()))
  }
})

test('while it cannot be read, time goes on', async (t) => {
  const { clock, world, real } = await setUp(t)
  world.isAway = true
  await real.advance(600_000)
  assert.ok(Math.abs(clock.now() - real.now()) <= 1)
  world.isAway = false
  world.aheadMs = hour
  await real.advance(5_000)
  assert.ok(Math.abs(clock.now() - (real.now() + hour)) <= 1)
})

test('one that is stopped looks no more, and one that cannot be read at all is not followed', async (t) => {
  const { clock, real } = await setUp(t)
  clock.stop()
  assert.equal(real.pending, 0)
  await assert.rejects(followClock({ machine: real, read: () => Promise.reject(new Error('away')) }), /away/)
})
