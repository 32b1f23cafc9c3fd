import { type AskedRecord, askedRecord, asksOf } from './asked-record.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { nextRefetches, postponeRefetch } from './refetch.sql.ts'
import { asHolderAtOnce, type SyncDeps } from './sync-deps.ts'

/** Records asked for in one step; then the feed's state is looked at again, so that a drain is not held up. */
const batch = 25

/** A wish that is to be fulfilled now. */
export interface Wanted {
  readonly key: string
  /** The wish itself: one that is noted again is sealed anew. */
  readonly sealed: Buffer
  readonly asked: AskedRecord
  /** When athenahealth said that there is no such record, or showed a chart that lacks some, epoch ms: the look that the next is held against. */
  readonly missedAt: number | null
  /** The charts that were asked then. */
  readonly missedCharts: string | null
  /** That look in the order of asking; when it was wished for where nothing was missing yet. */
  readonly wantedSeq: bigint
  /** Epoch ms; null where an earlier release noted it. */
  readonly wishedAt: number | null
  /** The check that wants to know. */
  readonly runId: string | null
  /** A feed has told of it. */
  readonly isOfFeed: boolean
}

/** What is not found for so long, with every other record of its kind, is taken for gone: `aegis status` has told of it since. */
export const missingMostMs = 24 * 3_600_000

/** What is to be asked for now of a feed; a wish of which nobody can tell any more what it asks for is put off. */
export function wantedRecords(deps: SyncDeps, held: HeldFeed): Promise<Wanted[]> {
  return asHolderAtOnce(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    const wanted: Wanted[] = []
    for (const row of await nextRefetches(tx, held, batch)) {
      const { key, sealed_id: sealed, missing_since, missed_charts, run_id, wished_at, of_feed } = row
      const asks = await asksOf(tx, keys, { held, row })
      if (asks === undefined) {
        await postponeRefetch(tx, held, { recordKey: key, afterMs: missingMostMs, sealed })
        continue
      }
      // Entries that the charts of some departments lack may lie in another's, also a closed one's: before they count as
      // deleted, all are read twice.
      const places = missing_since === null ? { only: held.departments } : { closedToo: true }
      const asked = await askedRecord(tx, keys, { ...places, key: held, asks })
      const wantedSeq = BigInt(row.wanted_seq)
      const missed = { missedAt: missing_since, missedCharts: missed_charts }
      wanted.push({ key, sealed, runId: run_id, isOfFeed: of_feed, wishedAt: wished_at, ...missed, wantedSeq, asked })
    }
    return wanted
  })
}
