import { sql, type Tx } from '../db/db.ts'
import type { AppRef } from './app-ref.ts'
import type { PublicJwk } from './private-key.ts'

/** Who gave a credential: a person, the configuration, or the vault that it names. */
export type Origin = 'operator' | 'configuration' | 'vault'

export interface CredentialRow {
  readonly number: number
  readonly kind: 'secret' | 'private-key'
  readonly origin: Origin
  /** Null when revoked. */
  readonly sealed_secret: Buffer | null
  readonly sealed_digest: Buffer | null
  readonly kid: string | null
  readonly public_key: PublicJwk | null
  readonly audience: string | null
  /** Epoch milliseconds of the database's time, as all times here. */
  readonly added_at: number
  /** Null: at once. A clock that is set back must not put off what was good. */
  readonly used_from: number | null
  readonly expires_at: number | null
  readonly revoked_at: number | null
  readonly refused_at: number | null
  /** Code of what kept it from being used then, when athenahealth was not even asked. */
  readonly unusable: string | null
  /** Number of the one after whose first use it ends. */
  readonly ends_after: number | null
  readonly used_at: number | null
  /** The database's time at the reading. */
  readonly now_at: number
}

const insertApp = sql(
  'key_server.create_app',
  `insert into control.app (environment, client_id, last_number) values ($1, $2, 0) on conflict do nothing`,
)

/** Makes the app known. */
export async function ensureApp(tx: Tx, app: AppRef): Promise<void> {
  await tx.rows(insertApp, appValues(app))
}

const lockApp = sql(
  'key_server.lock_app',
  'select last_number from control.app where environment = $1 and client_id = $2 for update',
)

/** Locks the app until the end of the transaction; false when nothing was ever known of it. */
export async function lockedApp(tx: Tx, app: AppRef): Promise<boolean> {
  return (await tx.rows(lockApp, appValues(app))).length > 0
}

const selectCredentials = sql(
  'key_server.credentials',
  `select number, kind, origin, sealed_secret, sealed_digest, kid, public_key, audience, added_at, used_from, expires_at,
     revoked_at, refused_at, unusable, ends_after, used_at, aegis.now() as now_at
   from control.credential where environment = $1 and client_id = $2 order by place, number`,
)

/** Every credential that an app ever had, in their order. */
export function credentialsOf(tx: Tx, app: AppRef): Promise<CredentialRow[]> {
  return tx.rows<CredentialRow>(selectCredentials, appValues(app))
}

const takeNumber = sql(
  'key_server.take_number',
  `update control.app set last_number = last_number + 1 where environment = $1 and client_id = $2 returning last_number`,
)

/** A number for a new credential; the app is locked. */
export async function nextNumber(tx: Tx, app: AppRef): Promise<number> {
  const [row] = await tx.rows<{ last_number: number }>(takeNumber, appValues(app))
  return row?.last_number ?? 0
}

const insertCredential = sql(
  'key_server.store_credential',
  `insert into control.credential (environment, client_id, number, kind, origin, place, sealed_secret, sealed_digest, kid,
     public_key, audience, added_at, used_from, expires_at)
   select $1, $2, $3, $4, $5,
     case when $6 then coalesce(min(place), 1) - 1 else coalesce(max(place), -1) + 1 end,
     $7, $8, $9, $10::jsonb, $11, aegis.now(), case when $12::float8 > 0 then aegis.now() + make_interval(secs => $12::float8 / 1000) end,
     to_timestamp($13::float8 / 1000)
   from control.credential where environment = $1 and client_id = $2`,
)

export interface StoredCredential {
  readonly number: number
  readonly kind: CredentialRow['kind']
  readonly origin: Origin
  readonly first: boolean
  readonly sealedSecret: Buffer
  readonly sealedDigest: Buffer
  readonly key: { readonly kid: string; readonly publicJwk: PublicJwk } | undefined
  readonly audience: string | undefined
  readonly usedAfterMs: number
  readonly expiresAt: number | undefined
}

/** Stores a credential before all others of its app or behind them. */
export async function storeCredential(tx: Tx, app: AppRef, given: StoredCredential): Promise<void> {
  await tx.rows(insertCredential, [
    ...appValues(app),
    given.number,
    given.kind,
    given.origin,
    given.first,
    given.sealedSecret,
    given.sealedDigest,
    given.key?.kid ?? null,
    given.key ? JSON.stringify(given.key.publicJwk) : null,
    given.audience ?? null,
    given.usedAfterMs,
    given.expiresAt ?? null,
  ])
}

