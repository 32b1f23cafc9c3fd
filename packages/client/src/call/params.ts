import { AthenaError } from '../athena-error.ts'
import { readPlainDate, toUsDate } from '../wire/plain-date.ts'

/**
 * A request's parameters by athenahealth's names. Dates are PlainDate (or `MM/DD/YYYY`) text and leave as `MM/DD/YYYY`;
 * lists leave comma-separated; objects leave as JSON text; undefined and null are left out; an empty text is sent.
 */
export type Params = Readonly<Record<string, ParamValue>>
export type ParamValue = Scalar | readonly Scalar[] | readonly JsonObject[] | JsonObject | null | undefined
type Scalar = string | number | boolean
type JsonObject = { readonly [member: string]: unknown }

/** Parameters that hold a date without time. Others pass as they are. */
const DATE =
  /^(dob|guarantordob|(start|end|appointment|approximate|deceased|expiration|issue)date|scheduled(start|end)date|driverslicenseexpirationdate|registrationdate)$/

/** Writes parameters as a query string or form body. Refuses what cannot be meant, naming the field and not its value. */
export function encodeParams(params: Params): string {
  const encoded = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === null) continue
    for (const text of encodeValue(name, value)) encoded.append(name, text)
  }
  return encoded.toString()
}

/** An id for a path or a parameter; refuses anything that is not one, so that no path can be forged. */
export function checkId(name: string, id: string | number): string {
  const text = typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : id
  if (typeof text !== 'string' || !/^-?[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(text)) throw invalid(name, 'is no id')
  return text
}

function encodeValue(name: string, value: NonNullable<ParamValue>): readonly string[] {
  if (!Array.isArray(value)) return [typeof value === 'object' ? encodeObject(name, value) : encodeScalar(name, value)]
  if (value.some((item) => typeof item === 'object')) return [JSON.stringify(value)]
  const texts = value.map((item) => encodeScalar(name, item))
  return texts.some((text) => text.includes(',')) ? texts : [texts.join(',')]
}

function encodeObject(name: string, value: object): string {
  if (value instanceof Date) throw invalid(name, 'takes a PlainDate or text, not a Date: a Date has a time and a zone')
  return JSON.stringify(value)
}

function encodeScalar(name: string, value: Scalar): string {
  if (typeof value === 'boolean') return name.toLowerCase().endsWith('yn') ? (value ? 'Y' : 'N') : String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw invalid(name, 'is not a finite number')
    return String(value)
  }
  if (!DATE.test(name.toLowerCase()) || value === '') return value
  const date = readPlainDate(value)
  if (!date) throw invalid(name, 'is no date (YYYY-MM-DD)')
  return toUsDate(date)
}

function invalid(name: string, hint: string): AthenaError {
  return new AthenaError('invalid-argument', { invalidFields: [name], hint: `${name} ${hint}` })
}
