import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { RestingPractices } from './resting-practices.ts'

test('a practice rests for as long as was said, two seconds at most, and what is over is waited for no more', async () => {
  const clock = manualClock()
  const resting = new RestingPractices(clock)
  assert.equal(resting.waitMs(500), 500)
  resting.note(
    new Map([
      [1, 100],
      [2, 400],
      [3, 9_000],
    ]),
  )
  const rests = () => [1, 2, 3].filter((practice) => resting.has(practice))
  assert.deepEqual([resting.waitMs(500), rests()], [100, [1, 2, 3]])
  await clock.advance(100)
  assert.equal(resting.waitMs(500), 300)
  assert.deepEqual(rests(), [2, 3])
  await clock.advance(1_900)
  assert.deepEqual([resting.waitMs(500), rests()], [500, []])
})
