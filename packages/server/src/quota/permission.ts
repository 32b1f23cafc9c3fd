import { AegisError } from '../errors/aegis-error.ts'
import type { Priority } from './priorities.ts'

export interface PermissionRequest {
  /** The athenahealth app the limits belong to: one name per client id and environment. */
  readonly app: string
  readonly practice: number
  /** Its turn in the line. */
  readonly priority: Priority
  /** Whose part of the day's calls it takes, and stops with. Default: that of `priority`. */
  readonly dayPriority?: Priority
  /** What the call is for, such as `sync.drain`: only for showing who spends the day. */
  readonly work?: string
  /** The program that called Aegis; absent where Aegis calls for itself. Programs share the calls as practices do. */
  readonly caller?: string
  /** Gives up waiting; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** How long to wait at most, in ms from now. Default 600,000. */
  readonly deadlineMs?: number
  /** For a call that had a permission and could not use it: before all others of its priority. Default false. */
  readonly ahead?: boolean
}

/** Whose call it is: what is counted of who spends the day. Its `priority` is the day's. */
export type Spender = Pick<PermissionRequest, 'practice' | 'priority' | 'work' | 'caller'>

/** Leave to send one call, now. Not to be kept for later: a later call could be one too many in its second. */
export interface Permission extends Spender {
  readonly app: string
  /** The instant on the shared timetable, in the database's time, epoch ms. */
  readonly sendAt: number
  /** The days that it is charged to. */
  readonly days: readonly string[]
}

/** Why there is no permission; `retryAfterMs` is from when on asking again makes sense. */
export function refusal(
  code: 'quota.timeout' | 'quota.too-many-waiting' | 'quota.unreachable' | 'quota.stopping',
  retryAfterMs: number,
): AegisError {
  return new AegisError(code, { retryAfterMs: Math.max(1_000, Math.ceil(retryAfterMs)) })
}

/**
 * The error of a used-up day. `detail.until` is when calls of this kind go on, epoch ms; `detail.limit` is how many calls a day
 * are used up: with more of them they go on before.
 */
export function gone({ until, limit }: { readonly until: number; readonly limit: number }, now: number): AegisError {
  return new AegisError('quota.day-exhausted', { until, limit, retryAfterMs: Math.max(1_000, Math.ceil(until - now)) })
}
