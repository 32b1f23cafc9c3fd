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
    const months = await monthsBeyond(tx, keys, { held, run })
    const further = windowsOfMonths(months, deps.settings.claimsWindowMonths)
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
): Promise<string[]> {
  const plan = wholeLists(run.plan)
  const months = new Set<string>()
  const claims = { practice: held.practice, kind: 'claim', before: run.first_seq } as const
  for await (const rows of unseenOf(tx, keys, { ...claims, from: null, to: null, reachFrom: null })) {
    for (const row of rows) {
      const claim = openIfPossible(keys, 'claim', row)
      if (claim && !isListedClaim(claim, plan)) months.add(String(claim.claimcreateddate).slice(0, 7))
    }
  }
  return [...months]
}

/** Months, YYYY-MM, as lists of so many neighbours at most: they show what a list of each would, in fewer calls (pure). */
export function windowsOfMonths(months: readonly string[], widestMonths: number): Segment[] {
  const windows: { from: number; to: number }[] = []
  for (const month of months.map(sinceYearNought).sort((one, other) => one - other)) {
    const last = windows.at(-1)
    if (last && month === last.to + 1 && month < last.from + widestMonths) last.to = month
    else windows.push({ from: month, to: month })
  }
  return windows.map(({ from, to }) => ({ list: 'claims', from: dayOf(from, 1), to: dayOf(to + 1, 0) }))
}

function sinceYearNought(month: string): number {
  const [year = 0, ordinal = 0] = month.split('-').map(Number)
  return year * 12 + ordinal - 1
}

/** A day, YYYY-MM-DD, of a month; 0 is the last one of the month before. */
function dayOf(month: number, day: number): string {
  return new Date(Date.UTC(Math.floor(month / 12), month % 12, day)).toISOString().slice(0, 10)
}
