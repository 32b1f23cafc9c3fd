import type { Db } from '../db/db.ts'
import { floorOf } from './day-budget.ts'
import { inBrief } from './in-brief.sql.ts'
import { limitInForce, quotaDay } from './quota-day.ts'
import { keepDayCalls } from './quota-day.sql.ts'
import type { CheckedLimits } from './quota-limits.ts'
import { usageRow } from './quota-usage.sql.ts'

/**
 * Of what bulk work could have of a day, feeds get at most this share: where they need all of it, a first load goes on all the
 * same, with a fifth of each day from its beginning on.
 */
const keptShareMax = 0.8

/**
 * How many calls bulk work leaves to feeds until the day ends, beside the share of the day that it leaves anyway (pure). It takes
 * calls as fast as the limit of a second allows, while feeds take theirs over the day: without this a first load of many practices
 * would have all of them within hours. `needed`: what feeds need until then to be read no later than their bounds.
 */
export function keptForFeeds({ needed, limit }: { needed: number; limit: number }): number {
  const [bulk, feeds] = [floorOf('bulk', { limit, kept: 0 }), floorOf('feeds', { limit, kept: 0 })]
  return Math.max(0, Math.ceil(Math.min(needed - (bulk - feeds), keptShareMax * (limit - bulk))))
}

/** Has bulk work of every process leave to feeds what they need until the day ends. See `keptForFeeds`. */
export async function keepForFeeds(
  { db, limits }: { db: Pick<Db, 'control'>; limits: CheckedLimits },
  { app, needed }: { app: string; needed: number },
): Promise<void> {
  await inBrief(db, async (tx) => {
    const { now_at: now, upstream_limit: theirs, per_day: held } = await usageRow(tx, app)
    const limit = limitInForce(held ?? limits.perDay, theirs)
    await keepDayCalls(tx, app, { day: quotaDay(now), calls: keptForFeeds({ needed, limit }) })
  })
}
