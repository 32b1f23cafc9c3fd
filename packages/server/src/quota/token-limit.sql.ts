import { sql, type Tx } from '../db/db.ts'

export interface TokenRow {
  /** Epoch ms. */
  readonly recent: readonly number[]
  readonly blocked_until: number
  readonly now_at: number
}

const insertToken = sql(
  'quota.insert_token',
  'insert into control.quota_token (app) values ($1) on conflict do nothing',
)
const lockToken = sql(
  'quota.lock_token',
  'select recent, blocked_until, aegis.now() as now_at from control.quota_token where app = $1 for update',
)
const storeToken = sql(
  'quota.store_token',
  `update control.quota_token set
     recent = array(select to_timestamp(value::float8 / 1000) from jsonb_array_elements_text($2::jsonb)),
     blocked_until = case when $3::float8 is null then '-infinity' else to_timestamp($3::float8 / 1000) end
   where app = $1`,
)

/** The app's token requests of late, locked until the transaction ends; made where there is no row. */
export async function lockTokenRow(tx: Tx, app: string): Promise<TokenRow> {
  await tx.rows(insertToken, [app])
  const [row] = await tx.rows<TokenRow>(lockToken, [app])
  return row ?? { recent: [], blocked_until: Number.NEGATIVE_INFINITY, now_at: 0 }
}

/** Stores what `lockTokenRow` read, changed. */
export async function storeTokenRow(tx: Tx, app: string, row: TokenRow): Promise<void> {
  const blockedUntil = Number.isFinite(row.blocked_until) ? row.blocked_until : null
  await tx.rows(storeToken, [app, row.recent, blockedUntil])
}
