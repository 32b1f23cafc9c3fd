import { type AccessToken, accessToken } from '@aegis/client'
import type { Db } from '../db/db.ts'
import { isUnreadable } from '../sealing/is-unreadable.ts'
import type { Kek } from '../sealing/kek.ts'
import { openSingle } from '../sealing/single-value.ts'
import type { TokenKey } from './app-ref.ts'
import { type TokenRow, tokenRow } from './token.sql.ts'
import { type ClockWatch, watchedTokenRow } from './watched-token-row.ts'

/** A token as it lies in the database, opened. */
export interface StoredToken {
  readonly token: AccessToken & { readonly generation: number }
  /** From here on a newer one is fetched while this one serves. Of this process's steady clock. */
  readonly refreshAt: number
  /** From here on it no longer serves. */
  readonly usableUntil: number
}

/**
 * The stored token; it may be too old. Undefined when there is none. `unreadable` names the generation of one that does
 * not open: the row was tampered with, or damaged. The one already `held` is not opened again,
 * but its times are read anew: what is between two looks counts as the steady clock does.
 */
export async function storedToken(
  deps: { readonly db: Db; readonly kek: Kek } & ClockWatch,
  { key, countMostMs }: { key: TokenKey; countMostMs: number },
  held: StoredToken | undefined,
): Promise<StoredToken | { readonly unreadable: number } | undefined> {
  const { db, kek, clock } = deps
  const asked = { at: clock.now(), steadyAt: clock.steady() }
  const row = await db.control((tx) => watchedTokenRow(deps, { tx, key, countMostMs }, tokenRow))
  if (!row?.sealed_token) return undefined
  const generation = Number(row.generation)
  const times = timesOf(row, asked.steadyAt)
  if (held?.token.generation === generation) return { token: held.token, ...times }
  try {
    const value = await openSingle(kek, tokenPlace(key, generation), row.sealed_token)
    const expiresAt = Math.round(asked.at + (row.expires_at ?? 0) - row.now_at)
    const token = accessToken(value.toString('latin1'), generation, expiresAt)
    value.fill(0)
    return { token: Object.assign(token, { generation }), ...times }
  } catch (error) {
    if (isUnreadable(error)) return { unreadable: generation }
    throw error
  }
}

/** Counted from before the database was asked: too early by what the answer took, and never too late. */
function timesOf(row: TokenRow, askedAt: number): Omit<StoredToken, 'token'> {
  const here = (at: number | null) => askedAt + (at ?? 0) - row.now_at
  return { refreshAt: here(row.refresh_at), usableUntil: here(row.usable_until) }
}

/** The host is authenticated with the token: it opens only for the host that granted it. */
export function tokenPlace(key: TokenKey, generation: number): { table: string; column: string; row: string[] } {
  const row = [key.environment, key.clientId, key.baseUrl, key.scope, String(generation)]
  return { table: 'control.access_token', column: 'sealed_token', row }
}
