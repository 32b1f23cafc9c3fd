import { type FeedPace, feedPace } from '../pacing/feed-pace.ts'
import { setZone } from '../pacing/pacing.sql.ts'
import { zoneOfPractice } from '../records/practice-zone.sql.ts'
import { advanceFeed } from './advance-feed.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { hasChangedFeed } from './feed-table.ts'
import { otherWishedFeeds } from './refetch.sql.ts'
import { makeDue, noteSurvived, setDue } from './schedule.sql.ts'
import type { SyncDeps } from './sync-deps.ts'

/**
 * Takes a feed as far as it can go, as `advanceFeed` does, at the pace that is chosen for it; keeps what was learned of it,
 * and notes on the schedule when to look again. Returns that (epoch ms).
 */
export async function advancePaced(deps: SyncDeps, held: HeldFeed, signal: AbortSignal): Promise<number> {
  // Before the plan, which may be of more calls and never of fewer: what waits by it is looked at again rather once too often.
  const limit = deps.dayLimit?.()
  const pace = await paceFor(deps, held)
  const due = await advanceFeed({ ...deps, feedPace: pace, dayLimit: () => limit }, held, signal)
  if (held.feed === 'departments') await learnZone(deps, held.practice)
  // Other feeds may not be due for long; what this one told of their records does not wait for that.
  const others = pace?.hasBrought ? await deps.db.practice(held.practice, (tx) => otherWishedFeeds(tx, held)) : []
  // Each in a transaction of its own: no two feeds wait for one another's row.
  for (const other of others) await deps.db.control((tx) => makeDue(tx, held.practice, other))
  return deps.db.control(async (tx) => {
    const [isWanted = false] = await Promise.all([pace?.save(tx), noteSurvived(tx, held, held.fence)])
    if (isWanted) await makeDue(tx, held.practice, held.feed)
    else await setDue(tx, held, due)
    return isWanted ? deps.clock.now() : due.until
  })
}

async function paceFor({ db, plan: planNow, settings }: SyncDeps, held: HeldFeed): Promise<FeedPace | undefined> {
  const plan = planNow?.()
  if (!plan || !hasChangedFeed(held.feed)) return undefined
  const rules = { plan, settings: settings.pacing, leastMs: settings.pollIntervalMs }
  return db.control((tx) => feedPace(tx, held, rules))
}

/** By whose clocks the hours of a practice's week are counted. */
async function learnZone({ db }: SyncDeps, practice: number): Promise<void> {
  const zone = await db.practice(practice, (tx) => zoneOfPractice(tx, practice))
  if (zone !== undefined) await db.control((tx) => setZone(tx, practice, zone))
}
