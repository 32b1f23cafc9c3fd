import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mostInOneSecond } from '../../testing/most-in-one-second.ts'
import { batchCostMs, payableUntilMs, ratePlan } from './rate-plan.ts'

const limits = [
  { perSecond: 5, usableShare: 0.95, intervalMs: 210.526, batchMax: 1 },
  { perSecond: 100, usableShare: 0.95, intervalMs: 10.526, batchMax: 9 },
  { perSecond: 1, usableShare: 0.95, intervalMs: 1052.632, batchMax: 1 },
  { perSecond: 0.5, usableShare: 1, intervalMs: 2000, batchMax: 1 },
]
for (const { intervalMs, batchMax, ...limit } of limits) {
  test(`${limit.perSecond} per second are ${intervalMs} ms apart, booked ${batchMax} at a time`, () => {
    const plan = ratePlan(limit)
    assert.equal(Math.round(plan.intervalMs * 1000) / 1000, intervalMs)
    assert.equal(plan.batchMax, batchMax)
  })
}

/** A repeatable sequence of fractions in [0, 1). */
function fractions(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

for (const perSecond of [5, 30, 100]) {
  test(`calls that use the whole slack still keep every second within ${perSecond}`, () => {
    const plan = ratePlan({ perSecond, usableShare: 0.95 })
    for (let seed = 1; seed <= 20; seed++) {
      const next = fractions(seed)
      const sends = Array.from({ length: 1000 }, (_, i) => i * plan.intervalMs + next() * plan.slackMs * 0.999)
      assert.ok(mostInOneSecond(sends) <= perSecond)
    }
  })

  test(`batches that asked for a wider tolerance keep every second within ${perSecond}`, () => {
    const plan = ratePlan({ perSecond, usableShare: 0.95 })
    for (let seed = 1; seed <= 40; seed++) {
      const next = fractions(seed)
      const sends: number[] = []
      for (let at = 0; sends.length < 1000; ) {
        const count = 1 + Math.floor(next() * plan.batchMax)
        const toleranceMs = next() < 0.5 ? plan.toleranceMs : next() * 3000
        for (let i = 0; i < count; i++) sends.push(at + i * plan.intervalMs + Math.round(next()) * toleranceMs)
        at += batchCostMs(plan, count, toleranceMs)
      }
      assert.ok(mostInOneSecond(sends) <= perSecond, `seed ${seed}: ${mostInOneSecond(sends)}`)
    }
  })
}

for (const perSecond of [5, 30]) {
  test(`late calls paid for afterwards keep every second within ${perSecond}`, () => {
    const plan = ratePlan({ perSecond, usableShare: 0.95 })
    for (let seed = 1; seed <= 40; seed++) {
      const next = fractions(seed)
      const sends: number[] = []
      const timetable: number[] = []
      let nextAt = 0
      for (let i = 0; i < 1000; i++) {
        // Up to a whole second is booked ahead when it shows that instant i was missed.
        while (timetable.length < i + Math.ceil(next() * perSecond)) {
          timetable.push(nextAt)
          nextAt += plan.intervalMs
        }
        const at = timetable[i] ?? 0
        const lateMs = next() < 0.3 ? next() * 400 : 0
        const paid = lateMs > plan.toleranceMs && nextAt <= at + payableUntilMs(plan, perSecond)
        if (paid) nextAt += batchCostMs(plan, 0, lateMs)
        if (paid || lateMs <= plan.toleranceMs) sends.push(at + lateMs)
      }
      assert.ok(sends.length > 700)
      assert.ok(mostInOneSecond(sends) <= perSecond, `seed ${seed}: ${mostInOneSecond(sends)}`)
    }
  })
}

for (const { perSecond, whole } of [
  { perSecond: 0.3, whole: 1 },
  { perSecond: 1.5, whole: 1 },
  { perSecond: 2.5, whole: 2 },
  { perSecond: 4.9, whole: 4 },
]) {
  test(`of ${perSecond} a second no second holds more than ${whole}, and what fits is planned for`, () => {
    const plan = ratePlan({ perSecond, usableShare: 0.95 })
    assert.ok(plan.slackMs > 0 && plan.toleranceMs > 0)
    assert.ok(payableUntilMs(plan, perSecond) >= whole * plan.intervalMs - 1e-6)
    assert.ok(Math.abs(1000 / plan.intervalMs - 0.95 * Math.min(perSecond, whole)) < 1e-6)
    for (let seed = 1; seed <= 20; seed++) {
      const next = fractions(seed)
      const sends = Array.from({ length: 1000 }, (_, i) => i * plan.intervalMs + next() * plan.slackMs * 0.999)
      assert.ok(mostInOneSecond(sends) <= whole)
    }
  })
}

test('a batch costs its instants, and what its calls may be later than planned', () => {
  const plan = ratePlan({ perSecond: 5, usableShare: 0.95 })
  assert.equal(batchCostMs(plan, 2, plan.toleranceMs), 2 * plan.intervalMs)
  assert.equal(batchCostMs(plan, 2, 0), 2 * plan.intervalMs)
  assert.ok(Math.abs(batchCostMs(plan, 2, plan.toleranceMs + 10) - 2 * plan.intervalMs - 10) < 1e-6)
})
