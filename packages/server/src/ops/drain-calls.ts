import { callsAt } from '../pacing/drain-price.ts'
import { type KnownFeeds, priceQuestion } from '../pacing/plan.ts'
import { hasChangedFeed } from '../sync/feed-table.ts'
import { drainRules } from '../sync/plan-facts.ts'
import type { SyncSettings } from '../sync/sync-settings.ts'

/** What the calls of a day for feeds are worked out from. */
export interface DrainCallsFacts {
  readonly known: KnownFeeds
  readonly practices: number
  /** What a call is worth now, see `DrainPrice`: infinite where bounds alone decide. */
  readonly price: number
  /** The day from this instant on, epoch ms. */
  readonly now: number
}

/** Calls of a day for feeds under some settings, at a price. */
export type DrainCalls = (price: number) => (settings: SyncSettings) => number

/** The price of a call at which nothing but its bound has a feed read. */
export const boundsAlone = Number.POSITIVE_INFINITY

const DAY_MS = 86_400_000

/**
 * Calls that drains and looks at subscriptions would take in a day under other settings (pure), reckoned as the planner does. All
 * feeds are read within their bounds, whether the calls do for that or not.
 */
export function drainCallsBy({ known, practices, price, now }: DrainCallsFacts): (settings: SyncSettings) => number {
  return (settings) => {
    const feeds = settings.feeds.filter(hasChangedFeed)
    const sizes = known.sizes.filter(({ feed }) => feeds.some((one) => one === feed))
    const facts = { now, endsAt: now + DAY_MS, calls: 0, feeds: practices * feeds.length, ...drainRules(settings) }
    const { isAdaptive, callWorthMs } = settings.pacing
    const question = priceQuestion({ sizes, profiles: known.profiles }, facts)
    return callsAt(question, { price: isAdaptive ? Math.max(price, callWorthMs) : 0, stretch: 1 })
  }
}
