/** What an installation is configured with at its start holds for everything that is planned from then on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { feedPace } from '../pacing/feed-pace.ts'
import { chosenPaces } from '../pacing/pacing.sql.ts'
import { callsWithinBounds, readKnownFeeds } from '../pacing/plan.ts'
import type { FeedName } from './feed-name.ts'
import { planFacts } from './plan-facts.ts'
import { registerPractices } from './register-practices.ts'
import { defaultSyncSettings } from './sync-settings.ts'

const minute = 60_000

async function installation(t: Parameters<typeof scratchDatabase>[0]) {
  const time = await lockstep(await scratchDatabase(t))
  const { db, clock } = time
  const endsAt = clock.now() + 10 * 3_600_000
  const settingsWith = (feeds: readonly FeedName[]) => ({ ...defaultSyncSettings, feeds })
  return {
    time,
    start: (practices: readonly number[], feeds: readonly FeedName[]) =>
      registerPractices({ db, log: silentLog, settings: settingsWith(feeds) }, { practices, environment: 'local' }),
    /** Reads one feed, five minutes after it was read before. */
    async read(practice: number, feed: FeedName) {
      const plan = { price: 1_000, stretch: 1, feeds: 1, endsAt, profiles: new Map() }
      const rules = { plan, settings: settingsWith([feed]).pacing, leastMs: minute }
      const pace = await db.control((tx) => feedPace(tx, { practice, feed }, rules))
      pace.drained({ before: clock.now() - 5 * minute, startedAt: clock.now(), changes: 9 })
      await db.control((tx) => pace.save(tx))
    },
    /** What is planned for and shown. */
    async planned(feeds: readonly FeedName[]) {
      const usage = { perDayLimit: 10_000, leftToday: 10_000, resumesAt: endsAt }
      const facts = await planFacts({ db, clock, settings: settingsWith(feeds) }, usage)
      const known = await db.control((tx) => readKnownFeeds(tx))
      const chosen = await db.control((tx) => chosenPaces(tx, null))
      return {
        known: known.sizes.reduce((sum, { feeds: count }) => sum + count, 0),
        shown: chosen.map(({ practice, feed }) => `${practice} ${feed}`).toSorted(),
        calls: Math.round(callsWithinBounds(known, { ...facts, callsPerDrain: () => 1, callsPerChange: () => 0 })),
      }
    },
  }
}

test('nothing is planned for what was taken out of the configuration, and what was learned of it is kept', async (t) => {
  const { start, read, planned, time } = await installation(t)
  await start([1, 2, 3], ['patients', 'providers'])
  for (const practice of [1, 2, 3]) for (const feed of ['patients', 'providers'] as const) await read(practice, feed)
  // Each once an hour for ten hours.
  assert.deepEqual([(await planned(['patients', 'providers'])).known, (await planned(['patients'])).calls], [6, 60])
  await start([1], ['patients'])
  assert.deepEqual(await planned(['patients']), { known: 1, shown: ['1 patients'], calls: 10 })
  await start([1, 2], ['patients'])
  assert.deepEqual(await planned(['patients']), { known: 1, shown: ['1 patients'], calls: 20 })
  await time.advance(5 * minute)
  await read(2, 'patients')
  const sizes = (await time.db.control((tx) => readKnownFeeds(tx))).sizes
  // Twice nine changes in ten minutes are more than nine in five.
  assert.deepEqual(
    sizes.map(({ feeds }) => feeds),
    [1, 1],
  )
})
