import type { FaultKind } from '@aegis/simulator'
import { sql } from '../packages/server/src/db/db.ts'
import type { GapCause } from '../packages/server/src/sync/gap.sql.ts'
import { type MirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'

/** Faults that make a gap of each cause unavoidable: without one of them it is a gap too many. */
const causes: Readonly<Record<GapCause, readonly FaultKind[]>> = {
  'subscription-lost': ['unsubscribed', 'partial'],
  // An answer in doubt whose window cannot be asked for any more, because time has passed.
  'retention-passed': ['clock-jump'],
  'foreign-consumer': ['lost-page', 'repeated-page'],
  unreadable: ['truncated', 'oversized', 'html'],
}

const shortestDrainMs = 60_000

/** Gaps without a cause among the faults that fired or in calls that were used up, and drains that came too soon after each other. */
export async function judgeCauses(
  mirrored: MirroredPractice,
  fired: readonly { readonly kind: FaultKind; readonly fired: number }[],
  calls: { readonly usedUp: boolean },
): Promise<string[]> {
  const wrong: string[] = []
  for (const { cause, count } of await gapsEver(mirrored)) {
    const possible = causes[cause]
    const times = fired.filter(({ kind }) => possible.includes(kind)).reduce((sum, { fired }) => sum + fired, 0)
    if (times === 0 && !(cause === 'retention-passed' && calls.usedUp))
      wrong.push(`${count} gaps by ${cause}, and nothing that would make one`)
  }
  for (const { feed, minimumMs } of mirrored.simulator.truth.windows().drains) {
    if (minimumMs !== undefined && minimumMs < shortestDrainMs) wrong.push(`I6 drains of ${feed} ${minimumMs} ms apart`)
  }
  return wrong
}

/** Gaps that were ever open, by cause. */
export function gapsEver(mirrored: MirroredPractice): Promise<{ cause: GapCause; count: number }[]> {
  const ever = sql(
    'rig.gaps_ever',
    'select cause, count(*)::int as count from aegis.gap where practice_id = $1 group by 1',
  )
  return mirrored.deps.db.practice(practice, (tx) => tx.rows<{ cause: GapCause; count: number }>(ever, [practice]))
}
