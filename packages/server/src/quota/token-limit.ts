import type { Clock } from '../clock/clock.ts'
import type { Db } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { lockTokenRow, storeTokenRow, type TokenRow } from './token-limit.sql.ts'

/**
 * athenahealth counts token requests per minute of its clock, from the top of the minute (Best Practices page, read
 * 2026-11). Where its minute begins and how long a request travels is not known here, so requests are counted in any
 * minute and ten seconds: no minute of any clock then holds more than the limit.
 */
const WINDOW_MS = 70_000

export interface TokenPermissionRequest {
  readonly app: string
  readonly signal?: AbortSignal
  /** How long to wait at most, in ms from now. Default 0: refuse at once when the limit is used up. */
  readonly deadlineMs?: number
}

/** How long until one more token request is within the limit; 0 for now. Pure; instants are epoch ms. */
export function tokenWaitMs(row: TokenRow, perMinute: number): number {
  const recent = row.recent.filter((at) => at > row.now_at - WINDOW_MS && at <= row.now_at).toSorted((a, b) => a - b)
  const blockedMs = Math.max(0, row.blocked_until - row.now_at)
  const oldest = recent[recent.length - perMinute]
  // Not within the window and yet later than now: the clock was set back. A whole window is on the safe side.
  const ahead = row.recent.some((at) => at > row.now_at)
  const windowMs = ahead ? WINDOW_MS : oldest === undefined ? 0 : oldest + WINDOW_MS - row.now_at
  return Math.max(Math.min(blockedMs, WINDOW_MS), windowMs)
}

export interface TokenLimitDeps {
  readonly db: Db
  readonly clock: Clock
}

/**
 * Waits until one token request may be sent, counting it before it is. Shared by every process and kept over restarts,
 * so that a process that crashes at start cannot lock everybody out. `AegisError('quota.token-limit')` with
 * `detail.until` (epoch ms) when the wait would be longer than `deadlineMs`.
 */
export async function tokenPermission(
  deps: TokenLimitDeps,
  perMinute: number,
  request: TokenPermissionRequest,
): Promise<void> {
  const { clock } = deps
  const givesUpAt = clock.now() + (request.deadlineMs ?? 0)
  for (;;) {
    request.signal?.throwIfAborted()
    const waitMs = await takeOrWait(deps, perMinute, request.app)
    if (waitMs === 0) return
    const until = clock.now() + waitMs
    if (until > givesUpAt) throw new AegisError('quota.token-limit', { until })
    await clock.sleep(Math.ceil(waitMs), request.signal)
  }
}

/** athenahealth refused a token request for their number: none by anybody before the minute has surely passed. */
export async function blockTokens(deps: TokenLimitDeps, app: string, retryAfterMs?: number): Promise<void> {
  await deps.db.control(async (tx) => {
    const row = await lockTokenRow(tx, app)
    const blockedMs = Math.min(retryAfterMs ?? 60_000, WINDOW_MS)
    await storeTokenRow(tx, app, { ...row, blocked_until: Math.max(row.blocked_until, row.now_at + blockedMs) })
  })
}

function takeOrWait(deps: TokenLimitDeps, perMinute: number, app: string): Promise<number> {
  return deps.db.control(async (tx) => {
    const row = await lockTokenRow(tx, app)
    const waitMs = tokenWaitMs(row, perMinute)
    if (waitMs > 0) {
      const possible = row.recent.filter((at) => at <= row.now_at)
      if (possible.length < row.recent.length)
        await storeTokenRow(tx, app, { ...row, recent: fullWindow(row, perMinute) })
      return waitMs
    }
    const recent = [...row.recent.filter((at) => at > row.now_at - WINDOW_MS), row.now_at]
    await storeTokenRow(tx, app, { ...row, recent })
    return 0
  })
}

/** After the clock was set back: as if the whole limit had been used just now. */
function fullWindow(row: TokenRow, perMinute: number): number[] {
  return Array.from({ length: perMinute }, () => row.now_at)
}
