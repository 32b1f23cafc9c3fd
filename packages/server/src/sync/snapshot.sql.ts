import { lookUp, sql, type Tx } from '../db/db.ts'
import type { FeedKey } from './feed-state.sql.ts'
import type { ReadingTask } from './reconciliation.sql.ts'
import type { PlannedSegment } from './segment.ts'

export type SnapshotPhase = 'provisional' | 'authoritative'

export interface SnapshotRun {
  readonly run_id: string
  readonly phase: SnapshotPhase | ReadingTask
  readonly plan: readonly PlannedSegment[]
  readonly segment: number
  readonly row_offset: number
  readonly anchors: readonly string[]
  readonly restarts: number
  readonly records: string
  readonly started_at: number
  /** Order of asking when it began. */
  readonly first_seq: string
  /** Whether it reads departments that were added only. */
  readonly is_part: boolean
}

const openSql = lookUp(
  'sync.open_run',
  `select run_id, phase, plan, segment, row_offset, anchors, restarts, records, started_at, first_seq, is_part
   from aegis.snapshot_run
   where practice_id = $1 and feed = $2 and phase = $3 and finished_at is null order by run_id desc limit 1`,
)

/** The reading that was begun and not finished, if any. */
export async function openSnapshotRun(
  tx: Tx,
  key: FeedKey,
  phase: SnapshotRun['phase'],
): Promise<SnapshotRun | undefined> {
  return (await tx.rows<SnapshotRun>(openSql, [key.practice, key.feed, phase]))[0]
}

const startSql = lookUp(
  'sync.start_run',
  `insert into aegis.snapshot_run (practice_id, feed, phase, plan, first_seq, is_part, started_at)
   values ($1, $2, $3, $4, $5, $6, aegis.now())
   returning run_id, phase, plan, segment, row_offset, anchors, restarts, records, started_at, first_seq, is_part`,
)

export async function startSnapshotRun(
  tx: Tx,
  key: FeedKey,
  run: { phase: SnapshotRun['phase']; plan: readonly PlannedSegment[]; firstSeq: bigint; isPart?: boolean },
): Promise<SnapshotRun> {
  const { phase, plan, firstSeq, isPart = false } = run
  const values = [key.practice, key.feed, phase, JSON.stringify(plan), firstSeq.toString(), isPart]
  const [row] = await tx.rows<SnapshotRun>(startSql, values)
  if (!row) throw new Error('insert returning gives one row')
  return row
}

const moveSql = lookUp(
  'sync.move_run',
  `update aegis.snapshot_run set segment = $3, row_offset = $4, anchors = $5, restarts = $6, records = records + $7
   where practice_id = $1 and run_id = $2`,
)

export interface RunPosition {
  readonly segment: number
  readonly offset: number
  readonly anchors: readonly string[]
  readonly restarts: number
  /** Records read by the page that led here. */
  readonly read: number
}

export async function moveSnapshotRun(tx: Tx, at: FeedKey & { runId: string }, to: RunPosition): Promise<void> {
  await tx.rows(moveSql, [
    at.practice,
    at.runId,
    to.segment,
    to.offset,
    JSON.stringify(to.anchors),
    to.restarts,
    to.read,
  ])
}

const planSql = lookUp(
  'sync.plan_run',
  `update aegis.snapshot_run set plan = $3, row_offset = 0, anchors = '[]', restarts = 0
   where practice_id = $1 and run_id = $2`,
)

/** Lets a reading go on with another order of the lists that are left, from the start of the first of them. */
export async function planAnew(
  tx: Tx,
  at: FeedKey & { runId: string },
  plan: readonly PlannedSegment[],
): Promise<void> {
  await tx.rows(planSql, [at.practice, at.runId, JSON.stringify(plan)])
}

const finishSql = lookUp(
  'sync.finish_run',
  `update aegis.snapshot_run set finished_at = aegis.now() where practice_id = $1 and run_id = $2`,
)

/** Notes that a reading has come to its end. */
export async function finishSnapshotRun(tx: Tx, { practice }: FeedKey, runId: string): Promise<void> {
  await tx.rows(finishSql, [practice, runId])
}

const abandonSql = sql(
  'sync.abandon_runs',
  `update aegis.snapshot_run set finished_at = aegis.now(), abandoned_at = aegis.now()
   where practice_id = $1 and feed = $2 and finished_at is null
     and phase in ('provisional', 'authoritative')`,
)

