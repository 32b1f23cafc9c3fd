import { isAegisError } from '../errors/aegis-error.ts'
import type { Queue } from '../queue/start-queue.ts'
import { type CallsOutlook, lookAtCalls, wakeWaiting } from './calls-outlook.ts'
import { inBatches } from './in-batches.ts'
import { sweepSync } from './many-practices.sql.ts'
import { paceCheckMs } from './poll-stretch.ts'
import { ReadAhead } from './read-ahead.ts'
import { sweepChecks } from './reconciliation.sql.ts'
import { registerPractices } from './register-practices.ts'
import { listPractices } from './schedule.sql.ts'
import { advanceFeedJob, enqueueDue, runAdvanceFeed, type ScheduleDeps, takeOverSchedule } from './schedule.ts'
import { timestamp } from './sync-deps.ts'

/** Sync at work in this process. */
export interface SyncService {
  /** Enqueues no more; what runs is ended by the queue. */
  stop(): Promise<void>
}

export interface SyncOptions {
  readonly queue: Queue
  readonly practices: readonly number[]
  readonly environment: string
  /** Feeds worked on at a time in this process. */
  readonly concurrency: number
  readonly soleInstance: boolean
}

/** Between two looks at what is due, and between two sweeps of the inbox, in real time of the machine at speed 1. */
const tickMs = 1_000
const sweepMs = 3_600_000
/** What checks found is kept for this long. */
const checksKeepMs = 90 * 86_400_000

/** Registers the practices, begins to work the jobs and to enqueue what is due. */
export async function startSync(deps: ScheduleDeps, options: SyncOptions): Promise<SyncService> {
  const stopping = new AbortController()
  await registerPractices(deps.sync, options)
  if (options.soleInstance) await takeOverSchedule(deps)
  let outlook: CallsOutlook = {}
  const known = { pace: () => outlook.pace, plan: () => outlook.plan, dayLimit: () => outlook.dayLimit }
  const paced = { ...deps, sync: { ...deps.sync, ...known, ahead: new ReadAhead() } }
  await options.queue.work(
    advanceFeedJob,
    (job, { signal }) =>
      untilStopped(runAdvanceFeed(paced, job, AbortSignal.any([signal, stopping.signal])), stopping.signal),
    { concurrency: options.concurrency },
  )
  const ticking = repeat(deps, { everyMs: tickMs, signal: stopping.signal }, () => enqueueDue(deps))
  const sweeping = repeat(deps, { everyMs: sweepMs, signal: stopping.signal }, () => sweepAll(deps))
  const pacing = repeat(deps, { everyMs: paceCheckMs, signal: stopping.signal }, async () => {
    const before = outlook.dayLimit
    outlook = await lookAtCalls(deps, outlook)
    await wakeWaiting(deps.sync, { before, now: outlook.dayLimit })
  })
  return {
    async stop() {
      stopping.abort(new Error('sync is stopping'))
      await Promise.all([ticking, sweeping, pacing])
    },
  }
}

/** A job that ends because sync stops has not failed: the feed is due again at the next start. */
async function untilStopped(work: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function sweepAll({ sync }: ScheduleDeps): Promise<void> {
  const before = timestamp(sync.clock.now() - sync.settings.inboxKeepMs)
  const practices = await sync.db.control((tx) => listPractices(tx))
  const ids = practices.map(({ practice }) => practice)
  await inBatches(sync.db, ids, (tx, batch) => sweepSync(tx, batch, before))
  const judgedBefore = timestamp(sync.clock.now() - checksKeepMs)
  await inBatches(sync.db, ids, (tx, batch) => sweepChecks(tx, batch, judgedBefore))
}

/** Runs `work` again and again until aborted; a failure is logged and does not end it. */
async function repeat(
  { sync }: ScheduleDeps,
  pace: { everyMs: number; signal: AbortSignal },
  work: () => Promise<void>,
): Promise<void> {
  while (!pace.signal.aborted) {
    try {
      await work()
    } catch (error) {
      if (!isAegisError(error, 'db.unavailable')) sync.log.error('sync.tick-failed', error)
    }
    await sync.clock.sleep(pace.everyMs, pace.signal).catch(() => undefined)
  }
}
