import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hourMs, hourOfWeek, hourParts, zoneDefault } from './hour-of-week.ts'

const cases: readonly [what: string, zone: string, at: number, hour: number][] = [
  ['midnight of Sunday', 'America/New_York', Date.UTC(2026, 2, 1, 5), 0],
  ['Monday 09:00 in winter', 'America/New_York', Date.UTC(2026, 2, 2, 14), 33],
  ['Monday 09:00 in summer', 'America/New_York', Date.UTC(2026, 6, 6, 13), 33],
  ['the last hour of Saturday', 'America/Los_Angeles', Date.UTC(2026, 2, 1, 7, 30), 167],
  ['a zone of half an hour', 'Asia/Kolkata', Date.UTC(2026, 2, 2, 3, 45), 33],
  ['a zone that nobody knows, as the default', 'Mars/Olympus', Date.UTC(2026, 2, 2, 14), 33],
  ['before the epoch', 'UTC', Date.UTC(1969, 11, 31, 23), 95],
]
for (const [what, zone, at, hour] of cases) {
  test(`${what} is hour ${hour} of the week`, () => assert.equal(hourOfWeek(zone, at), hour))
}

test('a stretch of time is cut where the hours of the clock begin, without a hole', () => {
  const [from, to] = [Date.UTC(2026, 2, 2, 14, 20), Date.UTC(2026, 2, 2, 16, 10)]
  const parts = [...hourParts('Asia/Kolkata', from, to)]
  const lengths = parts.map((part) => (part.to - part.from) / 60_000)
  assert.deepEqual(lengths, [10, 60, 40])
  assert.deepEqual([parts[0]?.from, parts.at(-1)?.to], [from, to])
})

test('the hour that comes twice in autumn is the same one twice, and the one left out in spring is none', () => {
  const hours = (from: number, count: number) =>
    [...hourParts(zoneDefault, from, from + count * hourMs)].map(({ hour }) => hour)
  assert.deepEqual(hours(Date.UTC(2026, 10, 1, 4), 4), [0, 1, 1, 2])
  assert.deepEqual(hours(Date.UTC(2026, 2, 8, 5), 4), [0, 1, 3, 4])
})
