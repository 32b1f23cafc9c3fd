import { sql, type Tx } from '../db/db.ts'

export interface PlanRow {
  readonly price: number
  readonly stretch: number
  readonly feeds: number
  /** Null until it was first worked out. */
  readonly ends_at: number | null
  readonly profiled_at: number | null
}

const claimSql = sql(
  'pacing.claim_plan',
  `insert into control.pacing_plan as p (planned_at) values (aegis.now())
   on conflict (single) do update set planned_at = aegis.now()
     where p.planned_at <= aegis.now() - make_interval(secs => $1::float8 / 1000) or p.planned_at > aegis.now()
   returning single`,
)

/** Whether the plan is to be made anew by whoever asks: nobody else does within `everyMs`. A clock that was set back counts. */
export async function claimPlan(tx: Tx, everyMs: number): Promise<boolean> {
  return (await tx.rows(claimSql, [everyMs])).length === 1
}

const storeSql = sql(
  'pacing.store_plan',
  `update control.pacing_plan set price = $1, stretch = $2, feeds = $3, ends_at = $4`,
)

export async function storePlan(
  tx: Tx,
  plan: { price: number; stretch: number; feeds: number; endsAt: string },
): Promise<void> {
  await tx.rows(storeSql, [plan.price, plan.stretch, plan.feeds, plan.endsAt])
}

const readSql = sql('pacing.read_plan', `select price, stretch, feeds, ends_at, profiled_at from control.pacing_plan`)

export async function readPlan(tx: Tx): Promise<PlanRow | undefined> {
  return (await tx.rows<PlanRow>(readSql))[0]
}

const seenSql = sql(
  'pacing.seen_of_all',
  `select f.feed, (u.place - 1)::integer as hour, sum(u.changes)::float8 as changes, sum(u.hours)::float8 as hours
   from control.pacing_feed f, unnest(f.changes, f.hours) with ordinality as u (changes, hours, place)
   where f.drained_at > aegis.now() - interval '30 days'
   group by 1, 2`,
)

/** What was seen of each feed over all practices, by hour of the week. */
export function seenOfAll(tx: Tx): Promise<{ feed: string; hour: number; changes: number; hours: number }[]> {
  return tx.rows(seenSql)
}

const profileSql = sql(
  'pacing.store_profile',
  `insert into control.pacing_profile as p (feed, rates) values ($1, $2::real[])
   on conflict (feed) do update set rates = excluded.rates`,
)
const profilingSql = sql('pacing.profiling', `update control.pacing_plan set profiled_at = aegis.now()`)

/** Notes that profiles are being made: also where they fail, they are not tried again at once. */
export async function noteProfiling(tx: Tx): Promise<void> {
  await tx.rows(profilingSql)
}

/** Keeps how each feed changes in a typical practice. */
export async function storeProfiles(tx: Tx, profiles: ReadonlyMap<string, readonly number[]>): Promise<void> {
  for (const [feed, rates] of profiles) {
    await tx.rows(profileSql, [feed, `{${rates.map((rate) => Number(rate.toPrecision(6))).join(',')}}`])
  }
}

const profilesSql = sql('pacing.profiles', `select feed, rates from control.pacing_profile`)

export async function readProfiles(tx: Tx): Promise<Map<string, readonly number[]>> {
  const rows = await tx.rows<{ feed: string; rates: readonly number[] }>(profilesSql)
  return new Map(rows.map(({ feed, rates }) => [feed, rates]))
}
