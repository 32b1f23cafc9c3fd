import { sql, type Tx } from '../db/db.ts'

export interface HourRow {
  readonly at: number
  readonly kind: string
  readonly calls: number
}

const readHours = sql(
  'quota.read_hours',
  `select at, priority as kind, sum(calls)::integer as calls from control.quota_hour
   where app = $1 and at >= aegis.now() - interval '36 days' group by at, priority`,
)

/** An app's calls by the hour and priority, of the past five weeks. */
export async function hourRows(tx: Tx, app: string): Promise<HourRow[]> {
  return tx.rows<HourRow>(readHours, [app])
}

export interface WorkRow {
  readonly priority: string
  readonly work: string
  readonly caller: string
  readonly today: number
  readonly yesterday: number
}

const readWorks = sql(
  'quota.read_works',
  `select u.priority, u.work, u.caller,
     coalesce(sum(u.calls) filter (where u.day = t.today), 0)::integer as today,
     coalesce(sum(u.calls) filter (where u.day < t.today), 0)::integer as yesterday
   from (select (aegis.now() at time zone 'UTC')::date as today) t
   join control.quota_use u on u.app = $1 and u.day between t.today - 1 and t.today
   where $2::integer is null or u.practice_id = $2
   group by u.priority, u.work, u.caller order by today desc, yesterday desc, priority, work, caller`,
)

/** What calls of today and yesterday were for: of all practices, or of one. */
export async function workRows(tx: Tx, app: string, practice: number | undefined): Promise<WorkRow[]> {
  return tx.rows<WorkRow>(readWorks, [app, practice ?? null])
}

export interface SpenderRow {
  readonly practice: number
  readonly today: number
  readonly yesterday: number
  /** Practices that called at all, the ones that are not listed included. */
  readonly practices: number
}

const readSpenders = sql(
  'quota.read_spenders',
  `select u.practice_id as practice,
     coalesce(sum(u.calls) filter (where u.day = t.today), 0)::integer as today,
     coalesce(sum(u.calls) filter (where u.day < t.today), 0)::integer as yesterday,
     (count(*) over ())::integer as practices
   from (select (aegis.now() at time zone 'UTC')::date as today) t
   join control.quota_use u on u.app = $1 and u.day between t.today - 1 and t.today
   where $3::integer is null or u.practice_id = $3
   group by u.practice_id order by today desc, yesterday desc, practice limit $2::integer`,
)

/** The practices that spent most today, or one of them. */
export async function spenderRows(
  tx: Tx,
  app: string,
  { most, practice }: { most: number; practice: number | undefined },
): Promise<SpenderRow[]> {
  return tx.rows<SpenderRow>(readSpenders, [app, most, practice ?? null])
}
