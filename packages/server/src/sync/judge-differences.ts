import type { Tx } from '../db/db.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import { countUnsettled, explainByGaps, markDifferencesJudged } from './difference.sql.ts'
import type { FeedStateRow, HeldFeed } from './feed-state.sql.ts'
import { openIntents } from './intent.sql.ts'
import * as calendar from './reconciliation.sql.ts'
import { asHolder, type SyncDeps, timestamp } from './sync-deps.ts'

/** A difference is judged after this at the latest: a record that cannot be read keeps no verdict waiting for ever. */
const judgedWithinMs = 24 * 3_600_000

/**
 * Says what the differences are worth that checks have found and mended. One is explained when the feed brings the record
 * too, so that it was only on its way; by a gap that was open; or by what a check can know at once. Therefore a verdict
 * waits until the feed has been read to its end some time later, and the looks at subscription and processed changes
 * that find gaps have been taken. What is left is unexplained: the mirror had lost something and nobody knew.
 */
export async function judgeDifferences(deps: SyncDeps, held: HeldFeed): Promise<void> {
  const judged = await asHolder(deps, held, async (tx, state) => {
    const open = await calendar.unjudgedReconciliations(tx, held)
    const verdicts: { unexplained: number }[] = []
    for (const run of open) {
      if (!(await isRipe(deps, tx, { held, state, run }))) continue
      await explainByGaps(tx, held.practice, run.run_id)
      await markDifferencesJudged(tx, held.practice, run.run_id)
      verdicts.push({ unexplained: await calendar.closeReconciliation(tx, held.practice, run.run_id) })
    }
    if (verdicts.length === open.length) await calendar.dropTask(tx, held, 'judge')
    else {
      const dueAt = timestamp(deps.clock.now() + deps.settings.pollIntervalMs)
      await calendar.putTaskOff(tx, held, { task: 'judge', dueAt })
    }
    await failpoint('sync.before-judged')
    return verdicts
  })
  const where = { practice: held.practice, feed: held.feed }
  for (const { unexplained } of judged) {
    if (unexplained > 0) deps.log.warn('sync.unexplained-differences', { ...where, records: unexplained })
  }
}

async function isRipe(
  { clock, settings }: SyncDeps,
  tx: Tx,
  { held, state, run }: { held: HeldFeed; state: FeedStateRow; run: calendar.UnjudgedRow },
): Promise<boolean> {
  if (clock.now() > Math.max(run.read_at, run.found_at ?? 0) + judgedWithinMs) return true
  if ((await countUnsettled(tx, { ...held, runId: run.run_id })) > 0) return false
  if (run.found_at === null) return true
  if ((await openIntents(tx, held)).length > 0) return false
  const looks = [state.subscription_checked_at, state.foreign_checked_at]
  const { found_at: found } = run
  return (state.checkpoint ?? 0) >= found + settings.reconcileGraceMs && looks.every((at) => (at ?? 0) >= found)
}
