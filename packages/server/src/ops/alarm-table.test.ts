import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isErrorCode } from '../errors/is-error-code.ts'
import { alarmTable } from './alarm-table.ts'
import type { Alarm } from './status-report.ts'

test('the table holds what is no error, each with what it means and what to do', () => {
  for (const [code, { means, remedy }] of Object.entries(alarmTable)) {
    assert.ok(!isErrorCode(code), `${code} has its words in the table of errors`)
    assert.ok(means.length > 10 && remedy.length > 10, code)
  }
})

test('an alarm that nobody has documented does not compile', () => {
  const alarm: Omit<Alarm, 'code'> = { level: 'warning', message: 'Something is wrong.', remedy: 'Mend it.' }
  const known: Alarm[] = [
    { ...alarm, code: 'sync.gap' },
    { ...alarm, code: 'sync.contested' },
    // @ts-expect-error It is in neither table.
    { ...alarm, code: 'sync.made-up' },
  ]
  assert.equal(known.length, 3)
})
