import type { Clock } from '../clock/clock.ts'
import type { ClockOffset } from '../clock/clock-offset.ts'
import type { Tx } from '../db/db.ts'
import type { TokenKey } from './app-ref.ts'
import { lockedApp } from './credential.sql.ts'
import * as table from './token.sql.ts'

/** How this process tells that the database's clock was set: by its own, which nobody sets. */
export interface ClockWatch {
  readonly clock: Clock
  /** Between the steady clock and the database's. */
  readonly offset: ClockOffset
}

/** Less than this between what the database's clock shows and what it should is drift, and not a clock that was set. */
const setMs = 1_000

/**
 * Reads a token's row with `read`. When the database's clock was set ahead since the last time, the requests of the app
 * would seem to be older than they are: they count for that much longer, and for `countMostMs` from now at most. Who
 * notices later adds little or nothing.
 */
export async function watchedTokenRow(
  { clock, offset }: ClockWatch,
  { tx, key, countMostMs }: { tx: Tx; key: TokenKey; countMostMs: number },
  read: (tx: Tx, key: TokenKey) => Promise<table.TokenRow | undefined>,
): Promise<table.TokenRow | undefined> {
  const sentAt = clock.steady()
  const row = await read(tx, key)
  if (!row) return undefined
  const sample = { sentAt, receivedAt: clock.steady(), remoteFrom: row.now_at }
  const { lowMs, highMs } = offset.setAhead(sample)
  if (lowMs > setMs) {
    // Whoever counts requests holds it.
    await lockedApp(tx, key)
    await table.postponeCounts(tx, key, { byMs: highMs, mostMs: countMostMs })
  }
  offset.observe(sample)
  return row
}
