import { readSqlClock } from '../db/sql-clock.sql.ts'
import { endLeases } from '../leases/leases.sql.ts'
import { leaveOtherFeeds } from '../pacing/pacing.sql.ts'
import { isLimitable } from './feed-departments.ts'
import { feedNames } from './feed-name.ts'
import { type FeedStateRow, readFeeds, wantResnapshot } from './feed-state.sql.ts'
import { hasChangedFeed } from './feed-table.ts'
import { openGap } from './gap.sql.ts'
import { inBatches } from './in-batches.ts'
import { addFeeds, keepFeeds, limitFeeds } from './many-practices.sql.ts'
import { lookReachMs } from './poll-stretch.ts'
import { addPractices, ensureScheduled, keepPractices, keepScheduled, returningPractices } from './schedule.sql.ts'
import { leaseOf } from './schedule.ts'
import { type SyncDeps, timestamp } from './sync-deps.ts'

/** What is to be mirrored. */
export interface Mirrored {
  readonly practices: readonly number[]
  readonly environment: string
}

type RegisterDeps = Pick<SyncDeps, 'db' | 'log' | 'settings'>

/** Notes for every process which practices are mirrored from now on, with which feeds. */
export async function registerPractices(deps: RegisterDeps, mirrored: Mirrored): Promise<void> {
  await scheduleAll(deps, mirrored)
  await leaveOthers(deps, mirrored.practices)
}

/** Only what is mirrored is looked at. A feed that is not mirrored any more begins anew, with a gap, if it ever is again. */
async function scheduleAll({ db, log, settings }: RegisterDeps, { practices, environment }: Mirrored): Promise<void> {
  const { feeds, departments: limits } = settings
  await inBatches(db, practices, (tx, batch) => addFeeds(tx, batch, feeds))
  await inBatches(db, practices, (tx, batch) => keepFeeds(tx, batch, feeds))
  const limited = { feeds: feeds.filter(isLimitable), limits }
  await inBatches(db, practices, (tx, batch) => limitFeeds(tx, batch, limited))
  for (const practice of await db.control((tx) => returningPractices(tx, practices))) {
    await openGapsOfReturning({ db, log, settings }, practice)
  }
  await db.control(async (tx) => {
    await addPractices(tx, practices, environment)
    await ensureScheduled(tx, practices, feeds)
    await keepScheduled(tx, feeds)
  })
}

/**
 * Where a practice is mirrored again, what others with the same app processed meanwhile is seen by a look only as far back as
 * that reaches; the rest is a gap. Opened before anybody works on its feeds: what they read next moves what it is judged by.
 */
async function openGapsOfReturning({ db, log, settings }: RegisterDeps, practice: number): Promise<void> {
  const opened = await db.practice(practice, async (tx) => {
    const now = await readSqlClock(tx)
    // A look may come so much later than it could.
    const seenSince = now - lookReachMs(settings) + settings.subscriptionCheckMs
    const unseen = (await readFeeds(tx, practice)).filter((state) => isFollowed(state) && knownUntil(state) < seenSince)
    for (const state of unseen) {
      const key = { practice, feed: state.feed }
      await openGap(tx, key, { cause: 'retention-passed', from: timestamp(knownUntil(state)) })
      await wantResnapshot(tx, key)
    }
    return unseen
  })
  for (const { feed } of opened) log.warn('sync.gap', { practice, feed, cause: 'retention-passed' })
}

/** Whether it rests on changes: others are read anew, and those that were not live yet look, and read all, before they are. */
function isFollowed({ feed, state }: FeedStateRow): boolean {
  return hasChangedFeed(feed) && (state === 'live' || state === 'snapshot')
}

/** Until when we know of everything that was processed, by us or by others. */
function knownUntil({ checkpoint, foreign_checked_at: lookedAt, state_since: since }: FeedStateRow): number {
  return Math.min(checkpoint ?? since, lookedAt ?? since)
}

/** What is no longer configured is left alone from now on, also by other processes, and no calls are kept for it. */
async function leaveOthers({ db, log, settings }: RegisterDeps, practices: readonly number[]): Promise<void> {
  const removed = await db.control(async (tx) => {
    const left = await keepPractices(tx, practices)
    const names = left.flatMap((practice) => feedNames.map((feed) => leaseOf({ practice, feed })))
    if (names.length > 0) await endLeases(tx, names)
    await leaveOtherFeeds(tx, { practices, feeds: settings.feeds })
    return left
  })
  for (const practice of removed) log.info('sync.practice-removed', { practice })
}
