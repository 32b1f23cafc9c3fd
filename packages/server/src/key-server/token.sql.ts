import { lookUp, sql, type Tx } from '../db/db.ts'
import type { AppRef, TokenKey } from './app-ref.ts'

export interface TokenRow {
  /** bigint */
  readonly generation: string
  readonly sealed_token: Buffer | null
  /** Epoch milliseconds of the database's time, as all times here; null without a token. */
  readonly expires_at: number | null
  readonly refresh_at: number | null
  readonly usable_until: number | null
  readonly held_until: number | null
  readonly forced_at: number | null
  readonly failures: number
  readonly retry_at: number | null
  readonly failure: string | null
  /** The database's time at the reading. */
  readonly now_at: number
}

const tokenColumns = lookUp(
  'key_server.token',
  `select generation, sealed_token, expires_at, refresh_at, usable_until, held_until, forced_at, failures, retry_at, failure,
     aegis.now() as now_at
   from control.access_token where environment = $1 and client_id = $2 and base_url = $3 and scope = $4`,
)

export async function tokenRow(tx: Tx, key: TokenKey): Promise<TokenRow | undefined> {
  const [row] = await tx.rows<TokenRow>(tokenColumns, keyValues(key))
  return row
}

const insertToken = sql(
  'key_server.create_token',
  `insert into control.access_token (environment, client_id, base_url, scope) values ($1, $2, $3, $4) on conflict do nothing`,
)

/** The token's row, made if there is none. */
export async function ensuredTokenRow(tx: Tx, key: TokenKey): Promise<TokenRow | undefined> {
  await tx.rows(insertToken, keyValues(key))
  return tokenRow(tx, key)
}

const holdToken = sql(
  'key_server.hold_token',
  `update control.access_token set holder = $5, held_until = to_timestamp($6::float8 / 1000),
     forced_at = coalesce(to_timestamp($7::float8 / 1000), forced_at)
   where environment = $1 and client_id = $2 and base_url = $3 and scope = $4`,
)

/** Makes `holder` the one that fetches. `forcedAt`: when a refused token made it necessary. */
export async function holdTokenRow(
  tx: Tx,
  key: TokenKey,
  { holder, heldUntil, forcedAt }: { holder: string; heldUntil: number; forcedAt: number | null },
): Promise<void> {
  await tx.rows(holdToken, [...keyValues(key), holder, heldUntil, forcedAt])
}

const storeToken = sql(
  'key_server.store_token',
  `update control.access_token set generation = $6, sealed_token = $7, expires_at = to_timestamp($8::float8 / 1000),
     refresh_at = to_timestamp($9::float8 / 1000), usable_until = to_timestamp($10::float8 / 1000),
     holder = null, held_until = null, failures = 0, retry_at = null, failure = null, credential = $11,
     refused_at = case when $12 then refused_at end
   where environment = $1 and client_id = $2 and base_url = $3 and scope = $4 and holder = $5 and exists (
     select from control.credential c
     where c.environment = $1 and c.client_id = $2 and c.number = $11 and c.revoked_at is null)
   returning generation`,
)

export interface NewToken {
  readonly holder: string
  readonly generation: number
  readonly sealed: Buffer
  readonly expiresAt: number
  readonly refreshAt: number
  readonly usableUntil: number
  /** Number of the one it was got with. */
  readonly credential: number
  /** It replaces one that was refused: whether this one is, shows later. */
  readonly forced: boolean
}

/** Stores a fetched token; false when `holder` had taken too long, or the credential was revoked meanwhile. */
export async function storeTokenRow(tx: Tx, key: TokenKey, token: NewToken): Promise<boolean> {
  const { holder, generation, sealed, expiresAt, refreshAt, usableUntil, credential, forced } = token
  const rows = await tx.rows(storeToken, [
    ...keyValues(key),
    holder,
    generation,
    sealed,
    expiresAt,
    refreshAt,
    usableUntil,
    credential,
    forced,
  ])
  return rows.length > 0
}

const failToken = sql(
  'key_server.fail_token',
  `update control.access_token set holder = null, held_until = null, failures = failures + 1,
     retry_at = to_timestamp($6::float8 / 1000), failure = $7, forced_at = case when not $8 then forced_at end
   where environment = $1 and client_id = $2 and base_url = $3 and scope = $4 and holder = $5`,
)

/** Notes a failed fetch: nobody tries again before `retryAt`. `forced`: a refused token is still to be replaced then. */
export async function failTokenRow(
  tx: Tx,
  key: TokenKey,
  { holder, retryAt, failure, forced }: { holder: string; retryAt: number; failure: string; forced: boolean },
): Promise<void> {
  await tx.rows(failToken, [...keyValues(key), holder, retryAt, failure, forced])
}

const noteRefused = sql(
  'key_server.note_token_refused',
  `update control.access_token set refused_at = aegis.now()
   where environment = $1 and client_id = $2 and base_url = $3 and scope = $4
     and (refused_at is null or refused_at < aegis.now() - interval '10 s' or refused_at > aegis.now())`,
)

/** Notes that a token was refused which had replaced a refused one just before. */
export async function noteTokenRefused(tx: Tx, key: TokenKey): Promise<void> {
  await tx.rows(noteRefused, keyValues(key))
}