/** Gives up the snapshot under way. */
export async function abandonSnapshots(tx: Tx, key: FeedKey): Promise<void> {
  await tx.rows(abandonSql, [key.practice, key.feed])
}

const abandonAllSql = sql(
  'sync.abandon_all_runs',
  `with given_up as (
     update aegis.snapshot_run set finished_at = aegis.now(), abandoned_at = aegis.now()
     where practice_id = $1 and feed = $2 and finished_at is null
     returning run_id, phase, started_at, records),
   told as (
     insert into aegis.reconciliation (practice_id, run_id, feed, task, began_at, read_at, compared)
     select $1, g.run_id, $2, g.phase, g.started_at, aegis.now(), g.records from given_up g
     where g.phase not in ('provisional', 'authoritative') and (
       exists (select from aegis.difference d where d.practice_id = $1 and d.run_id = g.run_id)
       or exists (select from aegis.refetch w where w.practice_id = $1 and w.feed = $2 and w.run_id = g.run_id))
     returning run_id)
   insert into aegis.reconciliation_task (practice_id, feed, task, due_at)
   select $1, $2, 'judge', aegis.now() where exists (select from told)
   on conflict do nothing`,
)

/** Gives up everything that is being read: snapshot and checks. What a check has found by then is judged all the same. */
export async function abandonAllRuns(tx: Tx, key: FeedKey): Promise<void> {
  await tx.rows(abandonAllSql, [key.practice, key.feed])
}

const shownDaysSql = sql(
  'sync.shown_days',
  `select distinct part ->> 'from' as first, part ->> 'to' as last
   from aegis.snapshot_run r, jsonb_array_elements(r.plan) as part
   where practice_id = $1 and feed = $2 and finished_at is not null and abandoned_at is null
     and phase <> 'provisional' and not is_part and part ->> 'modifiedSince' is null and part ->> 'list' = $3`,
)

/** The days, YYYY-MM-DD, from the first to the last, of which readings of the whole practice have shown a list of appointments. */
export function shownDays(
  tx: Tx,
  key: FeedKey,
  list: 'booked' | 'open',
): Promise<{ readonly first: string; readonly last: string }[]> {
  return tx.rows(shownDaysSql, [key.practice, key.feed, list])
}

const shownSql = sql(
  'sync.shown_until',
  `select max(part ->> 'to') filter (where part ->> 'list' = 'booked') as booked,
     max(part ->> 'to') filter (where part ->> 'list' = 'open') as open
   from aegis.snapshot_run r, jsonb_array_elements(r.plan) as part
   where practice_id = $1 and feed = $2 and finished_at is not null and abandoned_at is null
     and phase <> 'provisional' and not is_part and part ->> 'modifiedSince' is null`,
)

/** The last days, YYYY-MM-DD, of which a reading of the whole practice has shown the booked appointments and the open slots. */
export async function shownUntil(tx: Tx, key: FeedKey): Promise<{ booked: string | null; open: string | null }> {
  const [row] = await tx.rows<{ booked: string | null; open: string | null }>(shownSql, [key.practice, key.feed])
  return row ?? { booked: null, open: null }
}

const replayedSql = sql(
  'sync.replayed_until',
  `select (part ->> 'until')::float8 as until from aegis.snapshot_run r, jsonb_array_elements(r.plan) as part
   where practice_id = $1 and feed = $2 and phase = 'nightly' and finished_at is not null and abandoned_at is null
     and part ->> 'list' = 'replay'
   order by run_id desc limit 1`,
)

/** Until when the last complete nightly check read again what the feed had handed out, epoch ms; undefined without one. */
export async function replayedUntil(tx: Tx, key: FeedKey): Promise<number | undefined> {
  return (await tx.rows<{ until: number }>(replayedSql, [key.practice, key.feed]))[0]?.until
}

const plannedSql = sql(
  'sync.latest_plan',
  `select plan from aegis.snapshot_run where practice_id = $1 and feed = $2 and phase = 'authoritative'
     and run_id >= (select max(run_id) from aegis.snapshot_run
       where practice_id = $1 and feed = $2 and phase = 'authoritative' and not is_part)`,
)

/**
 * What the latest authoritative snapshot of a feed reads or has read, with the departments added since; undefined when
 * there is none yet.
 */
export async function latestPlan(tx: Tx, key: FeedKey): Promise<readonly PlannedSegment[] | undefined> {
  const rows = await tx.rows<{ plan: readonly PlannedSegment[] }>(plannedSql, [key.practice, key.feed])
  return rows.length === 0 ? undefined : rows.flatMap(({ plan }) => plan)
}
