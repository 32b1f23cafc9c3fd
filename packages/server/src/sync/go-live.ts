import { enterFeedState, type HeldFeed, wantResnapshot } from './feed-state.sql.ts'
import { openGaps } from './gap.sql.ts'
import { asHolderAtOnce, type SyncDeps } from './sync-deps.ts'

/**
 * A feed whose records are read patient by patient is drained from now on, and its snapshot is taken between the drains:
 * what it tells are only names of records, so it does not matter which comes first. Where the first load is switched off
 * only a gap is a reason to read all patients.
 */
export function goLive(deps: SyncDeps, held: HeldFeed): Promise<void> {
  return asHolderAtOnce(deps, held, async (tx) => {
    await enterFeedState(tx, held, 'live')
    const hasGap = (await openGaps(tx, held.practice)).some((gap) => gap.feed === held.feed)
    if (deps.settings.loadByPatient || hasGap) await wantResnapshot(tx, held)
  })
}
