import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultSyncSettings as settings } from '../sync/sync-settings.ts'
import { adviseQuota } from './advise-quota.ts'
import { foreignAlarms } from './foreign-alarms.ts'

test('somebody else who spends a hundredth of the day is told of, a few calls by hand are not', () => {
  const codes = (foreignToday: number) => foreignAlarms({ foreignToday, perDayLimit: 50_000 }).map(({ code }) => code)
  assert.deepEqual([codes(0), codes(499), codes(500)], [[], [], ['quota.foreign-calls']])
})

test('what is advised can be done: no program calls athenahealth through Aegis yet', () => {
  const [alarm] = foreignAlarms({ foreignToday: 50_000, perDayLimit: 50_000 })
  assert.match(alarm?.remedy ?? '', /an app \(client id\) of its own.*"aegis sql"/)
  const facts = { settings, limit: 1, foreign: 1, wanted: 1, left: 1, msLeft: 1, bulkToday: 0, isStretched: false }
  const advice = adviseQuota({ ...facts, drainCalls: () => 0 }).find(({ setting }) => setting === null)
  assert.match(advice?.change ?? '', /of their own.*"aegis sql"/)
  for (const text of [alarm?.remedy, advice?.change])
    assert.doesNotMatch(text ?? '', /through (Aegis|this installation)/)
})

test('a day of few calls that nobody else uses is no alarm', () => {
  assert.deepEqual(foreignAlarms({ foreignToday: 0, perDayLimit: 1 }), [])
})
