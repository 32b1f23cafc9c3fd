/** What the row of a token says, in this process's terms. Times in epoch ms of the database. */
export interface TokenState {
  readonly generation: number
  /** Undefined without a token. */
  readonly usableUntil: number | undefined
  readonly heldUntil: number | undefined
  readonly forcedAt: number | undefined
  readonly retryAt: number | undefined
  readonly failure: string | undefined
}

export interface TokenNeed {
  /** The database's. */
  readonly now: number
  /** The token wanted is of a generation after this one. */
  readonly newerThan: number | undefined
  /** Why: athenahealth refused the one named, or it is about to expire. */
  readonly refused: boolean
  /** Until when each counting request of this app counts, the latest first. */
  readonly counting: readonly number[]
  readonly requestsPerMinute: number
}

/**
 * - `use`: the row holds a token that will do.
 * - `wait`: another process is fetching; look again soon.
 * - `blocked`: no request may be made for `waitMs`; `failure` if the last one failed.
 * - `fetch`: ask athenahealth. `forced`: because it refused a token that should be valid.
 */
export type TokenDecision =
  | { readonly kind: 'use' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'blocked'; readonly waitMs: number; readonly failure: string | undefined }
  | { readonly kind: 'fetch'; readonly forced: boolean }

/**
 * A replacement for a refused token is fetched at most once in this time: athenahealth may be refusing all of them, and
 * preview grants five requests a minute.
 */
export const forcedEveryMs = 60_000

/** Whether to fetch a token. Pure: the caller holds the lock. */
export function decideToken(state: TokenState, need: TokenNeed): TokenDecision {
  const { now } = need
  const usable = isAfter(state.usableUntil, now)
  const newEnough = need.newerThan === undefined || state.generation > need.newerThan
  if (usable && newEnough) return { kind: 'use' }
  if (isAfter(state.heldUntil, now)) return { kind: 'wait' }
  if (isAfter(state.retryAt, now)) return { kind: 'blocked', waitMs: state.retryAt - now, failure: state.failure }
  const forced = usable && need.refused
  const nextForcedAt = state.forcedAt === undefined ? undefined : state.forcedAt + forcedEveryMs
  if (forced && isAfter(nextForcedAt, now)) {
    return { kind: 'blocked', waitMs: nextForcedAt - now, failure: 'token-refused' }
  }
  const freeAt = need.counting[need.requestsPerMinute - 1]
  if (isAfter(freeAt, now)) return { kind: 'blocked', waitMs: freeAt - now, failure: undefined }
  return { kind: 'fetch', forced }
}

function isAfter(at: number | undefined, now: number): at is number {
  return at !== undefined && at > now
}
