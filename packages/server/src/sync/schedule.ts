import { isAegisError } from '../errors/aegis-error.ts'
import { acquireLease } from '../leases/acquire-lease.ts'
import { leaseEndsAt } from '../leases/lease-ends-at.ts'
import { enqueue } from '../queue/enqueue.ts'
import { defineJob } from '../queue/job.ts'
import { countWaitingJobs } from '../queue/queue.sql.ts'
import type { QuotaUsage } from '../quota/quota-usage.ts'
import { advancePaced } from './advance-paced.ts'
import { type FeedName, feedNames } from './feed-name.ts'
import {
  claimDue,
  holdOff,
  holdOffMsMax,
  makeDue,
  makeEverythingDue,
  noteSurvived,
  setDue,
  standingOf,
} from './schedule.sql.ts'
import type { SyncDeps } from './sync-deps.ts'

/** What a job of sync carries: which feed there is work for. */
export type FeedJob = { readonly practice: number; readonly feed: FeedName }

/**
 * "There is work for this feed": one lane per feed, so that it never runs twice at a time. The schedule enqueues it anew
 * while the feed is due, so that one that failed need not be kept.
 */
export const advanceFeedJob = defineJob<FeedJob>({
  name: 'sync.advance_feed',
  deadLetters: false,
  lane: ({ practice, feed }) => `${practice}/${feed}`,
})

export interface ScheduleDeps {
  readonly sync: SyncDeps
  /** Names this process among the holders of leases. */
  readonly instance: string
  /** Called when a feed was found contested; it is looked at again later. */
  readonly onContested?: () => void
  /** How the day's calls stand. */
  readonly dayUsage: () => Promise<Pick<QuotaUsage, 'perDayLimit' | 'leftToday' | 'resumesAt' | 'usablePerSecond'>>
  /** Has bulk work leave to feeds what they need of the day's calls. */
  readonly keepForFeeds: (needed: number) => Promise<void>
  /** By how much a dead holder delays the next one, in the installation's time. */
  readonly leaseTtlMs: number
}

/** The lease under which a feed is worked on. */
export function leaseOf({ practice, feed }: FeedJob): string {
  return `sync/${practice}/${feed}`
}

/**
 * Feeds that wait in the queue at most. All others wait in the schedule, where who has been due for longest comes first,
 * whoever is added later, and a feed that goes on at once lines up behind them.
 */
const queuedMax = 500

/**
 * Works on a feed that ended with the process, in a row, before it is taken for what ends it: by their fences, of which a
 * death takes one, or two where the next process ends the lease. Whoever only happened to be worked on is done sooner.
 */
const unsurvivedMax = 8

/**
 * For how long a feed is held off then, each for a time of its own: those that were only worked on beside the one that ends
 * the process are not to meet it again.
 */
function holdOffMs({ practice, feed }: FeedJob): number {
  return holdOffMsMax / 2 + ((practice * 17 + feedNames.indexOf(feed)) % 30) * 60_000
}

/** Enqueues a job for each feed that is due. Called once a second by every replica. */
export function enqueueDue({
  sync,
  leaseTtlMs,
}: Pick<ScheduleDeps, 'leaseTtlMs'> & { readonly sync: Pick<SyncDeps, 'db'> }): Promise<void> {
  return sync.db.control(async (tx) => {
    // Held as long as a lease: whoever takes it over from a dead process waits no longer than for that.
    const waiting = await countWaitingJobs(tx, advanceFeedJob, queuedMax)
    const due = await claimDue(tx, { most: queuedMax - waiting, holdSeconds: leaseTtlMs / 1_000 })
    await Promise.all(due.map((feed) => enqueue(tx, advanceFeedJob, feed)))
  })
}

/**
 * Handles one job: takes the feed's lease, takes the feed as far as it can go, notes when to look again. When another
 * process holds the lease there is nothing to do but to look again when that ends: it may be dead.
 */
export async function runAdvanceFeed(deps: ScheduleDeps, job: FeedJob, signal: AbortSignal): Promise<void> {
  const { sync, instance: holder, leaseTtlMs: ttlMs } = deps
  // It may have been taken out of the configuration while the job waited.
  const standing = await sync.db.control((tx) => standingOf(tx, job))
  if (!standing) return
  if (standing.held_off) return lookAgainAt(sync, job, standing.held_off_until)
  const name = leaseOf(job)
  const lease = await acquireLease(sync, { name, holder, ttlMs })
  if (!lease) return lookAgainWhenFree(sync, job, name)
  const { fence, lost } = lease
  try {
    await suspect(sync, job, { fence, endedFence: standing.ended_fence })
    await advancePaced(sync, { ...job, fence, look: () => lease.look() }, AbortSignal.any([signal, lost]))
  } catch (error) {
    await sync.db.control((tx) => noteSurvived(tx, job, fence)).catch(() => undefined) // the next end tells
    // Stopped in the middle: others go on with it at once.
    if (signal.aborted && !lost.aborted) await sync.db.control((tx) => makeDue(tx, job.practice, job.feed))
    if (!isAegisError(error, 'sync.contested')) throw error
    sync.log.error('sync.contested', error, job)
    deps.onContested?.()
  } finally {
    await lease.release()
  }
}

/** Before it is worked on: where that may end this process too, it is held off already, until it is survived. */
async function suspect(
  { db, log }: SyncDeps,
  job: FeedJob,
  { fence, endedFence }: { fence: string; endedFence: string | null },
): Promise<void> {
  if (endedFence === null) {
    await db.control((tx) => noteSurvived(tx, job, String(BigInt(fence) - 1n)))
    return
  }
  const unsurvived = Number(BigInt(fence) - BigInt(endedFence)) - 1
  if (unsurvived < unsurvivedMax) return
  await db.control((tx) => holdOff(tx, job, holdOffMs(job)))
  log.warn('sync.held-off', { ...job, unsurvived })
}

function lookAgainAt({ db }: SyncDeps, job: FeedJob, until: number): Promise<void> {
  return db.control((tx) => setDue(tx, job, { until, callsLimit: null }))
}

async function lookAgainWhenFree({ db }: SyncDeps, job: FeedJob, name: string): Promise<void> {
  await db.control(async (tx) => {
    const endsAt = await leaseEndsAt(tx, name)
    if (endsAt === undefined) await makeDue(tx, job.practice, job.feed)
    else await setDue(tx, job, { until: endsAt, callsLimit: null })
  })
}

/** After a start as the only instance: no claim of a dead process holds anything up. */
export function takeOverSchedule({ sync }: ScheduleDeps): Promise<void> {
  return sync.db.control((tx) => makeEverythingDue(tx))
}
