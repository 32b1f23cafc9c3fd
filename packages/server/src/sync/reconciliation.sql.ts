import { lookUp, sql, type Tx } from '../db/db.ts'
import type { FeedName } from './feed-name.ts'
import type { FeedKey } from './feed-state.sql.ts'

/** A check that reads from athenahealth: see `reconcile-plan.ts`. */
export type ReadingTask = 'nightly' | 'weekly' | 'rolling'

/** What is done at its time for one feed of one practice; `judge` says what the differences found are worth. */
export type ReconciliationTask = ReadingTask | 'judge'

export interface TaskRow {
  readonly feed: FeedName
  readonly task: ReconciliationTask
  readonly due_at: number
  /** Times it was completed. */
  readonly turn: number
  /** Pages still to be read tonight; null where no slice was begun. */
  readonly pages_left: number | null
  readonly done_at: number | null
  readonly failures: number
  readonly failure_code: string | null
}

const ensureSql = sql(
  'sync.ensure_task',
  `insert into aegis.reconciliation_task (practice_id, feed, task, due_at) values ($1, $2, $3, $4) on conflict do nothing`,
)

/** Puts a task on the calendar, unless it is there. */
export async function ensureTask(
  tx: Tx,
  key: FeedKey,
  { task, dueAt }: { task: ReconciliationTask; dueAt: string },
): Promise<void> {
  await tx.rows(ensureSql, [key.practice, key.feed, task, dueAt])
}

const tasksSql = lookUp(
  'sync.tasks',
  `select feed, task, due_at, due_at <= aegis.now() as is_due, turn, pages_left, done_at, failures, failure_code
   from aegis.reconciliation_task where practice_id = $1 and feed = $2 order by due_at, task`,
)

/** The tasks of a feed, that which is due first at the beginning. */
export function tasksOf(tx: Tx, key: FeedKey): Promise<(TaskRow & { readonly is_due: boolean })[]> {
  return tx.rows(tasksSql, [key.practice, key.feed])
}

const putOffSql = lookUp(
  'sync.put_task_off',
  `update aegis.reconciliation_task set due_at = $4,
     failures = case when $5::text is null then failures else failures + 1 end,
     failure_code = coalesce($5::text, failure_code), calls_limit = $6::integer
   where practice_id = $1 and feed = $2 and task = $3`,
)

/** When a task goes on. `failure`: why it could not go on now; `callsLimit`: of how many calls a day was used up, where that is why. */
export async function putTaskOff(
  tx: Tx,
  key: FeedKey,
  to: { task: ReconciliationTask; dueAt: string; failure?: string; callsLimit?: number },
): Promise<void> {
  await tx.rows(putOffSql, [key.practice, key.feed, to.task, to.dueAt, to.failure ?? null, to.callsLimit ?? null])
}

const sliceSql = lookUp(
  'sync.begin_slice',
  `update aegis.reconciliation_task set pages_left = $4 where practice_id = $1 and feed = $2 and task = $3`,
)

/** How many pages are to be read until the slice is done; null when it is. */
export async function setPagesLeft(
  tx: Tx,
  key: FeedKey,
  slice: { task: ReconciliationTask; pages: number | null },
): Promise<void> {
  await tx.rows(sliceSql, [key.practice, key.feed, slice.task, slice.pages])
}

const doneSql = lookUp(
  'sync.task_done',
  `update aegis.reconciliation_task set due_at = $4, turn = turn + 1, pages_left = null, done_at = aegis.now(),
     failures = 0, failure_code = null, calls_limit = null
   where practice_id = $1 and feed = $2 and task = $3`,
)

/** Notes that a task is complete, and when it is due next. */
export async function finishTask(
  tx: Tx,
  key: FeedKey,
  { task, dueAt }: { task: ReconciliationTask; dueAt: string },
): Promise<void> {
  await tx.rows(doneSql, [key.practice, key.feed, task, dueAt])
}

const wellSql = lookUp(
  'sync.task_well',
  `update aegis.reconciliation_task set failures = 0, failure_code = null
   where practice_id = $1 and feed = $2 and task = $3 and failures > 0`,
)

