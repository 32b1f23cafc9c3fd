import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorEntry } from './error-entry.ts'
import { errorTable } from './error-table.ts'

test('every code says what to do', () => {
  const entries: [string, ErrorEntry][] = Object.entries(errorTable)
  assert.deepEqual(
    entries.filter(([, { remedy }]) => !/^\S.*\.$/.test(remedy)).map(([code]) => code),
    [],
  )
})

test('the remedy of what a feed may fail with holds where its code alone is kept', () => {
  for (const code of ['db.statement-failed', 'policy.off-hours'] as const)
    assert.doesNotMatch(errorTable[code].remedy, /named here/, code)
})
