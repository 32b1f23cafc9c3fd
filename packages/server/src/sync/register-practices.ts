import { endLeases } from '../leases/leases.sql.ts'
import { leaveOtherFeeds } from '../pacing/pacing.sql.ts'
import { isLimitable } from './feed-departments.ts'
import { feedNames } from './feed-name.ts'
import { inBatches } from './in-batches.ts'
import { addFeeds, keepFeeds, limitFeeds } from './many-practices.sql.ts'
import { addPractices, ensureScheduled, keepPractices, keepScheduled } from './schedule.sql.ts'
import { leaseOf } from './schedule.ts'
import type { SyncDeps } from './sync-deps.ts'

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

/** Only what is mirrored is looked at. What is not mirrored any more begins anew if it ever is again. */
async function scheduleAll({ db, settings }: RegisterDeps, { practices, environment }: Mirrored): Promise<void> {
  const { feeds, departments: limits } = settings
  await inBatches(db, practices, (tx, batch) => addFeeds(tx, batch, feeds))
  await inBatches(db, practices, (tx, batch) => keepFeeds(tx, batch, feeds))
  const limited = { feeds: feeds.filter(isLimitable), limits }
  await inBatches(db, practices, (tx, batch) => limitFeeds(tx, batch, limited))
  await db.control(async (tx) => {
    await addPractices(tx, practices, environment)
    await ensureScheduled(tx, practices, feeds)
    await keepScheduled(tx, feeds)
  })
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
