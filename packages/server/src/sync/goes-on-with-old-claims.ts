import type { Tx } from '../db/db.ts'
import { openIfPossible } from '../records/open-record.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import type { FeedKey, HeldFeed } from './feed-state.sql.ts'
import { openGaps } from './gap.sql.ts'
import { unreadLists } from './quarantine.ts'
import { isListedClaim, unseenOf } from './reconcile-snapshot.ts'
import { type Segment, wholeLists } from './segment.ts'
import { planAnew, type SnapshotRun } from './snapshot.sql.ts'
import { asHolderAtOnce, type SyncDeps } from './sync-deps.ts'

/**
 * Of claims athenahealth has no list of what changed. Where changes may have been missed, a reading that has come to its end goes
 * on with the months of claims that we hold and none of its lists shows. Whether there are any.
 */
export async function goesOnWithOldClaims(deps: SyncDeps, held: HeldFeed, run: SnapshotRun): Promise<boolean> {
  if (held.feed !== 'claims' || run.phase === 'provisional' || run.phase === 'nightly') return false
  return asHolderAtOnce(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    if (!(await mayHaveMissed(tx, keys, held))) return false
    const further = await monthsBeyond(tx, keys, { held, run })
    if (further.length > 0) await planAnew(tx, { ...held, runId: run.run_id }, [...run.plan, ...further])
    return further.length > 0
  })
}

/** A gap, or something in what the feed handed out that could not be read. */
async function mayHaveMissed(tx: Tx, keys: PracticeKeys, key: FeedKey): Promise<boolean> {
  if ((await openGaps(tx, key.practice)).some(({ feed }) => feed === key.feed)) return true
  return (await unreadLists(tx, keys, key)).some(({ list }) => list === 'replay')
}

async function monthsBeyond(
  tx: Tx,
  keys: PracticeKeys,
  { held, run }: { held: FeedKey; run: SnapshotRun },
): Promise<Segment[]> {
  const plan = wholeLists(run.plan)
  const months = new Set<string>()
  const claims = { practice: held.practice, kind: 'claim', before: run.first_seq } as const
  for await (const rows of unseenOf(tx, keys, { ...claims, from: null, to: null, reachFrom: null })) {
    for (const row of rows) {
      const claim = openIfPossible(keys, 'claim', row)
      if (claim && !isListedClaim(claim, plan)) months.add(String(claim.claimcreateddate).slice(0, 7))
    }
  }
  return [...months].sort().map((month) => ({ list: 'claims', from: `${month}-01`, to: lastDayOf(month) }))
}

/** The last day, YYYY-MM-DD, of a month YYYY-MM. */
function lastDayOf(month: string): string {
  const [year = 0, ordinal = 0] = month.split('-').map(Number)
  return new Date(Date.UTC(year, ordinal, 0)).toISOString().slice(0, 10)
}
