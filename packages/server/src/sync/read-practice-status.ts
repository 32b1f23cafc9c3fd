import type { Tx } from '../db/db.ts'
import { type RecordCounts, recordCountsOf } from '../records/records.sql.ts'
import { feedNames } from './feed-name.ts'
import type { FeedStateRow } from './feed-state.sql.ts'
import { kindOfFeed } from './feed-table.ts'
import { type GapRow, gapsOf, type TroubleRow, troubleOf } from './gap.sql.ts'
import { feedsOf } from './many-practices.sql.ts'
import { type CheckSummary, checksOf } from './reconciliation.sql.ts'

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

export interface CountSince {
  readonly count: number
  readonly since: number
}

export interface FeedSummary extends FeedStateRow {
  readonly present: number
  readonly openIntents: number
  /** Records that athenahealth did not find by id when it was asked last; since when one of them: epoch ms. */
  readonly unfound: CountSince | undefined
  /** The same of records of which nobody can say whether their patients are shown. */
  readonly unclear: CountSince | undefined
  /** Records that for more than a day a read by id has neither shown nor told to be gone; since when one of them was to be asked for. */
  readonly unsettled: CountSince | undefined
  readonly gaps: readonly GapRow[]
  readonly checks: readonly CheckSummary[]
}

const minute = 60_000

/**
 * Reads the pictures of many practices in a few statements; of each that has feeds. To be called in the context of no
 * practice (`db.practice(0, …)`), for some hundreds at a time.
 */
export async function readPracticePictures(
  tx: Tx,
  practices: readonly number[],
  now: number,
): Promise<Map<number, PracticePicture>> {
  const since = { minute: new Date(now - minute).toISOString(), hour: new Date(now - 60 * minute).toISOString() }
  const states = byPractice(await feedsOf(tx, practices))
  const counts = byPractice(await recordCountsOf(tx, practices, since))
  const gaps = byPractice(await gapsOf(tx, practices))
  const trouble = byPractice(await troubleOf(tx, practices))
  const checks = byPractice(await checksOf(tx, practices))
  const pictures = practices.flatMap((practice): [number, PracticePicture][] => {
    const feeds = states.get(practice)
    if (!feeds) return []
    const of = { counts: counts.get(practice), gaps: gaps.get(practice), trouble: trouble.get(practice) }
    return [[practice, pictureOf(feeds, { ...of, checks: checks.get(practice) })]]
  })
  return new Map(pictures)
}

function pictureOf(
  states: readonly FeedStateRow[],
  { counts = [], gaps = [], trouble = [], checks = [] }: PracticeRows,
): PracticePicture {
  const records = countByKind(counts)
  const feeds = states.map((state) => {
    const of = trouble.find((row) => row.feed === state.feed)
    return {
      ...state,
      present: records.get(kindOfFeed(state.feed))?.present ?? 0,
      openIntents: Number(of?.open_intents ?? 0),
      unfound: countSince(of?.unfound, of?.unfound_since),
      unclear: countSince(of?.unclear, of?.unclear_since),
      unsettled: countSince(of?.unsettled, of?.unsettled_since),
      gaps: gaps.filter((gap) => gap.feed === state.feed),
      checks: checks.filter((check) => check.feed === state.feed),
    }
  })
  const sum = (of: 'open_intents' | 'quarantined' | 'waiting_pages' | 'in_doubt') =>
    trouble.reduce((total, row) => total + Number(row[of]), 0)
  const changes = counts.find(({ kind }) => kind === null)
  return {
    feeds: feeds.sort((a, b) => feedNames.indexOf(a.feed) - feedNames.indexOf(b.feed)),
    records,
    changesLastMinute: Number(changes?.changes_minute ?? 0),
    changesLastHour: Number(changes?.changes_hour ?? 0),
    openIntents: sum('open_intents'),
    quarantined: sum('quarantined'),
    waitingPages: sum('waiting_pages'),
    inDoubt: sum('in_doubt'),
  }
}

function countSince(count = '0', since: number | null = null): CountSince | undefined {
  return since === null ? undefined : { count: Number(count), since }
}

/** What was read of one practice; absent where there is none. */
interface PracticeRows {
  readonly counts: readonly RecordCounts[] | undefined
  readonly gaps: readonly GapRow[] | undefined
  readonly trouble: readonly TroubleRow[] | undefined
  readonly checks: readonly CheckSummary[] | undefined
}

function byPractice<Row extends { practice: number }>(rows: readonly Row[]): Map<number, Row[]> {
  return Map.groupBy(rows, ({ practice }) => practice)
}

function countByKind(rows: readonly RecordCounts[]) {
  const counts = new Map<string, { present: number; deleted: number; merged: number }>()
  for (const { kind, present, deleted, merged } of rows) {
    if (kind !== null) counts.set(kind, { present: Number(present), deleted: Number(deleted), merged: Number(merged) })
  }
  return counts
}
