import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dateText, dayMs, dayOf, parseClock, parseDate } from './calendar-date.ts'
import {
  arizona,
  central,
  eastern,
  instantOf,
  mountain,
  offsetHours,
  pacific,
  parseWallText,
  wallText,
  wallTime,
  type Zone,
} from './zone-time.ts'

const ianaNames: readonly (readonly [Zone, string])[] = [
  [eastern, 'America/New_York'],
  [central, 'America/Chicago'],
  [mountain, 'America/Denver'],
  [pacific, 'America/Los_Angeles'],
  [arizona, 'America/Phoenix'],
]

for (const [zone, name] of ianaNames) {
  test(`${zone.name} shows the wall time that the system's zone data has for ${name}, through twelve years`, () => {
    const system = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    const expected = (at: number) => system.format(at).replace(', ', ' ')
    // A step that is no divisor of a day visits all hours; the changes of clocks are visited minute by minute below.
    for (let at = Date.UTC(2019, 0, 1); at < Date.UTC(2031, 0, 1); at += 47 * 3_600_000 + 59_000) {
      assert.equal(wallText(zone, at), expected(at))
    }
    for (const change of [Date.UTC(2026, 2, 8, 6), Date.UTC(2026, 10, 1, 4), Date.UTC(2027, 2, 14, 6)]) {
      for (let minute = 0; minute < 360; minute += 1) {
        const at = change + minute * 60_000
        assert.equal(wallText(zone, at), expected(at))
      }
    }
  })

  test(`an instant in ${zone.name} is found again by its wall time unless autumn repeats it`, () => {
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += 53 * 60_000) {
      const found = instantOf(zone, wallTime(zone, at))
      const repeated = offsetHours(zone, at - 3_600_000) !== offsetHours(zone, at) && at !== found
      assert.equal(found, repeated ? at - 3_600_000 : at)
    }
  })
}

test('the hour that spring skips counts as one later, the hour that autumn repeats means the first', () => {
  assert.equal(wallText(eastern, parseWallText(eastern, '03/08/2026 02:30:00') ?? 0), '03/08/2026 03:30:00')
  assert.equal(parseWallText(eastern, '11/01/2026 01:30:00'), Date.UTC(2026, 10, 1, 5, 30))
  assert.equal(parseWallText(eastern, '11/01/2026 02:00:00'), Date.UTC(2026, 10, 1, 7))
})

const dates: readonly (readonly [text: string, day: number | undefined])[] = [
  ['01/01/1970', 0],
  ['2/9/2026', dayOf(2026, 2, 9)],
  ['02/29/2024', dayOf(2024, 2, 29)],
  ['02/29/2026', undefined],
  ['02/29/1900', undefined],
  ['13/01/2026', undefined],
  ['00/10/2026', undefined],
  ['04/31/2026', undefined],
  ['2026-04-01', undefined],
  ['01/01/   1', undefined],
  ['', undefined],
]
for (const [text, day] of dates) {
  test(`"${text}" is ${day === undefined ? 'no date' : `day ${day}`}`, () => assert.equal(parseDate(text), day))
}

test('every day from 1900 to 2100 is written and read as the same day', () => {
  for (let day = dayOf(1900, 1, 1); day <= dayOf(2100, 12, 31); day += 1) {
    const text = dateText(day)
    assert.equal(parseDate(text), day)
    if (day % 97 === 0)
      assert.equal(Date.parse(`${text.slice(6)}-${text.slice(0, 2)}-${text.slice(3, 5)}`), day * dayMs)
  }
})

test('times of day are HH:MM up to 23:59', () => {
  assert.equal(parseClock('00:00'), 0)
  assert.equal(parseClock('23:59'), 1439)
  for (const wrong of ['24:00', '9', '09:60', 'noon', '']) assert.equal(parseClock(wrong), undefined)
})
