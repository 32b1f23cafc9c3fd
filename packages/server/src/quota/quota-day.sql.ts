import { sql, type Tx } from '../db/db.ts'
import type { DayRow } from './day-budget.ts'

const insertDays = sql(
  'quota.insert_days',
  `insert into control.quota_day (app, day) select $1, value::date from jsonb_array_elements_text($2::jsonb)
   on conflict do nothing`,
)
const lockDays = sql(
  'quota.lock_days',
  `select day, reserved, foreign_calls, upstream_limit, kept_calls,
     (select l.per_day from control.quota_limit l where l.app = $1) as per_day
   from control.quota_day
   where app = $1 and day in (select value::date from jsonb_array_elements_text($2::jsonb))
   order by day for update`,
)

interface StoredDay {
  readonly day: string
  readonly reserved: number
  readonly foreign_calls: number
  readonly upstream_limit: number | null
  readonly kept_calls: number
  /** See `holdLimitsOf`. */
  readonly per_day: number | null
}

/** The days' rows, locked until the transaction ends; made where they do not exist. */
export async function lockDayRows(tx: Tx, app: string, days: readonly string[]): Promise<DayRow[]> {
  await tx.rows(insertDays, [app, days])
  return (await tx.rows<StoredDay>(lockDays, [app, days])).map(dayRow)
}

const reserveCalls = sql(
  'quota.reserve_calls',
  `update control.quota_day set reserved = greatest(0, reserved + $3::integer) where app = $1 and day = $2::date
   returning day, reserved, foreign_calls, upstream_limit, kept_calls,
     (select l.per_day from control.quota_limit l where l.app = $1) as per_day`,
)

/** Adds to (or, negative, gives back) what is reserved of a day. Returns the day as it is then. */
export async function addReserved(tx: Tx, app: string, change: { day: string; calls: number }): Promise<DayRow> {
  const [row] = await tx.rows<StoredDay>(reserveCalls, [app, change.day, change.calls])
  const none = { reserved: 0, foreign_calls: 0, upstream_limit: null, kept_calls: 0, per_day: null }
  return dayRow(row ?? { day: change.day, ...none })
}

const observeDay = sql(
  'quota.observe_day',
  `with before as (
     select foreign_calls from control.quota_day where app = $1 and day = $2::date for update),
   after as (
     update control.quota_day d set
       foreign_calls = greatest(d.foreign_calls, $3::integer - (d.reserved - $4::integer)),
       upstream_limit = least(d.upstream_limit, $5::integer)
     from before where d.app = $1 and d.day = $2::date
     returning d.day, d.reserved, d.foreign_calls, d.upstream_limit, d.kept_calls,
       d.foreign_calls - before.foreign_calls as more),
   hour as (
     insert into control.quota_hour as h (app, at, priority, work, calls)
     select $1, date_trunc('hour', aegis.now()), 'foreign', '', more from after where more > 0
     on conflict (app, at, priority, work) do update set calls = h.calls + excluded.calls)
   select day, reserved, foreign_calls, upstream_limit, kept_calls,
     (select l.per_day from control.quota_limit l where l.app = $1) as per_day
   from after`,
)

/**
 * Notes what athenahealth counted. Of its count, everything beyond what this installation can have sent was sent by
 * somebody else. The count is older than `reserved`, so this errs low, and only ever grows within a day.
 */
export async function observeDayRow(
  tx: Tx,
  app: string,
  seen: { day: string; calls: number; unused: number; limit: number | undefined },
): Promise<DayRow | undefined> {
  const [row] = await tx.rows<StoredDay>(observeDay, [app, seen.day, seen.calls, seen.unused, seen.limit ?? null])
  return row && dayRow(row)
}

const keepCalls = sql(
  'quota.keep_calls',
  `insert into control.quota_day as d (app, day, kept_calls) values ($1, $2::date, $3::integer)
   on conflict (app, day) do update set kept_calls = excluded.kept_calls where d.kept_calls <> excluded.kept_calls`,
)

/** Notes how many calls of a day bulk work leaves to feeds from now on. */
export async function keepDayCalls(tx: Tx, app: string, kept: { day: string; calls: number }): Promise<void> {
  await tx.rows(keepCalls, [app, kept.day, kept.calls])
}

/** Calls of one spender in one hour of one day. */
export interface UseCount {
  readonly day: string
  /** Beginning of the hour, epoch ms. */
  readonly hour: number
  readonly practice: number
  readonly priority: string
  readonly work: string
  readonly caller: string
  readonly calls: number
}

const addUse = sql(
  'quota.add_use',
  `with n as (
     select * from jsonb_to_recordset($2::jsonb)
       as n (day date, hour float8, practice integer, priority text, work text, caller text, calls integer)),
   hours as (
     insert into control.quota_hour as h (app, at, priority, work, calls)
     select $1, to_timestamp(n.hour / 1000), n.priority, n.work, sum(n.calls) from n
     group by n.hour, n.priority, n.work order by n.hour, n.priority, n.work
     on conflict (app, at, priority, work) do update set calls = h.calls + excluded.calls)
   insert into control.quota_use as u (app, day, practice_id, priority, work, caller, calls)
   select $1, n.day, n.practice, n.priority, n.work, n.caller, sum(n.calls) from n
   group by n.day, n.practice, n.priority, n.work, n.caller
   order by n.day, n.practice, n.priority, n.work, n.caller
   on conflict (app, day, practice_id, priority, work, caller) do update set calls = u.calls + excluded.calls`,
)
const deleteOldUse = sql(
  'quota.delete_old_use',
  `with hours as (
     delete from control.quota_hour where app = $1 and at < ($2::date)::timestamp at time zone 'UTC')
   delete from control.quota_use where app = $1 and day < $2::date`,
)

/** Adds to who spent what. */
export async function addUseRows(tx: Tx, app: string, counts: readonly UseCount[]): Promise<void> {
  await tx.rows(addUse, [app, counts])
}

/** Forgets who spent what before a day. */
export async function deleteUseBefore(tx: Tx, app: string, day: string): Promise<void> {
  await tx.rows(deleteOldUse, [app, day])
}

function dayRow(row: StoredDay): DayRow {
  return {
    day: row.day,
    reserved: row.reserved,
    foreign: row.foreign_calls,
    upstreamLimit: row.upstream_limit,
    kept: row.kept_calls,
    perDay: row.per_day,
  }
}
