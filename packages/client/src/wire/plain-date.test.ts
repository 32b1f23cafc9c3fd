import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addDays, dayNumber, makePlainDate, readPlainDate, readPlainTime, toUsDate } from './plain-date.ts'

for (const [text, expected] of [
  ['05/01/1990', '1990-05-01'],
  ['1990-05-01', '1990-05-01'],
  ['5/1/1990', '1990-05-01'],
  ['02/29/2024', '2024-02-29'],
  ['02/29/2023', undefined],
  ['02/29/1900', undefined],
  ['02/29/2000', '2000-02-29'],
  ['13/01/2020', undefined],
  ['00/10/2020', undefined],
  ['01/00/2020', undefined],
  ['04/31/2020', undefined],
  ['01/01/   1', undefined],
  ['01/01/20', undefined],
  ['1990-5-1', undefined],
  ['0000-01-01', undefined],
  ['0001-01-01', '0001-01-01'],
  ['9999-12-31', '9999-12-31'],
  ['05/01/1990 10:00', undefined],
  ['on 05/01/1990', undefined],
  ['105/01/1990', undefined],
  ['11990-05-01', undefined],
  ['1990-05-01T10:00', undefined],
  ['', undefined],
] as const) {
  test(`the date ${JSON.stringify(text)} is ${expected ?? 'no date'}`, () => {
    assert.equal(readPlainDate(text), expected)
  })
}

for (const [text, expected] of [
  ['09:30', '09:30'],
  ['9:30', '09:30'],
  ['23:59:59', '23:59:59'],
  ['09:50 AM', '09:50'],
  ['12:00 AM', '00:00'],
  ['12:30 PM', '12:30'],
  ['01:05:09 pm', '13:05:09'],
  ['14:53:55.123', '14:53:55'],
  ['24:00', undefined],
  ['13:00 PM', undefined],
  ['00:30 AM', undefined],
  ['10:60', undefined],
  ['10:00:60', undefined],
  ['1000', undefined],
  ['at 09:30', undefined],
  ['109:30', undefined],
  ['09:30:', undefined],
  ['09:30 AM!', undefined],
  ['09:30 XM', undefined],
  ['01:00 AM', '01:00'],
  ['00:00', '00:00'],
  ['10:59:59', '10:59:59'],
  ['14:53:55.1234567890', undefined],
] as const) {
  test(`the time ${JSON.stringify(text)} is ${expected ?? 'no time'}`, () => {
    assert.equal(readPlainTime(text), expected)
  })
}

const anyDate = fc
  .tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map(([year, month, day]) => makePlainDate(year, month, day))
  .filter((date) => date !== undefined)

test('every date comes back from MM/DD/YYYY as it was', () => {
  fc.assert(fc.property(anyDate, (date) => assert.equal(readPlainDate(toUsDate(date)), date)))
})

test('days are counted by the calendar, across years and leap days', () => {
  fc.assert(
    fc.property(anyDate, fc.integer({ min: -4000, max: 4000 }), (date, days) => {
      const other = addDays(date, days)
      if (other !== undefined) assert.equal(dayNumber(other) - dayNumber(date), days)
    }),
  )
  const date = makePlainDate(2024, 2, 28)
  assert.ok(date)
  assert.equal(addDays(date, 2), '2024-03-01')
})
