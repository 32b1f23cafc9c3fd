import type { Answered } from '../call/send-call.ts'
import type { CatalogueEntry } from '../catalogue/catalogue-entry.ts'
import { badAnswer } from '../resources/practice-api.ts'
import { coerce } from '../wire/coerce.ts'
import { isPlainObject } from '../wire/decode-record.ts'

interface Identity {
  readonly entry: CatalogueEntry
  readonly answered: Answered
  /** Values of the path's braces, as sent. */
  readonly path: Readonly<Record<string, string | number>>
  /** The answer's value, read. */
  readonly value: unknown
}

/** Writes that answer with another record than the path's: a reschedule's answer is the new appointment. */
const MOVES = new Set(['PUT /appointments/{appointmentid}/reschedule'])

/**
 * Refuses an answer that names another record than the one asked for. Every record it holds counts, and every id that
 * stands both in the path and in the record: a stranger's data must not pass for the patient's.
 */
export function checkIdentity({ entry, answered, path, value }: Identity): void {
  if (MOVES.has(entry.name)) return
  const foreign = Object.entries(path).find(([name, asked]) =>
    recordsOf(entry, value).some((record) => {
      const told = coerce.id(record[name])
      return typeof told === 'string' && told !== String(asked)
    }),
  )
  if (foreign) throw badAnswer(answered, 'wrong-record', `another ${foreign[0]}`)
}

/** The records of a single record's answer; those of a list may stand for others. */
function recordsOf(entry: CatalogueEntry, value: unknown): readonly Record<string, unknown>[] {
  if (entry.envelope === 'one' && Array.isArray(value)) return value.filter(isPlainObject)
  return (entry.envelope === 'object' || entry.envelope === 'unknown') && isPlainObject(value) ? [value] : []
}
