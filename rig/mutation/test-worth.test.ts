import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Mutant } from './mutant.ts'
import type { ReachingTest } from './test-coverage.ts'
import { TestWorth } from './test-worth.ts'

const mutant: Mutant = {
  id: 'day.sql.ts:00000000',
  path: 'packages/server/src/quota/day.sql.ts',
  start: 0,
  end: 1,
  operator: 'any',
  replacement: '',
}
const beside = known('packages/server/src/quota/day.test.ts', 90)
const quick = known('quick.test.ts', 1)
const slow = known('slow.test.ts', 3)

function known(file: string, ms: number, times = 1): ReachingTest {
  return { file, ms, times, limits: { testMs: 1, fileMs: 1 }, reached: new Map() }
}

test('the test beside the file comes first, then the quickest', () => {
  assert.deepEqual(new TestWorth().order(mutant, [slow, quick, beside]), [beside, quick, slow])
})

test('a slower test that notices comes before a quick one that does not', () => {
  const worth = new TestWorth()
  for (let times = 0; times < 8; times += 1) {
    worth.note(quick, false)
    worth.note(slow, true)
  }
  assert.deepEqual(worth.order(mutant, [quick, slow, beside]), [beside, slow, quick])
})

test('a test that runs the code of the mutant often comes before one that hardly does', () => {
  const often = known('often.test.ts', 2, 100)
  assert.deepEqual(new TestWorth().order(mutant, [quick, often]), [often, quick])
})
