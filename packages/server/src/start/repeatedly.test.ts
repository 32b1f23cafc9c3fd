import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { repeatedly } from './repeatedly.ts'

test('work is done so long after it was done before, as long as it says then, and never beside itself', async () => {
  const clock = manualClock(0)
  const began: number[] = []
  const under = Promise.withResolvers<void>()
  const stop = repeatedly({ clock, afterMs: () => (began.length === 0 ? 1_000 : 5_000) }, () => {
    began.push(clock.now())
    return under.promise
  })
  await clock.advance(60_000)
  assert.deepEqual(began, [1_000], 'it is still under way')
  under.resolve()
  await clock.advance(5_000)
  assert.deepEqual(began, [1_000, 65_000])
  await stop()
  await clock.advance(60_000)
  assert.deepEqual([began.length, clock.pending], [2, 0])
})

test('stopping waits for what is under way', async () => {
  const clock = manualClock(0)
  const under = Promise.withResolvers<void>()
  const done: string[] = []
  const stop = repeatedly({ clock, afterMs: () => 1_000 }, () => under.promise.then(() => void done.push('work')))
  await clock.advance(1_000)
  const stopped = stop().then(() => done.push('stopped'))
  under.resolve()
  await stopped
  assert.deepEqual(done, ['work', 'stopped'])
})
