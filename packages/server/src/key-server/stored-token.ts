import { type AccessToken, accessToken } from '@aegis/client'
import type { Db } from '../db/db.ts'
import { isUnreadable } from '../sealing/is-unreadable.ts'
import type { Kek } from '../sealing/kek.ts'
import { openSingle } from '../sealing/single-value.ts'
import type { TokenKey } from './app-ref.ts'
import { type TokenRow, tokenRow } from './token.sql.ts'
import { type ClockWatch, watchedTokenRow } from './watched-token-row.ts'

/** A token with its end by a clock that nobody sets. */
export interface KeptToken extends AccessToken {
  readonly generation: number
  /** Of this process's steady clock. */
  readonly endsAt: number
}

/** A token as it lies in the database, opened. */
export interface StoredToken {
  readonly token: KeptToken
  /** What it was opened from: a number may be given anew where the database was put back to an earlier state. */
  readonly sealed: Buffer
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
  const { sealed_token: sealed, generation: number } = row ?? {}
  if (!row || !sealed) return undefined
  const generation = Number(number)
  const lifeMs = (row.expires_at ?? 0) - row.now_at
  const tokenOf = (value: string): StoredToken => {
    const token = accessToken(value, generation, Math.round(asked.at + lifeMs))
    const kept = Object.assign(token, { generation, endsAt: asked.steadyAt + lifeMs })
    return { token: kept, sealed, ...timesOf(row, asked.steadyAt) }
  }
  if (held?.token.generation === generation && held.sealed.equals(sealed)) return tokenOf(held.token.value)
  try {
    const value = await openSingle(kek, tokenPlace(key, generation), sealed)
    const opened = value.toString('latin1')
    value.fill(0)
    return tokenOf(opened)
  } catch (error) {
    if (isUnreadable(error)) return { unreadable: generation }
    throw error
  }
}

/** Counted from before the database was asked: too early by what the answer took, and never too late. */
function timesOf(row: TokenRow, askedAt: number): Pick<StoredToken, 'refreshAt' | 'usableUntil'> {
  const here = (at: number | null) => askedAt + (at ?? 0) - row.now_at
  return { refreshAt: here(row.refresh_at), usableUntil: here(row.usable_until) }
}

/** The host is authenticated with the token: it opens only for the host that granted it. */
export function tokenPlace(key: TokenKey, generation: number): { table: string; column: string; row: string[] } {
  const row = [key.environment, key.clientId, key.baseUrl, key.scope, String(generation)]
  return { table: 'control.access_token', column: 'sealed_token', row }
}
