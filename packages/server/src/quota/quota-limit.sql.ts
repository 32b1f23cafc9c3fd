import { sql, type Tx } from '../db/db.ts'
import type { CheckedLimits, HeldLimits } from './quota-limits.ts'

const hold = sql(
  'quota.hold_limits',
  `insert into control.quota_limit as l (app, per_day, per_second, per_practice_per_second, tokens_per_minute, set_at)
   values ($1, $2::integer, $3::float8, $4::float8, $5::integer, aegis.now())
   on conflict (app) do update set
     per_day = excluded.per_day, per_second = excluded.per_second,
     per_practice_per_second = excluded.per_practice_per_second, tokens_per_minute = excluded.tokens_per_minute,
     set_at = excluded.set_at
   where (l.per_day, l.per_second, l.per_practice_per_second, l.tokens_per_minute) is distinct from
     (excluded.per_day, excluded.per_second, excluded.per_practice_per_second, excluded.tokens_per_minute)`,
)

/** Lets limits hold for every process, until others are told. */
export async function holdLimitsOf(tx: Tx, app: string, limits: CheckedLimits): Promise<void> {
  const { perDay, perSecond, perPracticePerSecond, tokensPerMinute } = limits
  await tx.rows(hold, [app, perDay, perSecond, perPracticePerSecond ?? null, tokensPerMinute])
}

const readHeld = sql(
  'quota.read_held',
  `select per_day, per_second, per_practice_per_second, tokens_per_minute from control.quota_limit
   where app = $1 and per_second is not null`,
)

interface HeldRow {
  readonly per_day: number
  readonly per_second: number
  readonly per_practice_per_second: number | null
  readonly tokens_per_minute: number
}

/** The limits that hold for every process; undefined where none were told. */
export async function heldLimitsRow(tx: Tx, app: string): Promise<HeldLimits | undefined> {
  const [row] = await tx.rows<HeldRow>(readHeld, [app])
  return (
    row && {
      perDay: row.per_day,
      perSecond: row.per_second,
      perPracticePerSecond: row.per_practice_per_second ?? undefined,
      tokensPerMinute: row.tokens_per_minute,
    }
  )
}
