import assert from 'node:assert/strict'
import { test } from 'node:test'
import { windowOfDoubt } from './window-of-doubt.ts'

const minute = 60_000
const hour = 60 * minute
const at = Date.UTC(2026, 2, 2, 15)
const later = at + 10 * minute
const terms = { replayMarginMs: 2 * minute, retentionMs: 4 * hour }
const exactly = (time: number) => ({ earliest: time, latest: time })

/** What is doubted happened at `at`, and `later` is now, by athenahealth's clock: ours is so far ahead then, and now. */
const right: readonly [title: string, ahead: readonly [then: number, now: number], knows: 'both' | 'neither'][] = [
  ['clocks that are right', [0, 0], 'both'],
  ['clocks that are right, where answers tell no time', [0, 0], 'neither'],
  ['a clock that is an hour ahead', [hour, hour], 'both'],
  ['a clock that is an hour behind', [-hour, -hour], 'both'],
  ['a clock that was an hour ahead and is right again', [hour, 0], 'both'],
  ['a clock that was an hour behind and is right again', [-hour, 0], 'both'],
  ['a clock that is an hour behind since', [0, -hour], 'both'],
  ['a clock that is a minute off', [minute, minute], 'neither'],
]
for (const [title, [then, now], knows] of right) {
  test(`a window covers what was taken, by ${title}`, () => {
    const intents = [{ opened_at: at + then, upstream_at: knows === 'both' ? at : null }]
    const theirs = knows === 'neither' ? undefined : exactly(later)
    const window = windowOfDoubt(intents, { ...terms, now: later + now, theirs })
    assert.ok(window !== 'passed' && window.from <= at - minute && window.to >= later + minute, JSON.stringify(window))
  })
}

test('what cannot be told, or is too long ago by either clock, is given up as lost', () => {
  const passed = (opened: number, upstream: number | null, present: { now: number; theirs?: number }) =>
    windowOfDoubt([{ opened_at: opened, upstream_at: upstream }], {
      ...terms,
      now: present.now,
      theirs: present.theirs === undefined ? undefined : exactly(present.theirs),
    })
  assert.equal(passed(at + hour, null, { now: later }), 'passed', 'of a time that is yet to come')
  assert.equal(
    passed(at + hour, null, { now: later, theirs: later }),
    'passed',
    'the same, where answers tell the time now',
  )
  assert.equal(passed(at, null, { now: at + 4 * hour + 1 }), 'passed')
  assert.equal(passed(at, at, { now: at + 4 * hour + 1, theirs: at + 4 * hour + 1 }), 'passed')
  assert.equal(passed(at, at, { now: at - 2 * hour, theirs: at + 5 * hour }), 'passed', 'the clock was set back since')
  assert.notEqual(passed(at, at, { now: at + 4 * hour, theirs: at + 4 * hour }), 'passed')
})

test('of several doubts the window begins before the oldest', () => {
  const intents = [
    { opened_at: at + 2 * minute, upstream_at: at + minute },
    { opened_at: at, upstream_at: at + 3 * minute },
  ]
  const window = windowOfDoubt(intents, { ...terms, now: later, theirs: exactly(later) })
  assert.deepEqual(window, { from: at - 2 * minute, to: later + 2 * minute })
})
