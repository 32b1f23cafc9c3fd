/** A limit for each practice beside that of the app, which all processes keep together. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { mostInOneSecond } from '../../testing/most-in-one-second.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { createQuota } from './quota.ts'

const database = await scratchDatabase()
let apps = 0

/** When which practice was called, of three processes with two callers each for every practice, for 12 s. */
async function fullLoad(limits: { perSecond: number; perPracticePerSecond: number; practices: readonly number[] }) {
  const { perSecond, perPracticePerSecond, practices } = limits
  const time = await lockstep(database)
  const app = `each/${apps++}`
  const all = { perSecond, perPracticePerSecond, perDay: 500_000, tokensPerMinute: 5 }
  const quotas = ['a', 'b', 'c'].map((holder) =>
    createQuota({ db: time.db, clock: time.clock, log: silentLog, holder }, all),
  )
  const sends: { at: number; practice: number }[] = []
  let ended = false
  const callers = quotas.flatMap((quota) =>
    [...practices, ...practices].map(async (practice) => {
      while (!ended) {
        await quota.permission({ app, practice, priority: 'feeds' })
        sends.push({ at: time.clock.now(), practice })
      }
    }),
  )
  await time.advance(12_000)
  ended = true
  await time.run(Promise.all(callers))
  await time.run(Promise.all(quotas.map((quota) => quota.stop())))
  return sends
}

for (const { perSecond, perPracticePerSecond, practices } of [
  { perSecond: 30, perPracticePerSecond: 3, practices: [1, 2, 3] },
  { perSecond: 100, perPracticePerSecond: 5, practices: Array.from({ length: 6 }, (_, index) => index + 1) },
]) {
  test(`each of ${practices.length} practices has ${perPracticePerSecond} calls a second at most, and 93 % of them`, async () => {
    const sends = await fullLoad({ perSecond, perPracticePerSecond, practices })
    const from = Math.min(...sends.map(({ at }) => at)) + 1_000
    for (const id of practices) {
      const times = sends.filter(({ practice }) => practice === id).map(({ at }) => at)
      const most = mostInOneSecond(times)
      assert.ok(most <= perPracticePerSecond, `practice ${id}: ${most} in a second`)
      const share = times.filter((at) => at >= from && at < from + 10_000).length / 10 / perPracticePerSecond
      assert.ok(share >= 0.93, `practice ${id}: ${share}`)
    }
    assert.ok(mostInOneSecond(sends.map(({ at }) => at)) <= perSecond)
  })
}
