import type { PlanFacts } from '../pacing/plan.ts'
import type { QuotaUsage } from '../quota/quota-usage.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { feedNames } from './feed-name.ts'
import { hasChangedFeed, kindOfFeed } from './feed-table.ts'
import { callsForDrains, checkStretchMax } from './poll-stretch.ts'
import { countScheduled } from './schedule.sql.ts'
import type { SyncDeps } from './sync-deps.ts'

/** What the price of a call is worked out from: the day's count, and what drains cost. */
export async function planFacts(
  { db, clock, settings }: Pick<SyncDeps, 'db' | 'clock' | 'settings'>,
  usage: Pick<QuotaUsage, 'perDayLimit' | 'leftToday' | 'resumesAt'>,
): Promise<PlanFacts> {
  const { pollIntervalMs: leastMs, subscriptionCheckMs, pacing } = settings
  const feeds = await db.control((tx) => countScheduled(tx, feedNames.filter(hasChangedFeed)))
  return {
    now: clock.now(),
    endsAt: usage.resumesAt,
    calls: callsForDrains(usage),
    feeds,
    leastMs,
    settings: pacing,
    callsPerDrain(everyMs) {
      // Two looks at the subscription, now and then, made when a drain is due.
      const checkMs = subscriptionCheckMs * Math.min(checkStretchMax, Math.max(1, everyMs / leastMs))
      return 1 + (2 * everyMs) / Math.max(checkMs, everyMs)
    },
    callsPerChange: (feed) => askedFor.get(feed) ?? 0,
  }
}

/** Feeds that only name a record, which is then asked for. */
const askedFor: ReadonlyMap<string, number> = new Map(
  feedNames.map((feed) => [feed, recordKinds[kindOfFeed(feed)].feedTells === 'id' ? 1 : 0]),
)
