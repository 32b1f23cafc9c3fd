import { sql, type Tx } from '../db/db.ts'

export interface UsageRow {
  readonly now_at: number
  readonly paused_until: number | null
  readonly calls_last_minute: number
  readonly reserved: number
  readonly foreign_calls: number
  readonly upstream_limit: number | null
  readonly kept_calls: number
  /** See `holdLimitsOf`; null where none was told. */
  readonly per_day: number | null
  readonly per_second: number | null
  /** What being throttled has taught, of a second: see `bookInstants`. */
  readonly margin_seconds: number
}

const readUsage = sql(
  'quota.read_usage',
  `select t.now_at, a.paused_until, d.upstream_limit, l.per_day, l.per_second,
     coalesce(d.reserved, 0) as reserved, coalesce(d.foreign_calls, 0) as foreign_calls,
     coalesce(d.kept_calls, 0) as kept_calls,
     coalesce(case when a.margin_ms > 0 then a.margin_ms / 1000 *
       0.5::float8 ^ least(60, greatest(0, extract(epoch from t.now_at - a.margin_at)::float8 / 3600)) end, 0)::float8
       as margin_seconds,
     coalesce(case
       when t.now_at >= a.minute_at + interval '2 minutes' then 0
       when t.now_at >= a.minute_at + interval '1 minute' then
         a.minute_calls * (1 - extract(epoch from t.now_at - a.minute_at - interval '1 minute') / 60)
       else a.minute_calls + a.minute_before * greatest(0, 1 - extract(epoch from t.now_at - a.minute_at) / 60)
     end, 0)::float8 as calls_last_minute
   from (select aegis.now() as now_at) t
   left join control.quota_app a on a.app = $1
   left join control.quota_limit l on l.app = $1
   left join control.quota_day d on d.app = $1 and d.day = (t.now_at at time zone 'UTC')::date`,
)

const nothingUsed: UsageRow = {
  now_at: 0,
  paused_until: null,
  calls_last_minute: 0,
  reserved: 0,
  foreign_calls: 0,
  upstream_limit: null,
  kept_calls: 0,
  per_day: null,
  per_second: null,
  margin_seconds: 0,
}

/** The app's numbers of today (UTC), zeros for an app that never called. */
export async function usageRow(tx: Tx, app: string): Promise<UsageRow> {
  const [row] = await tx.rows<UsageRow>(readUsage, [app])
  return row ?? nothingUsed
}

export interface UseRow {
  readonly practice_id: number
  readonly priority: string
  readonly calls: number
}

const readUse = sql(
  'quota.read_use',
  `select practice_id, priority, sum(calls)::integer as calls from control.quota_use
   where app = $1 and day = (aegis.now() at time zone 'UTC')::date group by practice_id, priority`,
)

/** Who spent today's calls (UTC day); lags by seconds. */
export async function useRows(tx: Tx, app: string): Promise<UseRow[]> {
  return tx.rows<UseRow>(readUse, [app])
}
