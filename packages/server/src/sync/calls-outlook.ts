import { currentPlan, type Plan } from '../pacing/plan.ts'
import { planFacts } from './plan-facts.ts'
import { callsToKeep, type PollPace, readPollPace } from './poll-stretch.ts'
import { wakeForCalls } from './schedule.sql.ts'
import type { ScheduleDeps } from './schedule.ts'
import type { SyncDeps } from './sync-deps.ts'

/** How the day's calls stood when they were last looked at, and what follows for how often feeds are read. */
export interface CallsOutlook {
  /** The limit in force of today. */
  readonly dayLimit?: number
  readonly pace?: PollPace
  readonly plan?: Plan
}

/**
 * Looks at the day's calls, and has bulk work leave to feeds what they need. With another limit than before the plan is made
 * anew, however young it is: what was stretched for want of calls goes by it at once.
 */
export async function lookAtCalls(
  {
    sync,
    dayUsage,
    keepForFeeds,
  }: Pick<ScheduleDeps, 'dayUsage' | 'keepForFeeds'> & {
    readonly sync: Pick<SyncDeps, 'db' | 'clock' | 'settings'>
  },
  before: CallsOutlook,
): Promise<CallsOutlook> {
  const usage = await dayUsage()
  const { perDayLimit: dayLimit } = usage
  const isAnew = dayLimit !== before.dayLimit
  const found = sync.settings.pacing.isAdaptive
    ? { plan: await currentPlan(sync, () => planFacts(sync, usage), { isAnew }) }
    : { pace: await readPollPace(sync, usage, sync.settings) }
  const { needed } = found.plan ?? found.pace
  if (needed !== undefined) await keepForFeeds(callsToKeep(needed))
  return { dayLimit, ...found }
}

/**
 * Has feeds looked at that wait because there were fewer calls a day. By how it stands, not by what happened: what is put off
 * later by a process that knew of fewer is found by the next look, and nothing is lost with a process.
 */
export async function wakeWaiting(
  { db, log }: Pick<SyncDeps, 'db' | 'log'>,
  { before, now }: { before: number | undefined; now: number | undefined },
): Promise<void> {
  if (now === undefined) return
  // A plan that was made of fewer calls may have reached a process that knew of more.
  const isMore = before !== undefined && before < now
  const feeds = await db.control((tx) => wakeForCalls(tx, isMore ? now + 1 : now))
  if (feeds > 0) log.info('sync.more-calls', { feeds, dayLimit: now })
}
