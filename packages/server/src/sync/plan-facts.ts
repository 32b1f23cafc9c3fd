import type { PlanFacts } from '../pacing/plan.ts'
import { askedPerChange } from './estimate-calls.ts'
import { feedNames } from './feed-name.ts'
import { hasChangedFeed } from './feed-table.ts'
import { type CallsLeft, callsForDrains, callsPerSecondForDrains, checkEveryMs } from './poll-stretch.ts'
import { countScheduled } from './schedule.sql.ts'
import type { SyncDeps } from './sync-deps.ts'
import type { SyncSettings } from './sync-settings.ts'

/** What the price of a call is worked out from: the day's count, and what drains cost. */
export async function planFacts(
  { db, clock, settings }: Pick<SyncDeps, 'db' | 'clock' | 'settings'>,
  usage: CallsLeft,
): Promise<PlanFacts> {
  const feeds = await db.control((tx) => countScheduled(tx, feedNames.filter(hasChangedFeed)))
  return {
    now: clock.now(),
    endsAt: usage.resumesAt,
    calls: callsForDrains(usage),
    ...callsPerSecond(usage),
    feeds,
    ...drainRules(settings),
  }
}

/** What the limit of a second leaves for drains, where it is known. */
export function callsPerSecond({
  usablePerSecond,
}: Pick<CallsLeft, 'usablePerSecond'>): Pick<PlanFacts, 'callsPerSecond'> {
  return usablePerSecond === undefined ? {} : { callsPerSecond: callsPerSecondForDrains({ usablePerSecond }) }
}

/** Within which bounds feeds are read, and what drains and changes cost (pure). */
export function drainRules({
  pollIntervalMs: leastMs,
  pacing: settings,
  ...looks
}: Pick<SyncSettings, 'pollIntervalMs' | 'subscriptionCheckMs' | 'retentionMs' | 'inboxKeepMs' | 'pacing'>): Pick<
  PlanFacts,
  'leastMs' | 'settings' | 'callsPerDrain' | 'callsPerChange'
> {
  return {
    leastMs,
    settings,
    callsPerDrain(everyMs) {
      // Two looks at the subscription, now and then, made when a drain is due.
      const checkMs = checkEveryMs(looks, Math.max(1, everyMs / leastMs))
      return 1 + (2 * everyMs) / Math.max(checkMs, everyMs)
    },
    callsPerChange: (feed) => askedFor.get(feed) ?? 0,
  }
}

const askedFor: ReadonlyMap<string, number> = new Map(feedNames.map((feed) => [feed, askedPerChange(feed)]))
