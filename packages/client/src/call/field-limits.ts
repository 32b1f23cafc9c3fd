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
  refuseLonger(params, patientFieldMax)
}

interface Write {
  readonly method: string
  readonly route: string
}

function refuseLonger(params: Params, maxOf: (field: string) => number | undefined, write?: Write): void {
  const tooLong = Object.entries(params).flatMap(([field, value]): [field: string, charactersMax: number][] => {
    const charactersMax = maxOf(field.toLowerCase())
    const isLonger =
      typeof value === 'string' && charactersMax !== undefined && Array.from(value).length > charactersMax
    return isLonger ? [[field, charactersMax]] : []
  })
  if (tooLong.length === 0) return
  const invalidFields = tooLong.map(([field]) => field)
  const hint = tooLong.map(([field, charactersMax]) => `${field} takes ${charactersMax} characters`).join(', ')
  throw new AthenaError('field-too-long', { ...write, invalidFields, hint })
}

/**
 * Limits that athenahealth's reference names for single parameters of other writes. A name without a route is held to its
 * limit wherever it is sent.
 */
const others: readonly (readonly [field: string, charactersMax: number, route?: RegExp])[] = [
  ['originalfilename', 200],
  ['signaturename', 100],
  ['externaldata', 4_000],
  ['cancellationnote', 400],
  ['reserved19', 48],
  ['name', 30, /^\/appointmenttypes/],
  ['shortname', 4, /^\/appointmenttypes/],
  ['message', 4_000, /^\/usermessages\//],
  ['subject', 80, /^\/usermessages\//],
  ['nameoncard', 30, /\/collectpayment/],
  ['billingaddress', 20, /\/collectpayment/],
]

/**
 * Refuses a write whose fields are longer than athenahealth stores: those of a patient who is created or changed, and those
 * its reference names a limit for. Every write goes through here; no other limits are known.
 */
export function checkFieldLengths({ method, route }: Write, params: Params): void {
  if (method === 'GET') return
  const write = { method, route }
  if (route === '/patients' || route === '/patients/{patientid}') refuseLonger(params, patientFieldMax, write)
  const own = others.filter(([, , where]) => where?.test(route) ?? true)
  refuseLonger(params, (field) => own.find(([name]) => name === field)?.[1], write)
}
