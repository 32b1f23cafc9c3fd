import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayForecast, sizeStep } from './day-forecast.ts'
import { hourMs, hourOfWeek, hoursOfWeek } from './hour-of-week.ts'

const now = Date.UTC(2026, 2, 2, 21, 40)
const until = Date.UTC(2026, 2, 3, 0, 2)
const profile = Array.from({ length: hoursOfWeek }, (_, hour) => hour)
const forecast = { now, until, profileOf: () => profile, boundsOf: () => ({ leastMs: 1, mostMs: 2 }) }

test('the rest of the day is forecast hour by hour, by the clocks of each zone', () => {
  const zones = ['America/New_York', 'America/Los_Angeles']
  const sizes = zones.map((zone) => ({ feed: 'patients', zone, step: 4, feeds: 3 }))
  const { groups, lengths } = dayForecast(sizes, forecast)
  assert.deepEqual(
    lengths.map((ms) => ms / 60_000),
    [20, 60, 60, 2],
  )
  for (const [index, zone] of zones.entries()) {
    const first = hourOfWeek(zone, now)
    assert.deepEqual(
      groups[index]?.rates,
      [0, 1, 2, 3].map((hour) => 2 * (first + hour)),
    )
    assert.equal(groups[index]?.feeds, 3)
  }
})

test('a day that is over has no hours', () => {
  assert.deepEqual(dayForecast([], { ...forecast, until: now - hourMs }).lengths, [])
})

test('sizes are taken in steps that keep them apart, and none is out of range', () => {
  assert.equal(sizeStep(1), 0)
  assert.equal(sizeStep(2), 4)
  assert.ok(sizeStep(1.1) !== sizeStep(1.4))
  assert.ok(sizeStep(1e-300) === sizeStep(1e-200) && Number.isFinite(sizeStep(1e-300)))
})
