import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { easternZone } from './time-zone.ts'
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

test('no text makes the reader fail', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.stringMatching(/^[\d/:T +Z.-]{0,30}$/)),
      (text) => void readWireDateTime(text),
    ),
  )
})
