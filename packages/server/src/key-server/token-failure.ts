import { type AthenaError, isAthenaError } from '@aegis/client'
import type { Random } from '../clock/random.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { ErrorCode } from '../errors/error-table.ts'
import type { Log } from '../log/log.ts'
import { isUnreadable } from '../sealing/is-unreadable.ts'

const backoffMs = { first: 2_000, most: 60_000 }
/** A refused credential is tried again so rarely: only a person can put it right. Nothing else is waited for longer. */
export const refusedEveryMs = 300_000

/** What is kept for the other processes of why a token was not to be had: never a text of upstream. */
export function failureOf(error: unknown): AthenaError['code'] | ErrorCode | 'credential-refused' {
  if (isRefusal(error)) return 'credential-refused'
  return isAthenaError(error) || isAegisError(error) ? error.code : 'internal.unexpected'
}

/** The token endpoint says no, in whatever form: JSON, or the gateway's page "Developer Inactive". */
export function isRefusal(error: unknown): boolean {
  return isAthenaError(error) && error.code === 'configuration'
}

/** Whether the request may have reached athenahealth. What Aegis itself refuses is not sent. */
export function wasSent(error: unknown): boolean {
  return !isAegisError(error)
}

/** How long nobody asks again, after so many failures in a row before this one. */
export function delayMs(random: Random, { error, failures }: { error: unknown; failures: number }): number {
  if (isRefusal(error)) return refusedEveryMs
  const most = Math.min(backoffMs.most, backoffMs.first * 2 ** Math.min(failures, 10))
  const told = isAthenaError(error) ? (error.retryAfterMs ?? 0) : 0
  return Math.min(Math.max(told, most * (0.5 + 0.5 * random.fraction())), refusedEveryMs)
}

/** Tells the log, and makes of it what callers are told. */
export function refusal(log: Log, { error, credential }: { error: unknown; credential: number }): AegisError {
  const status = isAthenaError(error) ? error.status : undefined
  if (isRefusal(error)) {
    log.warn('key-server.credential-refused', { status, credential })
    return new AegisError('key-server.credential-refused', { credential }, { cause: error })
  }
  const failure = failureOf(error)
  if (isUnreadable(error)) log.error('key-server.credential-unreadable', error, { credential })
  else log.warn('key-server.token-request-failed', { failure, status })
  return new AegisError('key-server.token-unavailable', { reason: failure }, { cause: error })
}
