import { AthenaError } from '@aegis/client'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { PAUSE_MS_MAX } from '../quota/timetable.ts'

export interface FailureVerdict {
  /** Shown by `aegis status`: an error code, never a text of upstream. */
  readonly code: string
  readonly retryInMs: number
  /** Of how many calls a day was used up, where that is why: with more of them it can go on before. */
  readonly callsLimit?: number
}

const second = 1_000
const minute = 60 * second

/** Only a person can mend these (wrong secret, no rights): asking often, before five minutes, changes nothing and costs quota. */
const needsPerson: ReadonlySet<string> = new Set([
  'configuration',
  'forbidden',
  'unknown-practice',
  'unauthorized',
  'environment',
  'key-server.credential-refused',
  'sync.nobody-found',
])

/** Not failures: it was not the hour, or others had to go first. */
export const toWaitFor: ReadonlySet<string> = new Set(['policy.off-hours', 'quota.timeout', 'quota.day-exhausted'])

/** What has been so far; `mostMs`: between two tries, a minute if absent. */
export interface PastFailures {
  readonly failures: number
  readonly now: number
  readonly mostMs?: number
}

/** When to try again after a failure (pure): as told where somebody told us, else in growing steps up to `mostMs`. */
export function judgeFailure(error: unknown, past: PastFailures): FailureVerdict {
  const { failures, now, mostMs = minute } = past
  const code = codeOf(error)
  const told = toldToWait(error, now)
  if (told !== undefined) return { code, retryInMs: told, ...usedUp(error) }
  const growingMs = Math.min(mostMs, second * 2 ** Math.min(failures, 10))
  return { code, retryInMs: needsPerson.has(code) ? Math.max(5 * minute, growingMs) : growingMs }
}

function codeOf(error: unknown): string {
  return error instanceof AegisError || error instanceof AthenaError ? error.code : 'internal.unexpected'
}

function usedUp(error: unknown): Pick<FailureVerdict, 'callsLimit'> {
  const limit = isAegisError(error, 'quota.day-exhausted') ? error.detail['limit'] : undefined
  return typeof limit === 'number' ? { callsLimit: limit } : {}
}

function toldToWait(error: unknown, now: number): number | undefined {
  // The app goes on after the longest pause that is believed: a feed that was told a day would stand still for a day all alone.
  if (error instanceof AthenaError && error.code === 'throttled')
    return Math.min(PAUSE_MS_MAX, Math.max(second, error.retryAfterMs ?? 5 * second))
  const until = error instanceof AegisError ? error.detail.until : undefined
  return typeof until === 'number' ? Math.max(second, until - now) : undefined
}
