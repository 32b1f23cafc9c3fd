import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readPlainTime, toUsDate } from './plain-date.ts'
import { easternZone, instantOf, offsetMinutesAt, type WallTime, wallTimeAt } from './time-zone.ts'
import { readWireDateTime, wireInstant } from './wire-date-time.ts'

for (const [text, expected] of [
  ['06/02/2020 09:06:50', '2020-06-02T13:06:50Z'],
  ['10/07/2020 10:30', '2020-10-07T14:30:00Z'],
  ['08/22/2011 09:50 AM', '2011-08-22T13:50:00Z'],
  ['08/22/2011 09:50 PM', '2011-08-23T01:50:00Z'],
  ['08/22/2011 09:50AM', '2011-08-22T13:50:00Z'],
  ['2023-08-10T14:53:55-04:00', '2023-08-10T18:53:55Z'],
  ['2023-08-10T14:53:55-0400', '2023-08-10T18:53:55Z'],
  ['2023-08-10T14:53:55Z', '2023-08-10T14:53:55Z'],
  ['2023-08-10T14:53:55.123+02:00', '2023-08-10T12:53:55Z'],
  ['2023-08-10T14:53:55', '2023-08-10T18:53:55Z'],
  ['2023-08-10', '2023-08-10T04:00:00Z'],
  ['01/15/2023', '2023-01-15T05:00:00Z'],
  ['  01/15/2023  ', '2023-01-15T05:00:00Z'],
  ['11/03/2024 01:30:00', '2024-11-03T05:30:00Z'],
  ['11/03/2024 01:30 AM', '2024-11-03T05:30:00Z'],
  ['2024-11-03T01:30:00-04:00', '2024-11-03T05:30:00Z'],
  ['2024-11-03T01:30:00-05:00', '2024-11-03T06:30:00Z'],
  ['11/03/2024 02:00', '2024-11-03T07:00:00Z'],
  ['03/10/2024 01:59:59', '2024-03-10T06:59:59Z'],
  ['03/10/2024 02:30:00', '2024-03-10T07:30:00Z'],
  ['03/10/2024 03:00:00', '2024-03-10T07:00:00Z'],
  ['08/22/2011 12:05 AM', '2011-08-22T04:05:00Z'],
  ['08/22/2011 12:05 PM', '2011-08-22T16:05:00Z'],
  ['2023-04-14T09:22:57.517+00:00', '2023-04-14T09:22:57Z'],
  ['2021-01-01T00:00:00', '2021-01-01T05:00:00Z'],
  ['01/15/2023 25:00', undefined],
  ['2023-08-10T14:53:55+99:00', undefined],
  ['yesterday', undefined],
  ['', undefined],
  ['02/30/2023 10:00', undefined],
] as const) {
  test(`${JSON.stringify(text)} read as Eastern is ${expected ?? 'no date-time'}`, () => {
    const instant = wireInstant(text, easternZone)
    assert.equal(instant === undefined ? undefined : new Date(instant).toISOString().replace('.000', ''), expected)
  })
}

/** Every form seen in athenahealth's answers: how it writes a wall time, and how much of it is in the text. */
const forms: Readonly<Record<string, (wall: WallTime, offset: string) => string>> = {
  'MM/DD/YYYY HH:MM:SS': ({ date, time }) => `${toUsDate(date)} ${time}`,
  'MM/DD/YYYY HH:MM': ({ date, time }) => `${toUsDate(date)} ${time.slice(0, 5)}`,
  'MM/DD/YYYY HH:MM AM': ({ date, time }) => `${toUsDate(date)} ${twelveHours(time)}`,
  'MM/DD/YYYY': ({ date }) => toUsDate(date),
  'YYYY-MM-DD': ({ date }) => date,
  'YYYY-MM-DDTHH:MM:SS': ({ date, time }) => `${date}T${time}`,
  'YYYY-MM-DDTHH:MM:SS-HH:MM': ({ date, time }, offset) => `${date}T${time}${offset}`,
  'YYYY-MM-DDTHH:MM:SS-HHMM': ({ date, time }, offset) => `${date}T${time}${offset.replace(':', '')}`,
  'YYYY-MM-DDTHH:MM:SS.mmm-HH:MM': ({ date, time }, offset) => `${date}T${time}.517${offset}`,
}

function twelveHours(time: string): string {
  const hour = Number(time.slice(0, 2))
  return `${String(hour % 12 || 12).padStart(2, '0')}:${time.slice(3, 5)} ${hour < 12 ? 'AM' : 'PM'}`
}

/** Some days of any year, and many around the nights when clocks change. */
const instants = fc.oneof(
  fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2040, 0, 1) }),
  ...[Date.UTC(2024, 2, 10, 7), Date.UTC(2024, 10, 3, 6), Date.UTC(2026, 10, 1, 6)].map((change) =>
    fc.integer({ min: change - 10_800_000, max: change + 10_800_000 }),
  ),
)

for (const [form, write] of Object.entries(forms)) {
  test(`an instant written as ${form} is read as that instant, through the nights when clocks change`, () => {
    const zones = fc.constantFrom('US/Eastern', 'US/Central', 'US/Pacific', 'US/Arizona')
    fc.assert(
      fc.property(instants, zones, (instant, name) => {
        const zone = { name }
        const wall = wallTimeAt(zone, instant)
        const minutes = offsetMinutesAt(zone, instant)
        const offset = `-${String(Math.floor(-minutes / 60)).padStart(2, '0')}:${String(-minutes % 60).padStart(2, '0')}`
        const text = write(wall, offset)
        const read = wireInstant(text, zone)
        const told = { date: wall.date, time: readPlainTime(toldTime(form, wall.time)) ?? wall.time }
        // Without an offset the hour that comes twice may be either; its earlier showing is taken.
        const expected = form.includes('-HH') ? [Math.floor(instant / 1000) * 1000] : [instantOf(zone, told)]
        assert.deepEqual([read], expected, text)
        if (read !== undefined)
          assert.deepEqual(wallTimeAt(zone, read), { ...told, time: `${told.time}:00`.slice(0, 8) })
      }),
    )
  })
}

/** What of a time is in the text. */
function toldTime(form: string, time: string): string {
  if (form.includes(':SS')) return time
  return form.includes('HH:MM') ? time.slice(0, 5) : '00:00'
}

test('no text makes the reader fail', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.stringMatching(/^[\d/:T +Z.-]{0,30}$/)),
      (text) => void readWireDateTime(text),
    ),
  )
})
