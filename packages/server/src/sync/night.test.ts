import assert from 'node:assert/strict'
import test from 'node:test'
import { defaultOffHours as hours } from '../policy/off-hours.ts'
import { nextNight } from './night.ts'

const at = Date.parse
const hour = 3_600_000
/** A practice whose place in the night is its beginning. */
const first = 0

for (const [title, after, night] of [
  ['by day it is tonight', '2026-01-15T17:00:00Z', '2026-01-16T03:00:00Z'],
  ['in the night it is the next one', '2026-01-16T04:00:00Z', '2026-01-17T03:00:00Z'],
  ['as the night begins it is the next one', '2026-01-16T03:00:00Z', '2026-01-17T03:00:00Z'],
  ['in summer it begins an hour earlier by GMT', '2026-07-04T17:00:00Z', '2026-07-05T02:00:00Z'],
  ['after the night of the spring change', '2026-03-08T07:30:00Z', '2026-03-09T02:00:00Z'],
  ['in the hour that comes twice in autumn', '2026-11-01T06:30:00Z', '2026-11-02T03:00:00Z'],
] as const) {
  test(`the next night: ${title}`, () => {
    assert.equal(
      new Date(nextNight(at(after), { hours, practice: first })).toISOString(),
      new Date(night).toISOString(),
    )
  })
}

test('every night of a year comes once, whatever the clocks do', () => {
  const nights: number[] = []
  for (let now = at('2026-01-01T17:00:00Z'); nights.length < 366; now = nights.at(-1) ?? 0)
    nights.push(nextNight(now, { hours, practice: 195_900 }))
  const apart = nights.slice(1).map((night, index) => Math.round((night - (nights[index] ?? 0)) / hour))
  assert.deepEqual(
    [...new Set(apart)].sort((a, b) => a - b),
    [23, 24, 25],
  )
  assert.equal(apart.filter((hours) => hours !== 24).length, 2)
})

test('practices are spread over the first half of the night', () => {
  const begin = at('2026-01-16T03:00:00Z')
  const places = Array.from({ length: 3_000 }, (_, practice) => {
    return (nextNight(at('2026-01-15T17:00:00Z'), { hours, practice }) - begin) / hour
  })
  assert.ok(Math.min(...places) >= 0 && Math.max(...places) < 4)
  for (let hour = 0; hour < 4; hour += 1) {
    const here = places.filter((place) => Math.floor(place) === hour).length
    assert.ok(here > 700 && here < 800, `${here} in hour ${hour}`)
  }
})

test('where it is always night, the next one is a day away', () => {
  assert.equal(nextNight(1_000, { hours: 'always', practice: 7 }), 1_000 + 24 * hour)
})
