import { setDue, claimDue, makeEverythingDue } from './schedule.sql.ts'
import { advanceFeed } from './advance-feed.ts'
import type { FeedKey } from './sync.sql.ts'
import { type SyncDeps, timestamp } from './sync-deps.ts'
import type { Leases } from '../leases/leases.ts'
import { defineJob, type Queue } from '../queue/queue.ts'

export interface ScheduleDeps {
  readonly sync: SyncDeps
  readonly leases: Leases
  readonly queue: Queue
}

/** "There is work for this feed": one lane per feed, so it never runs twice at a time. */
export const advanceFeedJob = defineJob<FeedKey>({ name: 'sync.advance-feed' })

/** Feeds taken per tick, and how long a claim holds before another may take the feed over. */
const claim = { most: 500, holdSeconds: 60 }

/** Lifetime of a feed's lease without a heartbeat. */
const leaseTtlMs = 30_000

/** Enqueues what is due. Called once a second. */
export async function enqueueDue(deps: ScheduleDeps): Promise<void> {
  const { db } = deps.sync
  await db.control(async (tx) => {
    for (const key of await claimDue(tx, claim)) {
      await deps.queue.enqueue(tx, advanceFeedJob, key, { lane: `${key.practice}/${key.feed}` })
    }
  })
}

/** Handles one job: takes the feed's lease, takes the feed as far as it can go, notes when to look again. */
export async function runAdvanceFeed(deps: ScheduleDeps, key: FeedKey, signal: AbortSignal): Promise<void> {
  const lease = await deps.leases.acquire({ name: `sync/${key.practice}/${key.feed}`, ttlMs: leaseTtlMs })
  if (!lease) return
  try {
    const until = await advanceFeed(deps.sync, { ...key, fence: lease.fence }, AbortSignal.any([signal, lease.lost]))
    await deps.sync.db.control((tx) => setDue(tx, key, timestamp(until)))
  } finally {
    await lease.release()
  }
}

/** After a start as the only instance: no claim of a dead process holds anything up. */
export async function takeOverSchedule(deps: ScheduleDeps): Promise<void> {
  await deps.sync.db.control((tx) => makeEverythingDue(tx))
}
