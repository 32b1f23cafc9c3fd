import assert from 'node:assert/strict'
import test from 'node:test'
import { findingOfRig, findingOfTests } from './run-check.ts'

test('what a life found is a finding, and that it had no end is none', () => {
  const said = (found: string) => `rig: seeds: 22 lives\nrig: FAILED seed 3\n    ${found}\n  repeat with: npm run rig\n`
  assert.equal(findingOfRig(said('I1 differs: patients 4 missing')), 'I1 differs: patients 4 missing')
  assert.equal(findingOfRig(said('the life did not end, or its process died')), undefined)
  for (const error of [
    'TypeError: x is not a function',
    'Error: no database',
    'AegisError: db.unavailable',
    'AggregateError',
  ]) {
    assert.equal(findingOfRig(said(error)), undefined, error)
  }
  assert.equal(findingOfRig('rig: --drills takes throttled, outages, not "x"\n'), undefined)
  assert.equal(
    findingOfRig('rig: faults of graceful: 6\nrig:   missed: a stop\nrig: FAILED: 1 findings'),
    'missed: a stop',
  )
})

test('a test that failed is a finding, and that a file could not be loaded is none', () => {
  assert.equal(findingOfTests('✔ well (1.2ms)\n✖ it is kept (3.4ms)\n'), 'it is kept')
  assert.equal(findingOfTests('✖ packages/client/src/wire/read-page.test.ts (90.1ms)\n✖ failing tests:\n'), undefined)
})
