import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../errors/error-table.ts'
import { refusalAlarms } from './refusal-alarms.ts'

const hour = (...counts: [ErrorCode, number][]) => ({ lastHour: new Map(counts) })

test("a few refusals are nobody's business", () => {
  assert.deepEqual(refusalAlarms(hour()), [])
  assert.deepEqual(refusalAlarms(hour(['http.unauthorized', 18], ['http.wrong-host', 1])), [])
})

test('twenty in an hour are a warning that says why, the most frequent reason first, and what to do', () => {
  const [alarm, ...more] = refusalAlarms(hour(['http.wrong-host', 1], ['http.unauthorized', 19]))
  assert.deepEqual(more, [])
  assert.deepEqual([alarm?.level, alarm?.code], ['warning', 'audit.many-refusals'])
  assert.equal(
    alarm?.message,
    '20 requests were refused in the last hour: The request carries no valid token (19); The request was meant for another host (1).',
  )
  assert.match(alarm?.remedy ?? '', /audit log.*run\/instance\.json/)
})
