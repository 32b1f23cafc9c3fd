import { sql, type Tx } from '../db/db.ts'
import type { FeedKey } from './feed-state.sql.ts'

/** A record that was not as athenahealth had it. By its key, never by a patient's id. */
export interface DifferenceRow {
  readonly key: string
  readonly what: 'missing-here' | 'differing' | 'gone-there'
  readonly fields: readonly string[]
  /** What accounts for it, where that is known at once. */
  readonly explanation: 'window' | 'unannounced' | null
  /** The key of the wish for all that its patient has, of what is a patient's. */
  readonly whole?: string
}

const insertSql = sql(
  'sync.insert_differences',
  `insert into aegis.difference (practice_id, run_id, feed, key, what, fields, explanation, found_at)
   select $1, $2, $3, d.key, d.what, array(select json_array_elements_text(d.fields)),
     coalesce(d.explanation, case when exists (
       select from aegis.refetch w where w.practice_id = $1 and w.feed = $3 and w.key in (d.key, d.whole) and w.run_id is null)
       then 'feed' end), (select aegis.now())
   from json_to_recordset($4::json) as d(key text, what text, fields json, explanation text, whole text)`,
)

const judgeAgainSql = sql(
  'sync.judge_again',
  `insert into aegis.reconciliation_task (practice_id, feed, task, due_at)
   select $1, $2, 'judge', aegis.now() where exists (
     select from aegis.reconciliation where practice_id = $1 and run_id = $3 and judged_at is not null)
   on conflict do nothing`,
)

/**
 * Notes what a check found to differ; one that was judged already is judged again, or nobody would be told. A record that waits
 * to be asked for, not for this check's sake, alone or with all that its patient has, was on its way: a feed that only names what
 * changed may have done so long before there are calls to ask.
 */
export async function insertDifferences(
  tx: Tx,
  of: FeedKey & { runId: string },
  rows: readonly DifferenceRow[],
): Promise<void> {
  if (rows.length === 0) return
  await tx.rows(insertSql, [of.practice, of.runId, of.feed, JSON.stringify(rows)])
  await tx.rows(judgeAgainSql, [of.practice, of.feed, of.runId])
}

const feedSql = sql(
  'sync.explain_by_feed',
  `with told as (
     update aegis.refetch w set run_id = null
     where practice_id = $1 and feed = $2 and run_id is not null and key = any(select json_array_elements_text($3::json))
       and not exists (select from aegis.feed_state f where f.practice_id = $1 and f.feed = $2
         and f.checkpoint >= w.wished_at + make_interval(secs => $4::float8)))
   update aegis.difference d set explanation = 'feed'
   where practice_id = $1 and feed = $2 and judged_at is null and explanation is null
     and key = any(select json_array_elements_text($3::json))
     and not exists (select from aegis.feed_state f where f.practice_id = $1 and f.feed = $2
       and f.checkpoint >= d.found_at + make_interval(secs => $4::float8))`,
)

/**
 * The feed brought these records: what a check found of them was on its way, unless the feed had been read to its end some
 * time after that and had not brought them. Then this is a later change, and what was found is a loss all the same. What a
 * check still waits to be told of them is on its way as well: it is asked for on, but not for the check's sake. Without
 * `graceMs` that the feed was read to its end says nothing.
 */
export async function explainByFeed(
  tx: Tx,
  of: FeedKey,
  { keys, graceMs }: { keys: readonly string[]; graceMs?: number },
): Promise<void> {
  if (keys.length)
    await tx.rows(feedSql, [of.practice, of.feed, JSON.stringify(keys), graceMs === undefined ? null : graceMs / 1_000])
}

const gapSql = sql(
  'sync.explain_by_gap',
  `update aegis.difference d set explanation = 'gap'
   where practice_id = $1 and run_id = $2 and explanation is null and exists (
     select from aegis.gap g where g.practice_id = $1 and g.feed = d.feed and g.from_at <= d.found_at
       and (g.closed_at is null or g.closed_at >= d.found_at))`,
)

/** What was found while a gap was open is what the gap is about. */
export async function explainByGaps(tx: Tx, practice: number, runId: string): Promise<void> {
  await tx.rows(gapSql, [practice, runId])
}

const judgedSql = sql(
  'sync.differences_judged',
  `update aegis.difference set judged_at = aegis.now() where practice_id = $1 and run_id = $2 and judged_at is null`,
)

/** From now on nothing accounts for these any more. */
export async function markDifferencesJudged(tx: Tx, practice: number, runId: string): Promise<void> {
  await tx.rows(judgedSql, [practice, runId])
}

const openSql = sql(
  'sync.unsettled_of_run',
  `select (select count(*) from aegis.refetch where practice_id = $1 and feed = $2 and run_id = $3)
     + (select count(*) from aegis.inbox_page where practice_id = $1 and feed = $2 and applied_at is null) as unsettled`,
)

/** Wishes of a check that are not fulfilled, and pages that are not applied. */
export async function countUnsettled(tx: Tx, of: FeedKey & { runId: string }): Promise<number> {
  const [row] = await tx.rows<{ unsettled: string }>(openSql, [of.practice, of.feed, of.runId])
  return Number(row?.unsettled ?? 0)
}
