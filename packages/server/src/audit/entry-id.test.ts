import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../testing/seeded-random.ts'
import { entryIds } from './entry-id.ts'

test('ids rise within a writer, also within one millisecond, past its 2,048th id and when the clock goes back', () => {
  let nowMs = 1_800_000_000_000
  const next = entryIds({ now: () => nowMs }, seededRandom(1))
  const ids: string[] = []
  for (let step = 0; step < 4; step++) {
    for (let count = 0; count < 5_000; count++) ids.push(next())
    nowMs += step === 1 ? -3_600_000 : 1_000
  }
  assert.deepEqual(ids.toSorted(), ids)
  assert.equal(new Set(ids).size, ids.length)
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('an id tells its time', () => {
  const next = entryIds({ now: () => 1_800_000_000_123.7 }, seededRandom(1))
  assert.equal(Number.parseInt(next().replaceAll('-', '').slice(0, 12), 16), 1_800_000_000_123)
})
