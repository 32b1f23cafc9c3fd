import { AthenaError } from '../athena-error.ts'
import { type FileValue, isFile } from '../upload/content.ts'
import { readPlainDate, toUsDate } from '../wire/plain-date.ts'
import { readWireDateTime } from '../wire/wire-date-time.ts'

/**
 * A request's parameters by athenahealth's names. Dates are PlainDate (or `MM/DD/YYYY`) text and leave as `MM/DD/YYYY`;
 * lists leave comma-separated; objects leave as JSON text, dates in them alike; undefined and null are left out; an empty text is sent. A file
 * (`content(…)`, bytes, a Blob) makes the call an upload; a text in its place is sent as it is.
 */
export type Params = Readonly<Record<string, ParamValue>>
/** What a parameter may be. */
export type ParamValue = Scalar | readonly Scalar[] | readonly JsonObject[] | JsonObject | FileValue | null | undefined
type Scalar = string | number | boolean
type JsonObject = { readonly [member: string]: unknown }

/** Parameters that hold a date without time and nothing else. */
const DATE =
  /^(dob|guarantordob|(start|end|appointment|approximate|deceased|expiration|issue)date|scheduled(start|end)date|driverslicenseexpirationdate|registrationdate)$/

/**
 * Parameters that hold a date by their name: a date leaves as athenahealth writes dates, any other text as it is, because
 * some of them take a year, a month and a year, or a form of their own.
 */
const DATE_BY_NAME = /date$|dob$|^date(of|created)|daterange(start|end)$/

/** Parameters documented as `mm/dd/yyyy hh:mi:ss`. The other date-times are documented otherwise, or not at all. */
const DATE_TIME = /^((start|end)lastmodified|showprocessed(start|end)datetime|signaturedatetime)$/

/** Writes parameters as a query string or form body. Refuses what cannot be meant, naming the field and not its value. */
export function encodeParams(params: Params): string {
  return new URLSearchParams(encodePairs(params)).toString()
}

/** Parameters as names and texts, a name more than once where its list cannot be written between commas. */
export function encodePairs(params: Params): [name: string, text: string][] {
  return Object.entries(params).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : encodeValue(name, value).map((text): [string, string] => [name, text]),
  )
}

/** An id for a path or a parameter; refuses anything that is not one, so that no path can be forged. */
export function checkId(name: string, id: string | number): string {
  const text = typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : id
  if (typeof text !== 'string' || !/^-?[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(text)) throw invalid(name, 'is no id')
  return text
}

/** A text for a path: any but one that could lead to another place, even where a gateway takes it apart. */
export function checkPathText(name: string, text: string | number): string {
  const value = String(text)
  const astray = value === '' || /^\.{1,2}$/.test(value) || /[/\\\p{Cc}]/u.test(value) || value.length > 200
  if (astray) throw invalid(name, 'cannot stand in a path')
  return value
}

function encodeValue(name: string, value: NonNullable<ParamValue>): readonly string[] {
  if (!Array.isArray(value)) return [typeof value === 'object' ? encodeObject(name, value) : encodeScalar(name, value)]
  if (value.some((item) => typeof item === 'object')) return [jsonText(value)]
  const texts = value.map((item) => encodeScalar(name, item))
  return texts.some((text) => text.includes(',')) ? texts : [texts.join(',')]
}

function encodeObject(name: string, value: object): string {
  if (isFile(value)) throw invalid(name, 'is a file, and files go into the form of a write only')
  if (value instanceof Date) throw invalid(name, 'takes a PlainDate or text, not a Date: a Date has a time and a zone')
  return jsonText(value)
}

/** JSON as athenahealth wants it inside a field: members that hold a date by their name are written as its dates are. */
export function jsonText(value: object): string {
  return JSON.stringify(value, (name, member: unknown) => {
    const date = typeof member === 'string' && DATE_BY_NAME.test(name.toLowerCase()) ? readPlainDate(member) : undefined
    return date ? toUsDate(date) : member
  })
}

function encodeScalar(name: string, value: Scalar): string {
  if (typeof value === 'boolean') return name.toLowerCase().endsWith('yn') ? (value ? 'Y' : 'N') : String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw invalid(name, 'is not a finite number')
    return String(value)
  }
  return value === '' ? value : encodeText(name, value)
}

function encodeText(name: string, text: string): string {
  const lower = name.toLowerCase()
  if (DATE_TIME.test(lower)) return encodeDateTime(name, text)
  const date = DATE.test(lower) || DATE_BY_NAME.test(lower) ? readPlainDate(text) : undefined
  if (date) return toUsDate(date)
  if (DATE.test(lower)) throw invalid(name, 'is no date (YYYY-MM-DD)')
  return text
}

/** A wall time stays what it is; one with an offset would have to be moved, and to where depends on the parameter. */
function encodeDateTime(name: string, text: string): string {
  const read = readWireDateTime(text)
  if (!read) return text
  if (read.offsetMinutes !== undefined)
    throw invalid(name, 'takes a wall time (YYYY-MM-DDTHH:MM:SS), without an offset')
  return read.time === undefined ? toUsDate(read.date) : `${toUsDate(read.date)} ${read.time}`
}

function invalid(name: string, hint: string): AthenaError {
  return new AthenaError('invalid-argument', { invalidFields: [name], hint: `${name} ${hint}` })
}
