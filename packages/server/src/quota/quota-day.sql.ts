import { sql, type Tx } from '../db/db.ts'
import type { DayRow } from './day-budget.ts'

const insertDays = sql(
  'quota.insert_days',
  `insert into control.quota_day (app, day) select $1, value::date from jsonb_array_elements_text($2::jsonb)
   on conflict do nothing`,
)
const lockDays = sql(
  'quota.lock_days',
  `select day, reserved, foreign_calls, upstream_limit from control.quota_day
   where app = $1 and day in (select value::date from jsonb_array_elements_text($2::jsonb))
   order by day for update`,
)

interface StoredDay {
  readonly day: string
  readonly reserved: number
  readonly foreign_calls: number
  readonly upstream_limit: number | null
}

/** The days' rows, locked until the transaction ends; made where they do not exist. */
export async function lockDayRows(tx: Tx, app: string, days: readonly string[]): Promise<DayRow[]> {
  await tx.rows(insertDays, [app, days])
  return (await tx.rows<StoredDay>(lockDays, [app, days])).map(dayRow)
}

const reserveCalls = sql(
  'quota.reserve_calls',
  `update control.quota_day set reserved = greatest(0, reserved + $3::integer) where app = $1 and day = $2::date
   returning day, reserved, foreign_calls, upstream_limit`,
)

/** Adds to (or, negative, gives back) what is reserved of a day. Returns the day as it is then. */
export async function addReserved(tx: Tx, app: string, change: { day: string; calls: number }): Promise<DayRow> {
  const [row] = await tx.rows<StoredDay>(reserveCalls, [app, change.day, change.calls])
  return dayRow(row ?? { day: change.day, reserved: 0, foreign_calls: 0, upstream_limit: null })
}

const observeDay = sql(
  'quota.observe_day',
  `update control.quota_day set
     foreign_calls = greatest(foreign_calls, $3::integer - (reserved - $4::integer)),
     upstream_limit = least(upstream_limit, $5::integer)
   where app = $1 and day = $2::date
   returning day, reserved, foreign_calls, upstream_limit`,
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

export interface UseCount {
  readonly day: string
  readonly practice: number
  readonly priority: string
  readonly calls: number
}

const addUse = sql(
  'quota.add_use',
  `insert into control.quota_use as u (app, day, practice_id, priority, calls)
   select $1, n.day, n.practice, n.priority, n.calls
   from jsonb_to_recordset($2::jsonb) as n (day date, practice integer, priority text, calls integer)
   order by n.day, n.practice, n.priority
   on conflict (app, day, practice_id, priority) do update set calls = u.calls + excluded.calls`,
)
const deleteOldUse = sql('quota.delete_old_use', 'delete from control.quota_use where app = $1 and day < $2::date')

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
  }
}
