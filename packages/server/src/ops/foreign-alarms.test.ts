import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foreignAlarms } from './foreign-alarms.ts'

test('somebody else who spends a hundredth of the day is told of, a few calls by hand are not', () => {
  const codes = (foreignToday: number) => foreignAlarms({ foreignToday, perDayLimit: 50_000 }).map(({ code }) => code)
  assert.deepEqual([codes(0), codes(499), codes(500)], [[], [], ['quota.foreign-calls']])
})

test('a day of few calls that nobody else uses is no alarm', () => {
  assert.deepEqual(foreignAlarms({ foreignToday: 0, perDayLimit: 1 }), [])
})
