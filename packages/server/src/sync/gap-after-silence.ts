import { type HeldFeed, wantResnapshot } from './feed-state.sql.ts'
import { openGap } from './gap.sql.ts'
import { unreadSince } from './next-step.ts'
import { asHolder, type SyncDeps, timestamp } from './sync-deps.ts'

/**
 * Says that changes may be missing since a feed was last read to its end, so long ago that athenahealth may not have kept
 * them, and asks for a snapshot that brings them. Drains go on meanwhile.
 */
export async function gapAfterSilence(deps: SyncDeps, held: HeldFeed): Promise<void> {
  const cause = 'retention-passed'
  await asHolder(deps, held, async (tx, state) => {
    await openGap(tx, held, { cause, from: timestamp(unreadSince(state)) })
    await wantResnapshot(tx, held)
  })
  deps.log.warn('sync.gap', { practice: held.practice, feed: held.feed, cause })
}
