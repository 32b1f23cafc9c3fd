import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../testing/seeded-random.ts'
import { type Belief, busyLately, hourlyRates, noteDrain, nothingSeen, relativeSize } from './change-rate.ts'
import { hourMs, hourOfWeek, hoursOfWeek, zoneDefault } from './hour-of-week.ts'
import { nextDrain } from './next-drain.ts'
import { profileDefault, profileOf } from './profile.ts'

/** Monday 09:00 in New York. */
const monday = Date.UTC(2026, 0, 5, 14)
const hour = hourOfWeek(zoneDefault, monday)
const flat = Array.from<number>({ length: hoursOfWeek }).fill(4)
const fresh: Belief = { zone: zoneDefault, seen: nothingSeen, profile: flat }

const drained = (belief: Belief, drain: { from: number; to: number; changes: number }): Belief => ({
  ...belief,
  seen: noteDrain(belief, drain),
})

test('before anything was seen a feed is believed to be as the profile says', () => {
  assert.equal(relativeSize(fresh), 1)
  assert.equal(hourlyRates(fresh)(hour), 4)
  assert.equal(busyLately(nothingSeen), 1)
})

test('what is learned comes near the true rates, whatever the intervals, of feeds a hundred times apart', () => {
  for (const rate of [0.5, 5, 50]) {
    const random = seededRandom(3)
    let belief = fresh
    for (let at = monday, last = monday; at < monday + 35 * 24 * hourMs; last = at) {
      at += (1 + 40 * random.fraction()) * 60_000
      belief = drained(belief, { from: last, to: at, changes: poisson(random, (rate * (at - last)) / hourMs) })
    }
    const rates = Array.from({ length: hoursOfWeek }, (_, one) => hourlyRates(belief)(one))
    const mean = rates.reduce((sum, one) => sum + one, 0) / hoursOfWeek
    assert.ok(Math.abs(mean / rate - 1) < 0.1, `${mean} for ${rate}`)
  }
})

test('a busy hour is told from the quiet ones beside it', () => {
  let belief = fresh
  for (let week = 0; week < 4; week += 1) {
    for (let step = 0; step < 12; step += 1) {
      const at = monday + week * 7 * 24 * hourMs + step * 15 * 60_000
      belief = drained(belief, { from: at, to: at + 15 * 60_000, changes: step < 4 ? 20 : 0 })
    }
  }
  const rateOf = hourlyRates(belief)
  assert.ok(rateOf(hour) > 40, String(rateOf(hour)))
  assert.ok(rateOf(hour + 1) < 5, String(rateOf(hour + 1)))
})

test('changes of a drain over several hours go to the hours in which they were expected', () => {
  const profile = flat.map((_, one) => (one === hour ? 9 : 1))
  const { changes } = noteDrain({ ...fresh, profile }, { from: monday, to: monday + 2 * hourMs, changes: 10 })
  assert.deepEqual(
    [changes[hour], changes[hour + 1]].map((count) => Math.round(count ?? 0)),
    [9, 1],
  )
})

test('what is seen of late moves today and fades within hours', () => {
  const busy = drained(fresh, { from: monday, to: monday + hourMs, changes: 40 })
  assert.ok(busyLately(busy.seen) > 2)
  let later = busy
  for (let passed = 1; passed < 20; passed += 1) {
    const at = monday + passed * hourMs
    const expected = hourlyRates(later)(hourOfWeek(zoneDefault, at))
    later = drained(later, { from: at, to: at + hourMs, changes: expected })
  }
  assert.ok(Math.abs(busyLately(later.seen) - 1) < 0.05, String(busyLately(later.seen)))
})

for (const boundHours of [6, 12, 24]) {
  test(`a feed that was quiet for weeks and is read every ${boundHours} h is known to be busy within days`, () => {
    const profile = profileDefault.map((rate) => rate * 0.002)
    let belief: Belief = { zone: zoneDefault, seen: nothingSeen, profile }
    const busyFrom = monday + 28 * 24 * hourMs
    const perHour = 20
    const days = { learned: Number.POSITIVE_INFINITY }
    for (let from = monday; from < busyFrom + 14 * 24 * hourMs && days.learned === Number.POSITIVE_INFINITY; ) {
      const { at } = nextDrain(belief, { from, price: 4 * hourMs, leastMs: 60_000, mostMs: boundHours * hourMs })
      const changes = (perHour * Math.max(0, at - Math.max(from, busyFrom))) / hourMs
      // The schedule looks each second, and a permission has to be waited for: later than its bound.
      belief = drained(belief, { from, to: at + 1_500, changes })
      if (at - from < hourMs) days.learned = (at - busyFrom) / (24 * hourMs)
      from = at + 1_500
    }
    assert.ok(days.learned < 5, `${days.learned} days`)
  })
}

test('a wave of changes counts for a part only', () => {
  const { changes } = noteDrain(fresh, { from: monday, to: monday + 60_000, changes: 50_000 })
  assert.ok((changes[hour] ?? 0) < 15)
})

const senseless: readonly [what: string, from: number, to: number][] = [
  ['no time', monday, monday],
  ['time that ran back', monday + hourMs, monday],
  ['more than two days', monday, monday + 49 * hourMs],
  ['no time at all that could be read', Number.NaN, monday],
]
for (const [what, from, to] of senseless) {
  test(`a drain after ${what} teaches nothing`, () => {
    assert.equal(noteDrain(fresh, { from, to, changes: 5 }), nothingSeen)
  })
}

test('a profile is what was seen where it was seen, else what was seen in hours that are alike', () => {
  const changes = Array.from<number>({ length: hoursOfWeek }).fill(0)
  const hours = Array.from<number>({ length: hoursOfWeek }).fill(0)
  changes[hour] = 100_000
  hours[hour] = 1_000
  const profile = profileOf({ changes, hours })
  const [seen, tuesday, sunday] = [profile[hour] ?? 0, profile[hour + 24] ?? 0, profile[hour - 24] ?? 0]
  assert.ok(Math.abs(seen - 100) < 1)
  assert.ok(Math.abs(tuesday - 100) < 1)
  // As much above the default as what was seen.
  assert.ok(Math.abs(sunday / (profileDefault[hour - 24] ?? 1) - 20) < 1, String(sunday))
})

function poisson(random: { fraction(): number }, mean: number): number {
  let count = 0
  for (let left = mean; ; count += 1) {
    left += Math.log(1 - random.fraction())
    if (left < 0) return count
  }
}
