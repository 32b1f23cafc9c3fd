import type { AthenaCall } from '../athena-call.ts'
import type { Failure } from './judge-response.ts'
import type { RetryPolicy } from './retry-policy.ts'

/** What is known of an attempt that failed. */
export interface RetryFacts {
  readonly call: Pick<AthenaCall, 'attempt' | 'consuming' | 'idempotent'>
  readonly failure: Failure
  readonly policy: RetryPolicy
  /** HTTP status, when an answer came. */
  readonly status?: number
  /** Left of the call's deadline. */
  readonly leftMs: number
  /** Whether this call has had a newer token already. */
  readonly renewed: boolean
  /** Whether its content was a stream that has been sent: there is nothing to send again. */
  readonly spent?: boolean
  /** Whether the retry budget affords one. */
  readonly affordable: boolean
  /** In [0, 1). */
  readonly random: number
}

/** Whether to repeat, and after which wait. */
export type RetryDecision =
  | { readonly retry: false }
  | { readonly retry: true; readonly delayMs: number; readonly newToken: boolean }

const NO: RetryDecision = { retry: false }

/** A rate limit counts the last second: a call thrown back by it waits at least that long, whatever it was told. */
const THROTTLE_FLOOR_MS = 1_000

/** Server errors that a repetition may get past. */
const PASSING = new Set([500, 502, 503, 504])

/**
 * Whether a failed attempt is followed by another, and after what wait. Pure.
 *
 * A refused token is renewed once, for any call: nothing was executed. Beyond that a consuming read is never repeated. A
 * write is repeated only where it provably was not executed: the connection was never made, or the gateway threw it back.
 * A plain read is repeated after the faults that pass. The server's Retry-After is the floor of the wait; a wait over
 * the policy's or the deadline's is not begun. An upload of a stream that has been read is never repeated.
 */
export function decideRetry(facts: RetryFacts): RetryDecision {
  const { call, failure, policy } = facts
  if (facts.spent) return NO
  if (failure.code === 'unauthorized') return mayRenew(facts) ? { retry: true, delayMs: 0, newToken: true } : NO
  if (call.consuming || call.attempt >= policy.attemptsMax || !facts.affordable) return NO
  if (!(call.idempotent ? mayPass(facts) : provablyNotExecuted(failure))) return NO
  const delayMs = Math.round(waitMs(facts))
  return delayMs > policy.waitMsMax || delayMs >= facts.leftMs ? NO : { retry: true, delayMs, newToken: false }
}

/** Also where nothing else is repeated, and never as one attempt more than others get. */
function mayRenew({ call, policy, renewed }: RetryFacts): boolean {
  return !renewed && call.attempt < Math.max(2, policy.attemptsMax)
}

function mayPass({ failure, status }: RetryFacts): boolean {
  if (failure.code === 'server-error') return status === undefined || PASSING.has(status)
  return ['network', 'timeout', 'throttled'].includes(failure.code)
}

function provablyNotExecuted(failure: Failure): boolean {
  return failure.executed === 'no' && ['network', 'timeout', 'throttled', 'server-error'].includes(failure.code)
}

function waitMs({ call, failure, policy, random }: RetryFacts): number {
  const floor = Math.max(failure.retryAfterMs ?? 0, failure.code === 'throttled' ? THROTTLE_FLOOR_MS : 0)
  const jitter = random * Math.min(policy.waitMsMax, policy.baseMs * 2 ** (call.attempt - 1))
  return floor + jitter
}
