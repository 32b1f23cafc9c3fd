import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorEntry } from './error-entry.ts'
import { errorTable } from './error-table.ts'

/** What nobody can mend but who changes the code; and `config.invalid`, which says of each mistake what to do. */
const withoutRemedy = [
  'audit.invalid-entry',
  'config.invalid',
  'db.rolled-back',
  'db.statement-not-awaited',
  'db.transaction-over',
  'key-server.secret-taken',
  'queue.unknown-job',
  'sealing.key-not-loaded',
  'upstream.no-context',
]

test('whatever an operator can meet says what to do', () => {
  const entries: [string, ErrorEntry][] = Object.entries(errorTable)
  const silent = entries.filter(([, { remedy }]) => !remedy).map(([code]) => code)
  assert.deepEqual(silent.toSorted(), withoutRemedy)
})

test('the remedy of what a feed may fail with holds where its code alone is kept', () => {
  for (const code of ['db.statement-failed', 'policy.off-hours'] as const)
    assert.doesNotMatch(errorTable[code].remedy, /named here/, code)
})
