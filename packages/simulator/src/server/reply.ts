/**
 * The answers of athenahealth's API as pure functions: envelopes, paging links and error bodies. Recorded means the
 * bytes were seen in public recordings of the real service; inferred means we had to choose.
 */
import type { Input, Reply, RouteContext } from '../route.ts'

/** Most list endpoints answer 1,500 rows by default and 5,000 at most (athenahealth's interactive documentation). */
export const defaultListLimit = 1500
export const defaultListMaximum = 5000

const dataInvalid = 'The data provided is invalid.'

/** Rows by position: an array, or anything that can cut a page out of itself. */
export interface Rows<T> {
  readonly length: number
  slice(from: number, to: number): readonly T[]
}

export interface ListOptions<T> {
  /** Name of the array in the envelope, e.g. `appointments`. */
  readonly key: string
  /** Every match, in the order athenahealth would list them; only the page asked for is rendered. */
  readonly items: Rows<T>
  /** Wire shape of one item; without it items are sent as they are. Called only for the rows of the page. */
  readonly render?: (item: T) => unknown
  /** Rows when the caller sends no `limit`; 1,500 if absent. */
  readonly defaultLimit?: number
  /** Most rows of one page; a larger `limit` is cut to it (inferred: 400 is possible too). 5,000 if absent. */
  readonly maxLimit?: number
}

/** 200 with any body. */
export function ok(body: unknown): Reply {
  return { status: 200, body }
}

/** 200 with the array of one that athenahealth sends for a single record (recorded). */
export function one(item: unknown): Reply {
  return { status: 200, body: [item] }
}

/** 200 with a page: rows, `totalcount` of all matches, and `next` / `previous` where there is more (recorded). */
export function list<T>(context: Pick<RouteContext, 'input' | 'url'>, options: ListOptions<T>): Reply {
  const { key, items, render } = options
  const { limit, offset, isDefault } = pageBounds(context.input, options)
  const page = items.slice(offset, offset + limit)
  const body: Record<string, unknown> = {
    [key]: render === undefined ? page : page.map(render),
    totalcount: items.length,
  }
  const shown = isDefault ? undefined : limit
  if (offset + limit < items.length) body.next = pageLink(context, offset + limit, shown)
  if (offset > 0) body.previous = pageLink(context, Math.max(0, offset - limit), shown)
  return { status: 200, body }
}

export interface PageBounds {
  readonly limit: number
  readonly offset: number
  /** The caller sent no `limit`. */
  readonly isDefault: boolean
}

/** `limit` and `offset` of a request; a limit below 1 counts as absent, an offset below 0 as 0 (both inferred). */
export function pageBounds(input: Input, limits: { defaultLimit?: number; maxLimit?: number } = {}): PageBounds {
  const { defaultLimit = defaultListLimit, maxLimit = defaultListMaximum } = limits
  const asked = input.integer('limit')
  const isDefault = asked === undefined || asked < 1
  return {
    limit: isDefault ? defaultLimit : Math.min(asked, maxLimit),
    offset: Math.max(0, input.integer('offset') ?? 0),
    isDefault,
  }
}

/**
 * A paging link as recorded: no host, the request's own path, its fields by name in upper case and alphabetical order,
 * true and false as Y and N, then `limit` (only when the caller sent one) and `offset` in lower case.
 */
export function pageLink(context: Pick<RouteContext, 'input' | 'url'>, offset: number, limit?: number): string {
  const fields = context.input.entries
    .filter(([name]) => !/^(limit|offset)$/i.test(name))
    .map(([name, value]) => `${encodeURIComponent(name.toUpperCase())}=${encodeURIComponent(shortBoolean(value))}`)
    .sort()
  if (limit !== undefined) fields.push(`limit=${limit}`)
  fields.push(`offset=${offset}`)
  return `${context.url}?${fields.join('&')}`
}

function shortBoolean(value: string): string {
  if (/^true$/i.test(value)) return 'Y'
  return /^false$/i.test(value) ? 'N' : value
}

/** 200 `{"success":true, …}`, the usual answer of a write. */
export function success(fields: Readonly<Record<string, unknown>> = {}): Reply {
  return { status: 200, body: { success: true, ...fields } }
}

/** 200 that is a failure: athenahealth answers some refused writes so (recorded). */
export function failure(errormessage: string): Reply {
  return { status: 200, body: { success: false, errormessage } }
}

/** 400 for required fields that are absent (recorded); creating a patient lists `invalidfields` beside them. */
export function missingFields(names: readonly string[], invalidfields?: readonly string[]): Reply {
  const body = { missingfields: names, error: 'Additional fields are required.' }
  return { status: 400, body: invalidfields === undefined ? body : { invalidfields, ...body } }
}

/** 400 for a value of the wrong kind (recorded for integer and date). */
export function invalid(kind: 'integer' | 'number' | 'boolean' | 'date' | 'time' | 'datetime', value: string): Reply {
  const expected = /date|time/.test(kind) ? `format ${kind}` : `type ${kind}`
  return invalidData(`Expecting ${expected}, but value is ${value}`)
}

/** 400 for a value outside a closed list (recorded); the field's name is echoed in upper case. */
export function invalidEnum(name: string, value: string): Reply {
  return invalidData(`The value '${value}' did not match any of the enum values for ${name.toUpperCase()}`)
}

/** 400 with a detail about the data sent (recorded shape). */
export function invalidData(detailedmessage: string): Reply {
  return { status: 400, body: { detailedmessage, error: dataInvalid } }
}

/** An error with athenahealth's shape: `error` is the public text, `detailedmessage` the developer's. */
export function refused(status: number, error: string, detailedmessage?: string): Reply {
  return { status, body: detailedmessage === undefined ? { error } : { detailedmessage, error } }
}

/** 404 for a record that is not there. The status is known, the text is ours (inferred). */
export function notFound(error = 'The requested record does not exist.'): Reply {
  return { status: 404, body: { error } }
}

/** 409 when the slot is taken or cannot be booked (recorded). */
export function slotTaken(): Reply {
  return refused(
    409,
    'That appointment time was already booked or not available for booking.',
    'The appointment ID is already booked or is not marked as being available to be scheduled via the API.',
  )
}

/** 403 of a changed-data feed without a subscription (recorded). */
export function notSubscribed(): Reply {
  return refused(403, 'Changed messages require setup (subscription) that has not been done.')
}

/** 401 when the app may not use the practice (athenahealth's page on checking the API's status). */
export function badAuth(): Reply {
  return refused(401, 'Incorrect permissions.', 'Bad auth.')
}

/** 404 for a practice that does not exist (same page). */
export function invalidPractice(): Reply {
  return refused(404, 'Invalid practice.', 'The practice ID does not exist.')
}
