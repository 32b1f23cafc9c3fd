import type { Tx } from '../db/db.ts'
import { changesSince, recordCounts } from '../records/records.sql.ts'
import { type FeedStateRow, readFeeds } from './feed-state.sql.ts'
import { feedNames, kindOfFeed } from './feed-table.ts'
import { type GapRow, countTrouble, openGaps } from './gap.sql.ts'
import { openIntents } from './intent.sql.ts'

/** Where a practice's mirror stands, as numbers; `ops/` puts it into words. */
export interface PracticePicture {
  readonly feeds: readonly FeedSummary[]
  readonly records: ReadonlyMap<string, { present: number; deleted: number; merged: number }>
  readonly changesLastMinute: number
  readonly changesLastHour: number
  readonly openIntents: number
  readonly quarantined: number
  readonly waitingPages: number
  /** Records to be asked for by id. */
  readonly inDoubt: number
}

export interface FeedSummary extends FeedStateRow {
  readonly present: number
  readonly openIntents: number
  readonly gaps: readonly GapRow[]
}

const minute = 60_000

/** Reads the picture in the practice's own context. */
export async function readPracticePicture(tx: Tx, practice: number, now: number): Promise<PracticePicture> {
  const states = await readFeeds(tx, practice)
  const records = countByKind(await recordCounts(tx, practice))
  const gaps = await openGaps(tx, practice)
  const feeds: FeedSummary[] = []
  for (const state of states) {
    const intents = await openIntents(tx, { practice, feed: state.feed })
    feeds.push({
      ...state,
      present: records.get(kindOfFeed(state.feed))?.present ?? 0,
      openIntents: intents.length,
      gaps: gaps.filter((gap) => gap.feed === state.feed),
    })
  }
  const trouble = await countTrouble(tx, practice)
  return {
    feeds: feeds.sort((a, b) => feedNames.indexOf(a.feed) - feedNames.indexOf(b.feed)),
    records,
    changesLastMinute: await countChanges(tx, practice, now - minute),
    changesLastHour: await countChanges(tx, practice, now - 60 * minute),
    ...trouble,
  }
}

async function countChanges(tx: Tx, practice: number, since: number): Promise<number> {
  const rows = await changesSince(tx, practice, new Date(since).toISOString())
  return rows.reduce((sum, row) => sum + Number(row.changes), 0)
}

function countByKind(rows: readonly { kind: string; state: string; records: string }[]) {
  const counts = new Map<string, { present: number; deleted: number; merged: number }>()
  for (const row of rows) {
    const of = counts.get(row.kind) ?? { present: 0, deleted: 0, merged: 0 }
    counts.set(row.kind, { ...of, [row.state]: Number(row.records) })
  }
  return counts
}
