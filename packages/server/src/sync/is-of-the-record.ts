import { AthenaError, type AthenaErrorCode } from '@aegis/client'
import { isAegisError } from '../errors/aegis-error.ts'

/** Failures that may be about this one record: they hold up neither the others nor the feed. */
const ofTheRecord: ReadonlySet<AthenaErrorCode> = new Set([
  'malformed-response',
  'response-too-large',
  'server-error',
  'timeout',
  'invalid-request',
  'invalid-argument',
  'rejected',
  'conflict',
  'forbidden',
])

/** Whether a failure may be about the one record, or patient, that was asked for. */
export function isOfTheRecord(error: unknown): boolean {
  if (error instanceof AthenaError) return ofTheRecord.has(error.code) || isMissingUnsaid(error)
  return isAegisError(error, 'sync.wrong-record') || isUntold(error) || isOfItsList(error)
}

const passing: ReadonlySet<AthenaErrorCode> = new Set(['malformed-response', 'server-error', 'timeout'])

/** Whether a failure is like those of an outage, which pass by themselves: of everything that is asked for, not of this alone. */
export function isPassing(error: unknown): boolean {
  return (error instanceof AthenaError && passing.has(error.code)) || isOfItsList(error)
}

/** Whether a list could not be read to its end for now: it shifts, or all but its first page is a large pull, and it is day. */
function isOfItsList(error: unknown): boolean {
  return isAegisError(error, 'sync.list-unstable') || isAegisError(error, 'policy.off-hours')
}

/** Whether nothing was learned of the patient's chart: no department can be asked, or the answer does not say what there is. */
function isUntold(error: unknown): boolean {
  return isAegisError(error, 'sync.list-doubtful') || isAegisError(error, 'sync.no-chart')
}

/**
 * Whether a gateway said in words of its own that nothing is there, or refused it: the record, or whatever answers for it. Which is
 * not known, and only athenahealth's own word is believed for a deletion. Where it is everything, the alarm is that nothing is found.
 * Of a 403 the client has a hint where it is known to be about the app.
 */
function isMissingUnsaid(error: AthenaError): boolean {
  return error.code === 'configuration' && (error.status === 404 || (error.status === 403 && error.hint === undefined))
}
