import type { Tx } from '../db/db.ts'
import { noteResubscribed } from './feed-departments.sql.ts'
import { type FeedStateRow, type HeldFeed, setPartial } from './feed-state.sql.ts'
import { openGap } from './gap.sql.ts'
import { abandonAllRuns } from './snapshot.sql.ts'
import { timestamp } from './sync-deps.ts'

/**
 * Only some events of a feed are subscribed, as far as is known: what the others would tell is a gap, which no snapshot closes as long as that
 * is so. What the feed brings is read all the same: that loses nothing. `since` is when all were last known to be
 * subscribed, epoch ms. Whether the gap is new.
 */
export async function notePartial(
  tx: Tx,
  held: HeldFeed,
  { events, since }: { events: readonly string[]; since?: number | undefined },
): Promise<boolean> {
  await setPartial(tx, held, events)
  return openGap(tx, held, { cause: 'subscription-lost', from: since === undefined ? null : timestamp(since) })
}

/**
 * All events are subscribed again: once that had the time to take hold a snapshot is taken, and closes the gap. A feed that is
 * not live yet comes to it with its first look when it is.
 */
export async function noteWhole(tx: Tx, held: HeldFeed, state: FeedStateRow): Promise<void> {
  if (state.state !== 'live' || state.partial_since === null) return
  await setPartial(tx, held, null)
  // What was being read was read while changes could be missed.
  await abandonAllRuns(tx, held)
  const { subscribed_departments: departments } = state
  await noteResubscribed(tx, held, { departments, added: null, wantsSnapshot: true })
}
