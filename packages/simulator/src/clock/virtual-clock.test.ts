import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from './virtual-clock.ts'

const noon = Date.UTC(2026, 0, 5, 17)

function standing() {
  return new VirtualClock({ startAt: noon, speed: 0 })
}

test('a clock with speed 60 makes a minute of every real second', () => {
  let real = 1000
  const clock = new VirtualClock({ startAt: noon, speed: 60, realNow: () => real })
  real += 1000
  assert.equal(clock.now(), noon + 60_000)
  clock.setSpeed(1)
  real += 1000
  assert.equal(clock.now(), noon + 61_000)
  clock.setSpeed(0)
  real += 5000
  assert.equal(clock.now(), noon + 61_000)
})

test('moving the time fires what came due, in order, each at its own time', () => {
  const clock = standing()
  const fired: [string, number][] = []
  for (const [name, ms] of Object.entries({ late: 500, early: 100, never: 9000, also: 500 })) {
    clock.timer(ms, () => fired.push([name, clock.now() - noon]))
  }
  clock.advance(500)
  assert.deepEqual(fired, [
    ['early', 100],
    ['late', 500],
    ['also', 500],
  ])
  assert.equal(clock.now(), noon + 500)
})

test('a timer made by a timer fires in the same move when it is due by its end', () => {
  const clock = standing()
  const times: number[] = []
  const again = () => {
    times.push(clock.now() - noon)
    clock.timer(100, again)
  }
  clock.timer(100, again)
  clock.advance(350)
  assert.deepEqual(times, [100, 200, 300])
})

test('a cancelled timer never fires', () => {
  const clock = standing()
  clock.timer(10, () => assert.fail('it was cancelled')).cancel()
  clock.advance(1000)
})

test('time does not run backwards', () => {
  const clock = standing()
  assert.throws(() => clock.jumpTo(noon - 1), RangeError)
  assert.throws(() => clock.advance(-1), RangeError)
  assert.throws(() => clock.advance(Number.NaN), RangeError)
  assert.throws(() => clock.setSpeed(-1), RangeError)
  assert.equal(clock.now(), noon)
})

test('time ends with the year 9999, however it gets there', () => {
  const real = { now: 0 }
  const clock = new VirtualClock({ startAt: noon, speed: 1, realNow: () => real.now })
  const end = Date.UTC(10_000, 0) - 1
  for (const later of [end + 1, 1e18]) {
    assert.throws(() => clock.jumpTo(later), /ends with the year 9999/)
    assert.throws(() => clock.advance(later), /ends with the year 9999/)
  }
  assert.equal(clock.now(), noon)
  clock.setSpeed(1e300)
  real.now = 1
  assert.equal(clock.now(), end)
  for (const startAt of [Number.NaN, -1, end + 1]) assert.throws(() => new VirtualClock({ startAt }), /startAt/)
})

test('a timer that throws does not leave the clock standing at its time', () => {
  const clock = standing()
  clock.timer(10, () => {
    throw new Error('planned')
  })
  assert.throws(() => clock.advance(100), /planned/)
  clock.advance(100)
  assert.equal(clock.now(), noon + 100)
})

test('what a timer throws is reported where that is asked for, and the others still fire', () => {
  const errors: unknown[] = []
  const clock = new VirtualClock({ startAt: noon, speed: 0, onError: (error) => errors.push(error) })
  const planned = new Error('planned')
  let fired = false
  clock.timer(10, () => {
    throw planned
  })
  clock.timer(20, () => {
    fired = true
  })
  clock.advance(100)
  assert.deepEqual([errors, fired], [[planned], true])
})

test('a running clock fires by itself, and asking for the time first runs what is due', async () => {
  const clock = new VirtualClock({ startAt: noon, speed: 3_600_000 })
  const hour = new Promise<number>((resolve) => clock.timer(3_600_000, () => resolve(clock.now())))
  assert.ok((await hour) >= noon + 3_600_000)
  let real = 0
  const lazy = new VirtualClock({ startAt: noon, realNow: () => real })
  let fired = false
  lazy.timer(50, () => {
    fired = true
  })
  real = 60
  lazy.catchUp()
  assert.equal(fired, true)
  lazy.stop()
  clock.stop()
})

test('a sleeper wakes with the clock or is aborted', async () => {
  const clock = standing()
  const slept = clock.sleep(1000)
  clock.advance(1000)
  await slept
  const controller = new AbortController()
  const aborted = clock.sleep(1000, controller.signal)
  controller.abort(new Error('enough'))
  await assert.rejects(aborted, /enough/)
})

test('a stopped clock fires nothing any more', () => {
  const clock = standing()
  clock.timer(10, () => assert.fail('it was stopped'))
  clock.stop()
  clock.timer(10, () => assert.fail('it was stopped'))
  clock.advance(100)
})

test('while time stands still everything happens at one moment, after what was due', () => {
  let real = 0
  const clock = new VirtualClock({ startAt: noon, speed: 10, realNow: () => real })
  const fired: [string, number][] = []
  const fire = (name: string) => () => fired.push([name, clock.exactNow() - noon])
  clock.timer(20, fire('due'))
  real = 2.75
  const at = clock.still((moment) => {
    assert.equal(
      clock.still((inner) => inner),
      moment,
    )
    real = 4
    clock.timer(5, fire('made'))
    assert.throws(() => clock.advance(1), RangeError)
    return clock.exactNow()
  })
  assert.equal(at, noon + 27.5)
  assert.equal(clock.exactNow(), noon + 40)
  clock.catchUp()
  assert.deepEqual(fired, [
    ['due', 20],
    ['made', 32.5],
  ])
  clock.stop()
})

test('a timer made while time stands still wakes a running clock', async () => {
  const clock = new VirtualClock({ startAt: noon, speed: 3_600_000 })
  const minute = new Promise<number>((resolve) => {
    clock.still(() => clock.timer(60_000, () => resolve(clock.now())))
  })
  assert.ok((await minute) >= noon + 60_000)
  clock.stop()
})

test('many timers come in order', () => {
  const clock = standing()
  const due: number[] = []
  for (let index = 0; index < 1000; index += 1) {
    const ms = (index * 7919) % 1009
    clock.timer(ms, () => due.push(ms))
  }
  clock.advance(2000)
  assert.equal(due.length, 1000)
  assert.deepEqual(
    due,
    due.toSorted((left, right) => left - right),
  )
})
