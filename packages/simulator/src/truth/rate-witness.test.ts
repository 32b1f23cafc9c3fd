import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateWitness } from './rate-witness.ts'

test('an arrival counts until a full second has passed', () => {
  const witness = new RateWitness()
  for (const at of [0, 999.9, 1000]) witness.call('a', at)
  assert.equal(witness.report().apps['a']?.perSecond, 2)
  witness.call('a', 1999.8)
  assert.equal(witness.report().apps['a']?.perSecond, 3)
})

test('the busiest second is found among many', () => {
  const witness = new RateWitness()
  let at = 0
  for (let count = 0; count < 20_000; count += 1) {
    at += count === 12_345 ? 1 : 10
    witness.call('a', at)
  }
  assert.equal(witness.report().apps['a']?.perSecond, 101)
})

test('the pages of a drain are one start; a page that is not full ends it', () => {
  const witness = new RateWitness()
  const read = (at: number, isFull: boolean) => witness.consume({ app: 'a', practice: 1, feed: 'patients', at, isFull })
  for (const [at, isFull] of [
    [0, true],
    [10, true],
    [20, true],
    [30, false],
    [60_000, false],
  ] as const)
    read(at, isFull)
  assert.deepEqual(witness.report().drains, [{ app: 'a', practice: 1, feed: 'patients', starts: 2, minimumMs: 60_000 }])
  read(61_000, false)
  assert.equal(witness.report().drains[0]?.minimumMs, 1000)
})
