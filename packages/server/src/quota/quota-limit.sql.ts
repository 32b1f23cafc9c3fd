import { sql, type Tx } from '../db/db.ts'

const hold = sql(
  'quota.hold_limit',
  `insert into control.quota_limit as l (app, per_day, set_at) values ($1, $2::integer, aegis.now())
   on conflict (app) do update set per_day = excluded.per_day, set_at = excluded.set_at
   where l.per_day <> excluded.per_day`,
)

/** Lets a limit of a day hold for every process, until another one is told. */
export async function holdDayLimit(tx: Tx, app: string, perDay: number): Promise<void> {
  await tx.rows(hold, [app, perDay])
}