const renew = sql(
  'key_server.renew_credential',
  `update control.credential set
     used_from = case when $5::float8 > 0 then aegis.now() + make_interval(secs => $5::float8 / 1000) end,
     expires_at = to_timestamp($6::float8 / 1000), ends_after = null, ends_in = null,
     place = (select case when $4 then min(place) - 1 else max(place) + 1 end
       from control.credential where environment = $1 and client_id = $2)
   where environment = $1 and client_id = $2 and number = $3`,
)

/** Lets one that is there begin and end anew, before all others of its app or behind them. */
export async function renewCredential(
  tx: Tx,
  app: AppRef,
  renewed: Pick<StoredCredential, 'number' | 'first' | 'usedAfterMs' | 'expiresAt'>,
): Promise<void> {
  const { number, first, usedAfterMs, expiresAt } = renewed
  await tx.rows(renew, [...appValues(app), number, first, usedAfterMs, expiresAt ?? null])
}

const reseal = sql(
  'key_server.reseal_credential',
  `update control.credential set sealed_secret = $4, sealed_digest = $5, public_key = $6::jsonb, audience = $7
   where environment = $1 and client_id = $2 and number = $3 and revoked_at is null`,
)

/** Stores one that is there anew, with how it is used. */
export async function resealCredential(
  tx: Tx,
  app: AppRef,
  sealed: Pick<StoredCredential, 'number' | 'sealedSecret' | 'sealedDigest' | 'audience'> & {
    readonly publicJwk: PublicJwk | undefined
  },
): Promise<void> {
  const { number, sealedSecret, sealedDigest, publicJwk, audience } = sealed
  const key = publicJwk ? JSON.stringify(publicJwk) : null
  await tx.rows(reseal, [...appValues(app), number, sealedSecret, sealedDigest, key, audience ?? null])
}

const updateDigest = sql(
  'key_server.store_digest',
  `update control.credential set sealed_digest = $4 where environment = $1 and client_id = $2 and number = $3`,
)

/** Stores by what a secret is known once it is wiped. */
export async function storeDigest(
  tx: Tx,
  app: AppRef,
  { number, sealedDigest }: { number: number; sealedDigest: Buffer },
): Promise<void> {
  await tx.rows(updateDigest, [...appValues(app), number, sealedDigest])
}

const noteSuccessor = sql(
  'key_server.note_successor',
  `update control.credential set ends_after = $3, ends_in = make_interval(secs => $4::float8 / 1000)
   where environment = $1 and client_id = $2 and number <> $3 and revoked_at is null
     and $5::jsonb ? origin and (expires_at is null or expires_at > aegis.now())`,
)

/** Lets every other credential of these origins end so many ms after the first use of this one; a later successor counts. */
export async function noteSuccessorOfOthers(
  tx: Tx,
  app: AppRef,
  { number, inMs, origins }: { number: number; inMs: number; origins: readonly Origin[] },
): Promise<void> {
  await tx.rows(noteSuccessor, [...appValues(app), number, inMs, origins])
}

const endSucceeded = sql(
  'key_server.end_succeeded',
  `update control.credential
   set expires_at = least(expires_at, aegis.now() + ends_in), ends_after = null, ends_in = null
   where environment = $1 and client_id = $2 and ends_after = $3`,
)

/** A token was got with this one: those that it replaces have an end now, unless they end before. */
export async function endSucceededCredentials(tx: Tx, app: AppRef, number: number): Promise<void> {
  await tx.rows(endSucceeded, [...appValues(app), number])
}

const revoke = sql(
  'key_server.revoke_credentials',
  `update control.credential set sealed_secret = null, revoked_at = aegis.now()
   where environment = $1 and client_id = $2 and revoked_at is null and ($3::integer is null or number = $3)
   returning number`,
)
const wipeTokens = sql(
  'key_server.wipe_tokens',
  `update control.access_token set generation = generation + 1, sealed_token = null, expires_at = null, refresh_at = null,
     usable_until = null
   where environment = $1 and client_id = $2
     and (credential is null or credential in (select value::integer from jsonb_array_elements_text($3::jsonb)))`,
)
const forgetSuccessors = sql(
  'key_server.forget_successors',
  `update control.credential set ends_after = null, ends_in = null
   where environment = $1 and client_id = $2
     and ends_after in (select value::integer from jsonb_array_elements_text($3::jsonb))`,
)

