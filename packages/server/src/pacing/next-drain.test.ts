import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Belief, nothingSeen } from './change-rate.ts'
import { hourMs, hourOfWeek, hoursOfWeek, zoneDefault } from './hour-of-week.ts'
import { nextDrain } from './next-drain.ts'

const minute = 60_000
/** Monday 09:00 in New York. */
const monday = Date.UTC(2026, 0, 5, 14)
const bounds = { leastMs: minute, mostMs: hourMs }

/** A feed of which all is known. */
function feedWith(rateOf: (hour: number) => number): Belief {
  const rates = Array.from({ length: hoursOfWeek }, (_, hour) => rateOf(hour))
  return { zone: zoneDefault, seen: nothingSeen, profile: rates }
}

for (const [rate, everyMs] of [
  [30, 10 * minute],
  [120, 5 * minute],
  [3_000, minute],
] as const) {
  test(`at ${rate} changes an hour a feed is read when the price has been waited for`, () => {
    const price = (30 * (10 * minute) ** 2) / hourMs / 2
    const { at, expectedWaitMs } = nextDrain(
      feedWith(() => rate),
      { from: monday, price, ...bounds },
    )
    assert.ok(Math.abs(at - monday - everyMs) <= 1, String(at - monday))
    assert.ok(Math.abs(expectedWaitMs - everyMs / 2) <= 1, String(expectedWaitMs))
  })
}

const prices = [0, 1, 1e4, 1e8, 1e17, Number.POSITIVE_INFINITY]
const rates = [0, 1e-6, 0.1, 40, 1e6]
for (const price of prices) {
  test(`at a price of ${price} a feed is read neither sooner nor later than its bounds`, () => {
    for (const rate of rates) {
      for (let from = monday; from < monday + 2 * hourMs; from += 7 * minute) {
        for (const hintAt of [undefined, from - 1, from, from + 1, from + 30 * minute, from + 2 * hourMs]) {
          const hint = hintAt === undefined ? {} : { hintAt }
          const { at, expectedWaitMs } = nextDrain(
            feedWith(() => rate),
            { from, price, ...bounds, ...hint },
          )
          assert.ok(at >= from + minute && at <= from + hourMs, `${at - from} at ${rate}`)
          assert.ok(expectedWaitMs >= 0 && expectedWaitMs <= hourMs)
        }
      }
    }
  })
}

test('a feed that was quiet is read soon after the practice opens, not when its quiet interval is over', () => {
  const opens = hourOfWeek(zoneDefault, monday)
  const feed = feedWith((hour) => (hour === opens ? 600 : 0.01))
  const { at } = nextDrain(feed, {
    from: monday - 10 * minute,
    price: (600 * (2 * minute) ** 2) / hourMs / 2,
    ...bounds,
  })
  assert.ok(at >= monday + minute && at < monday + 3 * minute, String((at - monday) / minute))
})

test('a hint makes a feed due as soon as one change is worth a call, and at once where calls are plenty', () => {
  const quiet = feedWith(() => 0.001)
  const hintAt = monday + 5 * minute
  const due = (price: number, at = hintAt) => nextDrain(quiet, { from: monday, price, ...bounds, hintAt: at }).at
  assert.ok(Math.abs(due(1_000) - hintAt - 1_000) <= 50)
  assert.ok(Math.abs(due(90_000) - hintAt - 90_000) <= 100)
  assert.equal(due(1_000, monday + 1), monday + minute)
})

test('bounds that contradict one another end with the lower one', () => {
  const { at } = nextDrain(
    feedWith(() => 1),
    { from: monday, price: 1e9, leastMs: 5 * minute, mostMs: minute },
  )
  assert.equal(at, monday + 5 * minute)
})
