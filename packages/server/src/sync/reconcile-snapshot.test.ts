import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isListedClaim } from './reconcile-snapshot.ts'

const plan = [
  { list: 'claims', from: '2026-01-01', to: '2026-03-31' },
  { list: 'claims', from: '2026-06-01', to: '2026-06-30' },
  { list: 'patients', departmentId: '1' },
] as const

for (const [created, isListed] of [
  ['2026-01-01', true],
  ['2026-03-31', true],
  ['2026-06-15', true],
  ['2025-12-31', false],
  ['2026-04-01', false],
  ['2026-05-31', false],
  ['1899-12-31', true],
  ['2026-02-30', true],
  ['2026-04-01T10:00', true],
  [' 2026-04-01', true],
  ['', true],
  [20_260_401, true],
  [undefined, true],
] as const) {
  test(`a claim created ${JSON.stringify(created)} is ${isListed ? '' : 'not '}one that lists of those days show`, () => {
    assert.equal(isListedClaim({ claimcreateddate: created }, plan), isListed)
  })
}
