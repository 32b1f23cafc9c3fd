import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClockOffset } from './clock-offset.ts'

test('one exchange bounds the difference by its round trip', () => {
  const offset = new ClockOffset()
  assert.equal(offset.bounds, undefined)
  assert.deepEqual(offset.observe({ sentAt: 1000, receivedAt: 1020, remoteFrom: 400 }), { lowMs: 600, highMs: 621 })
})

test('the fastest exchange narrows it, a slow one does no harm', () => {
  const offset = new ClockOffset()
  offset.observe({ sentAt: 1000, receivedAt: 1400, remoteFrom: 900 })
  offset.observe({ sentAt: 1500, receivedAt: 1502, remoteFrom: 1400 })
  const bounds = offset.observe({ sentAt: 1600, receivedAt: 1900, remoteFrom: 1510 })
  assert.ok(bounds.lowMs > 99 && bounds.lowMs <= 100, String(bounds.lowMs))
  assert.ok(bounds.highMs >= 103 && bounds.highMs < 104, String(bounds.highMs))
})

test('a remote that tells whole seconds is narrowed by many exchanges', () => {
  const offset = new ClockOffset()
  for (let local = 0; local < 5000; local += 130) {
    const remote = local + 250 // the remote is 250 ms ahead
    const second = Math.floor(remote / 1000) * 1000
    offset.observe({ sentAt: local - 5, receivedAt: local + 5, remoteFrom: second, remoteTo: second + 1000 })
  }
  const { lowMs, highMs } = offset.bounds ?? { lowMs: 0, highMs: 0 }
  assert.ok(lowMs <= -250 && highMs >= -250, `${lowMs} ${highMs}`)
  assert.ok(highMs - lowMs < 300, `${lowMs} ${highMs}`)
})

test('a clock that was set is noticed at once', () => {
  const offset = new ClockOffset()
  offset.observe({ sentAt: 1000, receivedAt: 1002, remoteFrom: 1000 })
  assert.deepEqual(offset.observe({ sentAt: 2000, receivedAt: 2002, remoteFrom: 3_602_000 }), {
    lowMs: -3_600_000,
    highMs: -3_599_997,
  })
})

test('how far a clock was set is known as exactly as the two exchanges', () => {
  const offset = new ClockOffset()
  const at = (remoteFrom: number) => offset.setAhead({ sentAt: 2000, receivedAt: 2003, remoteFrom })
  offset.observe({ sentAt: 1000, receivedAt: 1002, remoteFrom: 1000 })
  for (const [remote, aheadMs] of [
    [2_002, 0],
    [2_152, 150],
    [1_852, -150],
  ] as const) {
    const { lowMs, highMs } = at(remote)
    assert.ok(lowMs <= aheadMs && aheadMs <= highMs && highMs - lowMs < 8, `${lowMs} to ${highMs}`)
  }
})

test('what is known grows vaguer with time, because crystals drift', () => {
  const offset = new ClockOffset()
  offset.observe({ sentAt: 0, receivedAt: 0, remoteFrom: 0 })
  const bounds = offset.observe({ sentAt: 100_000 - 500, receivedAt: 100_000 + 500, remoteFrom: 100_000 })
  assert.ok(bounds.lowMs < -15 && bounds.highMs > 15 && bounds.highMs < 30, `${bounds.lowMs} ${bounds.highMs}`)
})
