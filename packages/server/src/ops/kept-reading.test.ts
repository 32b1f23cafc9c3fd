import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { keptReading } from './kept-reading.ts'

/** Each reading waits until it is told what came of it. */
function reading() {
  const clock = manualClock()
  const answers: PromiseWithResolvers<string>[] = []
  const read = () => {
    const answer = Promise.withResolvers<string>()
    answers.push(answer)
    return answer.promise
  }
  return { clock, answers, kept: keptReading(clock, { forMs: 5_000, read }) }
}

test('who asks while it is read, or shortly after, is answered by the same reading', async () => {
  const { clock, answers, kept } = reading()
  const asked = [kept.get(), kept.get()]
  await clock.advance(60_000)
  asked.push(kept.get())
  answers[0]?.resolve('one')
  assert.deepEqual(await Promise.all(asked), ['one', 'one', 'one'])
  await clock.advance(4_999)
  assert.equal(await kept.get(), 'one')
  await clock.advance(1)
  const anew = kept.get()
  answers[1]?.resolve('two')
  assert.equal(await anew, 'two')
  assert.equal(answers.length, 2)
})

test('a failure is told to all who wait, and not kept', async () => {
  const { answers, kept } = reading()
  const asked = [kept.get(), kept.get()]
  answers[0]?.reject(new Error('away'))
  for (const each of asked) await assert.rejects(each, /away/)
  void kept.get()
  assert.equal(answers.length, 2)
})

test('what was begun before it was to be forgotten is not handed out after', async () => {
  const { answers, kept } = reading()
  const before = kept.get()
  kept.forget()
  const after = kept.get()
  answers[1]?.resolve('new')
  answers[0]?.resolve('old')
  assert.deepEqual([await before, await after, await kept.get()], ['old', 'new', 'new'])
})