/** Forgets past failures: it goes on. */
export async function taskGoesOn(tx: Tx, key: FeedKey, task: ReconciliationTask): Promise<void> {
  await tx.rows(wellSql, [key.practice, key.feed, task])
}

const dropSql = sql(
  'sync.drop_task',
  `delete from aegis.reconciliation_task where practice_id = $1 and feed = $2 and task = $3`,
)

export async function dropTask(tx: Tx, key: FeedKey, task: ReconciliationTask): Promise<void> {
  await tx.rows(dropSql, [key.practice, key.feed, task])
}

const readSql = sql(
  'sync.reconciliation_read',
  `insert into aegis.reconciliation (practice_id, run_id, feed, task, began_at, read_at, compared)
   select practice_id, run_id, feed, phase, started_at, aegis.now(), records from aegis.snapshot_run
   where practice_id = $1 and run_id = $2`,
)

/** Notes that a check has read everything; what it found is judged later. */
export async function insertReconciliation(tx: Tx, practice: number, runId: string): Promise<void> {
  await tx.rows(readSql, [practice, runId])
}

const unjudgedSql = sql(
  'sync.unjudged',
  `select run_id, began_at, read_at, d.found_at
   from aegis.reconciliation r, lateral (
     select max(found_at) as found_at from aegis.difference d
     where d.practice_id = r.practice_id and d.run_id = r.run_id and d.judged_at is null) d
   where practice_id = $1 and feed = $2 and (r.judged_at is null or d.found_at is not null) order by run_id`,
)

export interface UnjudgedRow {
  readonly run_id: string
  readonly began_at: number
  readonly read_at: number
  /** When the last difference was found that is not judged; null without any. */
  readonly found_at: number | null
}

/** Checks that have been read and not judged, or have learned of a difference since. */
export function unjudgedReconciliations(tx: Tx, key: FeedKey): Promise<UnjudgedRow[]> {
  return tx.rows<UnjudgedRow>(unjudgedSql, [key.practice, key.feed])
}

const judgeSql = sql(
  'sync.judge_reconciliation',
  `update aegis.reconciliation r set judged_at = aegis.now(), missing_here = c.missing_here, differing = c.differing,
     gone_there = c.gone_there, explained = c.explained, unexplained = c.unexplained
   from (select count(*) filter (where what = 'missing-here') as missing_here,
       count(*) filter (where what = 'differing') as differing, count(*) filter (where what = 'gone-there') as gone_there,
       count(explanation) as explained, count(*) - count(explanation) as unexplained
     from aegis.difference where practice_id = $1 and run_id = $2) c
   where r.practice_id = $1 and r.run_id = $2
   returning r.unexplained`,
)

/** Counts what a check has found. Returns how many differences nothing accounts for. */
export async function closeReconciliation(tx: Tx, practice: number, runId: string): Promise<number> {
  const [row] = await tx.rows<{ unexplained: number }>(judgeSql, [practice, runId])
  return row?.unexplained ?? 0
}

/** Where a check of a feed stands, and what it found when it was last judged; null before that. */
export interface CheckSummary extends Omit<TaskRow, 'task'> {
  readonly task: ReadingTask
  readonly read_at: number | null
  readonly compared: string | null
  readonly missing_here: number | null
  readonly differing: number | null
  readonly gone_there: number | null
  readonly explained: number | null
  readonly unexplained: number | null
}

const checksOfSql = sql(
  'sync.checks_of',
  `select practice_id as practice, feed, task, due_at, turn, pages_left, done_at, failures, failure_code, read_at, compared,
     missing_here, differing, gone_there, explained, unexplained
   from aegis.checks_of($1::integer[])`,
)

/** The checks of many practices. To be called in the context of none: practice 0. */
export function checksOf(tx: Tx, practices: readonly number[]): Promise<(CheckSummary & { practice: number })[]> {
  return tx.rows(checksOfSql, [`{${practices.join(',')}}`])
}

const sweepSql = sql('sync.sweep_checks', 'select aegis.sweep_checks($1::integer[], $2)')

/** Forgets checks of many practices judged before an instant. To be called in the context of none: practice 0. */
export async function sweepChecks(tx: Tx, practices: readonly number[], before: string): Promise<void> {
  await tx.rows(sweepSql, [`{${practices.join(',')}}`, before])
}
