import { type AccessToken, accessToken } from '@aegis/client'
import type { Db } from '../db/db.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import type { Kek } from '../sealing/kek.ts'
import { openSingle } from '../sealing/single-value.ts'
import type { TokenKey } from './credential-ref.ts'
import { tokenRow } from './key-server.sql.ts'

/** A token as it lies in the database, opened. */
export interface StoredToken {
  readonly token: AccessToken & { readonly generation: number }
  /** From here on a newer one is fetched while this one serves. Epoch milliseconds. */
  readonly refreshAt: number
  /** From here on it no longer serves. */
  readonly usableUntil: number
}

/**
 * The stored token; it may be too old. Undefined when there is none. `unreadable` names the generation of one that does
 * not open: the row was tampered with, or damaged. The one already `held` is not opened again.
 */
export async function storedToken(
  { db, kek }: { db: Db; kek: Kek },
  key: TokenKey,
  held: StoredToken | undefined,
): Promise<StoredToken | { readonly unreadable: number } | undefined> {
  const row = await db.control((tx) => tokenRow(tx, key))
  if (!row?.sealed_token) return undefined
  const generation = Number(row.generation)
  if (held?.token.generation === generation) return held
  try {
    const value = await openSingle(kek, tokenPlace(key, generation), row.sealed_token)
    const token = accessToken(value.toString('latin1'), generation, row.expires_at ?? 0)
    value.fill(0)
    const times = { refreshAt: row.refresh_at ?? 0, usableUntil: row.usable_until ?? 0 }
    return { token: Object.assign(token, { generation }), ...times }
  } catch (error) {
    if (isAegisError(error, 'sealing.unreadable') || isAegisError(error, 'sealing.format-unknown')) {
      return { unreadable: generation }
    }
    throw error
  }
}

/** The host is authenticated with the token: it opens only for the host that granted it. */
export function tokenPlace(key: TokenKey, generation: number): { table: string; column: string; row: string[] } {
  const row = [key.environment, key.clientId, key.baseUrl, key.scope, String(generation)]
  return { table: 'control.access_token', column: 'sealed_token', row }
}