/** Wipes one secret, or all, with the tokens that were got with it; the numbers of those that were there. */
export async function wipeCredentials(tx: Tx, app: AppRef, number: number | undefined): Promise<number[]> {
  const revoked = await tx.rows<{ number: number }>(revoke, [...appValues(app), number ?? null])
  const numbers = revoked.map((row) => row.number)
  if (numbers.length === 0) return numbers
  await tx.rows(wipeTokens, [...appValues(app), numbers])
  await tx.rows(forgetSuccessors, [...appValues(app), numbers])
  return numbers
}

const noteUse = sql(
  'key_server.note_use',
  `update control.credential set used_at = aegis.now(), refused_at = case when $4 then aegis.now() end, unusable = null
   where environment = $1 and client_id = $2 and number = $3`,
)

/** Notes what athenahealth made of a credential. */
export async function noteCredentialUse(
  tx: Tx,
  app: AppRef,
  { number, refused }: { number: number; refused: boolean },
): Promise<void> {
  await tx.rows(noteUse, [...appValues(app), number, refused])
}

const noteUnusable = sql(
  'key_server.note_unusable',
  `update control.credential set refused_at = aegis.now(), unusable = $4
   where environment = $1 and client_id = $2 and number = $3`,
)

/** Notes that a credential could not be used: it is passed over like one that athenahealth refuses. */
export async function noteUnusableCredential(
  tx: Tx,
  app: AppRef,
  { number, why }: { number: number; why: string },
): Promise<void> {
  await tx.rows(noteUnusable, [...appValues(app), number, why])
}

const forgetRefusal = sql(
  'key_server.forget_refusal',
  `update control.credential set refused_at = null, unusable = null
   where environment = $1 and client_id = $2 and number = $3`,
)

/** athenahealth is to be asked with it again. */
export async function forgiveCredential(tx: Tx, app: AppRef, number: number): Promise<void> {
  await tx.rows(forgetRefusal, [...appValues(app), number])
}

const forgetFailures = sql(
  'key_server.forget_failures',
  `update control.access_token set failures = 0, retry_at = null, failure = null, refused_at = null
   where environment = $1 and client_id = $2`,
)

/** With a new secret, the refusals of the old one say nothing. */
export async function forgiveFailures(tx: Tx, app: AppRef): Promise<void> {
  await tx.rows(forgetFailures, appValues(app))
}

export interface HolderRow {
  readonly holder: string
  readonly added_at: number
  readonly added_by: string
}

const selectHolders = sql(
  'key_server.holders',
  `select holder, added_at, added_by from control.credential_holder
   where environment = $1 and client_id = $2 order by holder`,
)

/** Who may change the credentials of an app; nobody listed means: not limited. */
export function holdersOf(tx: Tx, app: AppRef): Promise<HolderRow[]> {
  return tx.rows<HolderRow>(selectHolders, appValues(app))
}

const insertHolder = sql(
  'key_server.add_holder',
  `insert into control.credential_holder (environment, client_id, holder, added_at, added_by)
   values ($1, $2, $3, aegis.now(), $4) on conflict do nothing returning holder`,
)

/** False when the holder is listed already. */
export async function storeHolder(
  tx: Tx,
  app: AppRef,
  { holder, by }: { holder: string; by: string },
): Promise<boolean> {
  return (await tx.rows(insertHolder, [...appValues(app), holder, by])).length > 0
}

const deleteHolder = sql(
  'key_server.remove_holder',
  'delete from control.credential_holder where environment = $1 and client_id = $2 and holder = $3 returning holder',
)

/** False when there was no such holder. */
export async function dropHolder(tx: Tx, app: AppRef, holder: string): Promise<boolean> {
  return (await tx.rows(deleteHolder, [...appValues(app), holder])).length > 0
}

function appValues({ environment, clientId }: AppRef): string[] {
  return [environment, clientId]
}
