import { isAegisError } from '../errors/aegis-error.ts'
import { acquireLease } from '../leases/acquire-lease.ts'
import { enqueue } from '../queue/enqueue.ts'
import { defineJob } from '../queue/job.ts'
import { advanceFeed } from './advance-feed.ts'
import type { FeedName } from './feed-name.ts'
import { claimDue, makeEverythingDue, setDue } from './schedule.sql.ts'
import { type SyncDeps, timestamp } from './sync-deps.ts'

/** What a job of sync carries: which feed there is work for. */
export type FeedJob = { readonly practice: number; readonly feed: FeedName }

/** "There is work for this feed": one lane per feed, so that it never runs twice at a time. */
export const advanceFeedJob = defineJob<FeedJob>({
  name: 'sync.advance_feed',
  lane: ({ practice, feed }) => `${practice}/${feed}`,
})

export interface ScheduleDeps {
  readonly sync: SyncDeps
  /** Names this process among the holders of leases. */
  readonly instance: string
  /** Called when a feed was found contested; it is looked at again later. */
  readonly onContested?: () => void
  /** By how much a dead holder delays the next one, in the installation's time. */
  readonly leaseTtlMs: number
}

/** Feeds taken per tick, and how long a claim holds before another may take the feed over. */
const claim = { most: 500, holdSeconds: 60 }

/** Enqueues a job for each feed that is due. Called once a second by every replica. */
export function enqueueDue({ sync }: ScheduleDeps): Promise<void> {
  return sync.db.control(async (tx) => {
    const due = await claimDue(tx, claim)
    await Promise.all(due.map((feed) => enqueue(tx, advanceFeedJob, feed)))
  })
}

/**
 * Handles one job: takes the feed's lease, takes the feed as far as it can go, notes when to look again. When another
 * process holds the lease there is nothing to do: it will note the time itself, or its claim will run out.
 */
export async function runAdvanceFeed(deps: ScheduleDeps, job: FeedJob, signal: AbortSignal): Promise<void> {
  const { sync, instance: holder, leaseTtlMs: ttlMs } = deps
  const lease = await acquireLease(sync, { name: `sync/${job.practice}/${job.feed}`, holder, ttlMs })
  if (!lease) return
  try {
    const until = await advanceFeed(sync, { ...job, fence: lease.fence }, AbortSignal.any([signal, lease.lost]))
    await sync.db.control((tx) => setDue(tx, job, timestamp(until)))
  } catch (error) {
    if (!isAegisError(error, 'sync.contested')) throw error
    sync.log.error('sync.contested', error, job)
    deps.onContested?.()
  } finally {
    await lease.release()
  }
}

/** After a start as the only instance: no claim of a dead process holds anything up. */
export function takeOverSchedule({ sync }: ScheduleDeps): Promise<void> {
  return sync.db.control((tx) => makeEverythingDue(tx))
}
