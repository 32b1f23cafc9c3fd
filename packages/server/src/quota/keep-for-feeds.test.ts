import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { keptForFeeds } from './keep-for-feeds.ts'
import type { Priority } from './priorities.ts'
import { createQuota } from './quota.ts'

const database = await scratchDatabase()

const needs = [
  ['what bulk work leaves anyway does', 4_000, 0],
  ['beyond that the rest is kept', 30_000, 26_000],
  ['not a part of a call', 30_000.2, 26_001],
  ['a fifth of what bulk work could have goes to it, whatever feeds need', 1e9, 68_000],
  ['nothing is needed', 0, 0],
] as const
for (const [title, needed, kept] of needs) {
  test(`of 100,000 calls ${kept} are kept for feeds that need ${needed}: ${title}`, () => {
    assert.equal(keptForFeeds({ needed, limit: 100_000 }), kept)
  })
}

const limits = { perSecond: 5, perDay: 100, tokensPerMinute: 5, dayBlock: 1 }

test('what one process keeps for feeds, bulk work of another leaves to them, and gets back what they no longer need', async () => {
  const time = await lockstep(database)
  const of = (holder: string) => createQuota({ db: time.db, clock: time.clock, log: silentLog, holder }, limits)
  const [planner, loader] = [of('planner'), of('loader')]
  const app = 'kept/one'
  const sent = async (priority: Priority, count: number) => {
    const asked = Array.from({ length: count }, () =>
      loader.permission({ app, practice: 1, priority }).then(
        () => true,
        (error: unknown) => (isAegisError(error, 'quota.day-exhausted') ? false : assert.fail(String(error))),
      ),
    )
    return (await time.run(Promise.all(asked))).filter(Boolean).length
  }
  // 4 of the day are left to feeds anyway.
  await planner.keepForFeeds(app, 34)
  assert.equal(await sent('bulk', 70), 55)
  assert.equal(await sent('feeds', 10), 10)
  await planner.keepForFeeds(app, 14)
  // The next call learns it.
  assert.equal(await sent('feeds', 1), 1)
  assert.equal(await sent('bulk', 30), 9)
  assert.equal(await sent('feeds', 20), 14)
  await time.run(Promise.all([planner.stop(), loader.stop()]))
})

test('a new day begins with nothing kept until it is said how much', async () => {
  const time = await lockstep(database)
  const quota = createQuota({ db: time.db, clock: time.clock, log: silentLog, holder: 'one' }, limits)
  const app = 'kept/days'
  await quota.keepForFeeds(app, 1_000)
  await time.run(quota.permission({ app, practice: 1, priority: 'bulk' }))
  assert.equal(quota.standing({ app, priority: 'bulk' }).day?.left, 100 - 15 - 68 - 1)
  await time.advance(24 * 3_600_000)
  await time.run(quota.permission({ app, practice: 1, priority: 'bulk' }))
  assert.equal(quota.standing({ app, priority: 'bulk' }).day?.left, 100 - 15 - 1)
  await time.run(quota.stop())
})
