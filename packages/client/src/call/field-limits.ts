import { AthenaError } from '../athena-error.ts'
import type { Params } from './params.ts'

/** Longest value of most text fields of a patient, in characters (athenahealth's Best Practices page, read 2026-11). */
const DEFAULT_MAX = 20

/** The same page's exceptions. Its words "all zips", "name suffix" and "email" are read as every field of that name. */
const limits: readonly (readonly [field: RegExp, charactersMax: number])[] = [
  [/^lastname$/, 30],
  [/^(guarantor)?address[12]$/, 100],
  [/^(guarantor)?city$/, 30],
  [/^(guarantor)?state$/, 10],
  [/zip$/, 10],
  [/ssn$/, 13],
  [/^employername$/, 100],
  [/^contactname$/, 50],
  [/email$/, 50],
  [/^employercity$/, 40],
  [/^employeraddress$/, 80],
  [/suffix$/, 10],
]

/** Not free text of the 20-character kind: notes, values from athenahealth's lists, ids, codes, dates and flags. */
const unlimited =
  /^(notes|race|sexualorientation|genderidentity|assignedsexatbirth|customfields)$|(ids?|codes?|3166|date|dob|yn)$/

/** The most characters athenahealth stores in a patient's field; undefined when the field is not limited. */
export function patientFieldMax(field: string): number | undefined {
  const name = field.toLowerCase()
  const own = limits.find(([pattern]) => pattern.test(name))
  if (own) return own[1]
  return unlimited.test(name) ? undefined : DEFAULT_MAX
}

/** Refuses a patient whose fields are too long for athenahealth, with their names. Values are never cut. */
export function checkPatientFields(params: Params): void {
  const tooLong = Object.entries(params).filter(([field, value]) => {
    const charactersMax = patientFieldMax(field)
    return typeof value === 'string' && charactersMax !== undefined && Array.from(value).length > charactersMax
  })
  if (tooLong.length === 0) return
  const invalidFields = tooLong.map(([field]) => field)
  const hint = tooLong.map(([field]) => `${field} takes ${patientFieldMax(field)} characters`).join(', ')
  throw new AthenaError('field-too-long', { invalidFields, hint })
}

/** athenahealth's own words on the name of an uploaded file, on every endpoint that takes one. */
const FILENAME_MAX = 200

/**
 * Refuses a write whose fields are longer than athenahealth stores: those of a patient who is created or changed, and the
 * name of an uploaded file. No limits are known of other writes.
 */
export function checkFieldLengths({ method, route }: { method: string; route: string }, params: Params): void {
  if (method !== 'POST' && method !== 'PUT') return
  if (route === '/patients' || route === '/patients/{patientid}') checkPatientFields(params)
  const { originalfilename: name } = params
  if (typeof name !== 'string' || Array.from(name).length <= FILENAME_MAX) return
  const hint = `originalfilename takes ${FILENAME_MAX} characters`
  throw new AthenaError('field-too-long', { invalidFields: ['originalfilename'], hint })
}