const dropOldRequests = sql(
  'key_server.drop_old_requests',
  `delete from control.token_request
   where environment = $1 and client_id = $2 and base_url = $3 and counts_until <= to_timestamp($4::float8 / 1000)`,
)
const selectCounting = sql(
  'key_server.counting_requests',
  `select counts_until from control.token_request
   where environment = $1 and client_id = $2 and base_url = $3 order by counts_until desc`,
)

/** Until when each request counts that counts now, the latest first. */
export async function countingRequests(tx: Tx, key: TokenKey, now: number): Promise<number[]> {
  const values = [key.environment, key.clientId, key.baseUrl]
  await tx.rows(dropOldRequests, [...values, now])
  const rows = await tx.rows<{ counts_until: number }>(selectCounting, values)
  return rows.map((row) => row.counts_until)
}

const upsertRequest = sql(
  'key_server.count_request',
  `insert into control.token_request (environment, client_id, base_url, request_id, counts_until)
   values ($1, $2, $3, $4, to_timestamp($5::float8 / 1000))
   on conflict (environment, client_id, base_url, request_id) do update set counts_until = excluded.counts_until`,
)

/** Counts a request until `countsUntil`. */
export async function countRequest(
  tx: Tx,
  key: TokenKey,
  { request, countsUntil }: { request: string; countsUntil: number },
): Promise<void> {
  await tx.rows(upsertRequest, [key.environment, key.clientId, key.baseUrl, request, countsUntil])
}

const postpone = sql(
  'key_server.postpone_counts',
  `update control.token_request set counts_until = greatest(counts_until,
     least(counts_until + make_interval(secs => $4::float8 / 1000), aegis.now() + make_interval(secs => $5::float8 / 1000)))
   where environment = $1 and client_id = $2 and base_url = $3`,
)

/** Lets every request that is noted count for longer by `byMs`, up to `mostMs` from now: the clock was set ahead. */
export async function postponeCounts(
  tx: Tx,
  key: TokenKey,
  { byMs, mostMs }: { byMs: number; mostMs: number },
): Promise<void> {
  await tx.rows(postpone, [key.environment, key.clientId, key.baseUrl, byMs, mostMs])
}

const boundCounts = sql(
  'key_server.bound_counts',
  `update control.token_request set counts_until = to_timestamp($4::float8 / 1000)
   where environment = $1 and client_id = $2 and base_url = $3 and counts_until > to_timestamp($4::float8 / 1000)`,
)
const boundToken = sql(
  'key_server.bound_token',
  `update control.access_token set
     held_until = case when held_until is not null then least(held_until, to_timestamp($5::float8 / 1000)) end,
     retry_at = case when retry_at is not null then least(retry_at, to_timestamp($6::float8 / 1000)) end,
     forced_at = case when forced_at is not null then least(forced_at, to_timestamp($7::float8 / 1000)) end
   where environment = $1 and client_id = $2 and base_url = $3 and scope = $4`,
)

/** The latest that each of these can be, unless the clock was set back. */
export interface LatestTimes {
  readonly countsUntil: number
  readonly heldUntil: number
  readonly retryAt: number
  readonly forcedAt: number
}

/** Brings what is noted for later than can be back to where it can be. */
export async function boundTimes(tx: Tx, key: TokenKey, latest: LatestTimes): Promise<void> {
  await tx.rows(boundCounts, [key.environment, key.clientId, key.baseUrl, latest.countsUntil])
  await tx.rows(boundToken, [...keyValues(key), latest.heldUntil, latest.retryAt, latest.forcedAt])
}

function keyValues(key: TokenKey): string[] {
  return [key.environment, key.clientId, key.baseUrl, key.scope]
}

const tokenLeft = sql(
  'key_server.token_left',
  `select (extract(epoch from max(expires_at) - aegis.now()) * 1000)::float8 as left_ms from control.access_token
   where environment = $1 and client_id = $2 and sealed_token is not null`,
)

/** How long the token of a credential lives on, the latest of several scopes; undefined while there is none. */
export async function readTokenLeftMs(tx: Tx, ref: AppRef): Promise<number | undefined> {
  const [row] = await tx.rows<{ left_ms: number | null }>(tokenLeft, [ref.environment, ref.clientId])
  const leftMs = row?.left_ms ?? undefined
  return leftMs === undefined ? undefined : Math.max(0, leftMs)
}

export interface TokenTrouble {
  /** Why none is had; `token-refused`: athenahealth refuses those that it has just granted. */
  readonly failure: string
  /** In a row. */
  readonly failures: number
  /** Epoch ms of the token at hand; null without one. */
  readonly usable_until: number | null
}

const troubles = sql(
  'key_server.token_troubles',
  `select failure, failures, usable_until, scope, base_url from control.access_token
   where environment = $1 and client_id = $2 and failure is not null and failures > 0
     and retry_at > aegis.now() - interval '1 hour'
   union all
   select 'token-refused', 1, usable_until, scope, base_url from control.access_token
   where environment = $1 and client_id = $2 and refused_at > aegis.now() - interval '1 hour'
   order by scope, base_url, failure`,
)

/** Why the tokens of an app cannot be had, renewed or used; none while all is well, or for what nobody asks any more. */
export function tokenTroubles(tx: Tx, app: AppRef): Promise<TokenTrouble[]> {
  return tx.rows<TokenTrouble>(troubles, [app.environment, app.clientId])
}
