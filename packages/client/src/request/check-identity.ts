import type { Answered } from '../call/send-call.ts'
import type { CatalogueEntry } from '../catalogue/catalogue-entry.ts'
import { badAnswer } from '../resources/practice-api.ts'
import { coerce } from '../wire/coerce.ts'
import { isPlainObject } from '../wire/decode-record.ts'
import type { PlannedRequest } from './plan-request.ts'

interface Identity {
  readonly entry: CatalogueEntry
  readonly answered: Answered
  readonly planned: PlannedRequest
  /** The answer's value, read. */
  readonly value: unknown
}

/** The answer of a reschedule is the new appointment. */
const MOVES = new Map([['PUT /appointments/{appointmentid}/reschedule', { appointmentid: 'newappointmentid' }]])

/**
 * Refuses an answer that names another record than the one asked for: by an id that stands in the path and in the record,
 * or by the patient of the request. Every record of the answer counts: a stranger's must not pass for the patient's.
 */
export function checkIdentity({ entry, answered, planned, value }: Identity): void {
  const foreign = Object.entries(askedFor(entry, planned)).find(([name, asked]) =>
    recordsOf(entry, value).some((record) => {
      const told = coerce.id(record[name])
      return typeof told === 'string' && told !== asked
    }),
  )
  if (foreign) throw badAnswer(answered, 'wrong-record', `another ${foreign[0]}`)
}

/** The ids that an answer's record must not contradict. */
function askedFor(entry: CatalogueEntry, { path, query, form }: PlannedRequest): Readonly<Record<string, string>> {
  const sent = { ...query, ...form }
  const moved = Object.entries(MOVES.get(entry.name) ?? {}).map(([name, by]) => [name, sent[by]] as const)
  const ids = [['patientid', sent['patientid']] as const, ...Object.entries(path ?? {}), ...moved]
  return Object.fromEntries(
    ids.flatMap(([name, id]) => (typeof id === 'string' || typeof id === 'number' ? [[name, String(id)]] : [])),
  )
}

/** The records of a single record's answer; those of a list may stand for others. */
function recordsOf(entry: CatalogueEntry, value: unknown): readonly Record<string, unknown>[] {
  if (entry.envelope === 'one' && Array.isArray(value)) return value.filter(isPlainObject)
  return (entry.envelope === 'object' || entry.envelope === 'unknown') && isPlainObject(value) ? [value] : []
}
