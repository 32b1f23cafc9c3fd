import type { Db } from '../db/db.ts'
import type { Kek } from '../sealing/kek.ts'
import type { AppRef } from './app-ref.ts'
import { chooseCredential, type CredentialState, stateOfCredential } from './choose-credential.ts'
import { type CredentialRow, credentialsOf, type Origin } from './credential.sql.ts'
import type { PublicJwk } from './private-key.ts'
import { publicHalfOf } from './sealed-credential.ts'

/** A credential as it may be shown. Instants in epoch ms. */
export interface CredentialInfo {
  readonly number: number
  readonly kind: 'secret' | 'private-key'
  readonly origin: Origin
  readonly state: CredentialState
  /** Whether the next token is asked for with this one. */
  readonly next: boolean
  readonly kid?: string
  readonly alg?: string
  readonly audience?: string
  readonly addedAt: number
  /** Absent: from when it was added. */
  readonly usedFrom?: number
  readonly expiresAt?: number
  readonly revokedAt?: number
  /** When athenahealth refused it last, or it could not be used; absent once it has served since, or was given again. */
  readonly refusedAt?: number
  /** The code of why, where it was not athenahealth. */
  readonly unusable?: string
  /** Number of the one that replaces it: it ends some time after that one is used first. */
  readonly endsAfter?: number
  readonly usedAt?: number
}

/** Every credential that an app ever had, in the order in which they are used, without the secrets. */
export async function listCredentials({ db }: { readonly db: Db }, app: AppRef): Promise<CredentialInfo[]> {
  const rows = await db.control((tx) => credentialsOf(tx, app))
  const next = chooseCredential(rows, rows[0]?.now_at ?? 0)
  return rows.map((row) => infoOf(row, row === next))
}

/** After its time a key stays published for so long: an assertion made at the last moment is still to be checked. */
const publishedOnMs = 3_600_000

/**
 * The public keys of an app, for athenahealth to fetch: of every private key that is used, that is going to be, or that
 * was until lately. A revoked one is not among them, and none that is not sealed under the key file of this process: who
 * has athenahealth take a key of its own needs no secret any more.
 */
export async function publicKeysOf(
  { db, kek }: { readonly db: Db; readonly kek: Kek },
  app: AppRef,
): Promise<{ keys: PublicJwk[] }> {
  const rows = await db.control((tx) => credentialsOf(tx, app))
  const published = rows.filter(({ kind, revoked_at, expires_at, now_at }) => {
    const isOver = revoked_at !== null || (expires_at !== null && expires_at + publishedOnMs <= now_at)
    return kind === 'private-key' && !isOver
  })
  const keys = await Promise.all(published.map((row) => publicHalfOf(kek, app, row)))
  return { keys: keys.filter((key) => key !== undefined) }
}

function infoOf(row: CredentialRow, next: boolean): CredentialInfo {
  return {
    number: row.number,
    kind: row.kind,
    origin: row.origin,
    state: stateOfCredential(row, row.now_at),
    next,
    addedAt: row.added_at,
    ...(row.used_from !== null && { usedFrom: row.used_from }),
    ...(row.kid !== null && { kid: row.kid }),
    ...(row.public_key && { alg: row.public_key.alg }),
    ...(row.audience !== null && { audience: row.audience }),
    ...(row.expires_at !== null && { expiresAt: row.expires_at }),
    ...(row.revoked_at !== null && { revokedAt: row.revoked_at }),
    ...(row.refused_at !== null && { refusedAt: row.refused_at }),
    ...(row.unusable !== null && { unusable: row.unusable }),
    ...(row.ends_after !== null && { endsAfter: row.ends_after }),
    ...(row.used_at !== null && { usedAt: row.used_at }),
  }
}
