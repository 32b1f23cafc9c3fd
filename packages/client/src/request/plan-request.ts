import { AthenaError } from '../athena-error.ts'
import { jsonText, type Params, type ParamValue } from '../call/params.ts'
import type { ApiRequest } from '../call/plan-call.ts'
import type { CatalogueEntry, CatalogueParam } from '../catalogue/catalogue-entry.ts'
import { isFile } from '../upload/content.ts'
import { readPlainDate, toUsDate } from '../wire/plain-date.ts'
import type { LooseRequest } from './endpoint-request.ts'

/** A request of the catalogue, ready for the call path but for its practice. */
export type PlannedRequest = Omit<ApiRequest, 'practice'>

const PLACES = ['path', 'query', 'form'] as const
type Place = (typeof PLACES)[number]

/**
 * Turns a request into a call: refuses what is missing, unknown or of a wrong kind with `invalid-argument` before anything
 * is sent, naming fields and never values. Pure.
 */
export function planRequest(entry: CatalogueEntry, request: LooseRequest): PlannedRequest {
  checkPlaces(entry, request)
  const { extra = {}, options } = request
  const given = PLACES.flatMap((place) => readPlace(entry, { place, given: request[place] ?? {} }))
  checkRequired(entry, given, extra)
  const twice = Object.keys(extra).find((name) => given.some(({ param }) => param.name === name))
  if (twice !== undefined) throw refuse(entry, [twice], `${twice} stands in the request and in extra`)
  const path = given.filter(({ param }) => param.place === 'path')
  const sent: Params = { ...entriesOf(given.filter(({ param }) => param.place !== 'path')), ...extra }
  const consuming = entry.consuming && !leavesUnprocessed(sent)
  if (consuming && isSet(sent['offset'])) {
    throw refuse(entry, ['offset'], 'a read that takes records has no offset: it would pass over records unread')
  }
  return {
    method: entry.method,
    route: entry.path,
    path: Object.fromEntries(path.map(({ param, value }) => [param.name, pathText(entry, param, value)])),
    ...(entry.bodyEncoding === 'form' ? { form: sent } : { query: sent }),
    consuming,
    intensive: entry.intensive,
    ...(options && { options }),
  }
}

/** A parameter with its value as it is sent. */
interface Given {
  readonly param: CatalogueParam
  readonly value: NonNullable<ParamValue>
}

function checkPlaces(entry: CatalogueEntry, request: LooseRequest): void {
  const known: readonly string[] = [...PLACES, 'extra', 'options', 'practice']
  const stray = Object.keys(request).find((name) => !known.includes(name))
  if (stray !== undefined) throw refuse(entry, [stray], `parameters stand in path, query or form, not beside them`)
}

function readPlace(
  entry: CatalogueEntry,
  { place, given }: { place: Place; given: Readonly<Record<string, unknown>> },
): readonly Given[] {
  return Object.entries(given).flatMap(([name, value]): Given[] => {
    const param = entry.params.find((known) => known.name === name)
    if (!param) throw refuse(entry, [name], `${name} is no parameter of it that is known; extra sends unknown ones`)
    if (param.place !== place) throw refuse(entry, [name], `${name} stands in ${param.place}, not in ${place}`)
    if (value === undefined || value === null) return []
    return [{ param, value: encode(entry, param, value) }]
  })
}

function checkRequired(entry: CatalogueEntry, given: readonly Given[], extra: Params): void {
  const missing = entry.params
    .filter(({ required, name }) => required && !given.some(({ param }) => param.name === name) && !isSet(extra[name]))
    .map(({ name }) => name)
  if (missing.length > 0) throw refuse(entry, missing, `it needs ${missing.join(', ')}`)
}

/** A value as the call path takes it: JSON as text, dates as athenahealth writes them. */
function encode(entry: CatalogueEntry, param: CatalogueParam, value: unknown): NonNullable<ParamValue> {
  const { name, type } = param
  if (value instanceof Date) throw refuse(entry, [name], `${name} takes text: a Date has a time and a zone of its own`)
  if (type === 'file' && isFile(value)) return value
  if (type === 'json' && typeof value === 'object' && value !== null) return jsonText(value)
  if (Array.isArray(value)) {
    if (!param.array) throw refuse(entry, [name], `${name} takes one value`)
    return value.map((item) => encodeScalar(entry, param, item))
  }
  return encodeScalar(entry, param, value)
}

function encodeScalar(
  entry: CatalogueEntry,
  { name, type }: CatalogueParam,
  value: unknown,
): string | number | boolean {
  const fits = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  if (!fits) throw refuse(entry, [name], `${name} takes text, a number or a boolean`)
  if (typeof value === 'number' && !Number.isFinite(value))
    throw refuse(entry, [name], `${name} is not a finite number`)
  return type === 'date' && value !== '' ? encodeDate(entry, name, value) : value
}

/** What athenahealth's own date-times look like: some dates take a time too. */
const US_DATE_TIME = /^\d{1,2}\/\d{1,2}\/\d{4} \d{1,2}:\d{2}(:\d{2})?$/

function encodeDate(entry: CatalogueEntry, name: string, value: string | number | boolean): string {
  const date = readPlainDate(String(value))
  if (date) return toUsDate(date)
  if (US_DATE_TIME.test(String(value))) return String(value)
  throw refuse(entry, [name], `${name} is no date (YYYY-MM-DD)`)
}

/** Whether a read of a feed leaves records unprocessed: it says so, or asks for processed ones of a whole window. */
function leavesUnprocessed(sent: Params): boolean {
  const left = sent['leaveunprocessed']
  if (left === true || (typeof left === 'string' && left.toLowerCase() === 'true')) return true
  return isSet(sent['showprocessedstartdatetime']) && isSet(sent['showprocessedenddatetime'])
}

function pathText(entry: CatalogueEntry, { name }: CatalogueParam, value: ParamValue): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw refuse(entry, [name], `${name} takes text or a whole number`)
}

function isSet(value: ParamValue): boolean {
  return value !== undefined && value !== null && value !== ''
}

function entriesOf(given: readonly Given[]): Record<string, ParamValue> {
  return Object.fromEntries(given.map(({ param, value }) => [param.name, value]))
}

function refuse({ method, path }: CatalogueEntry, invalidFields: readonly string[], hint: string): AthenaError {
  return new AthenaError('invalid-argument', { method, route: path, invalidFields, hint })
}
