import type { AnswerMeta, CallOptions } from '../athena-call.ts'
import { AthenaError } from '../athena-error.ts'
import type { Params } from '../call/params.ts'
import { fillRoute } from '../call/plan-call.ts'
import { type ListShape, type PageContent, readPageValue } from '../wire/read-page.ts'
import { badAnswer, type PracticeApi, send } from './practice-api.ts'

/** One page of a list, with what is needed to store it and to go on later. */
export interface Page<T> extends PageContent<T> {
  /** The body's text as received. */
  readonly raw: string
  readonly meta: AnswerMeta
}

/** Which page: by position, or by the `next` of the page before. */
export interface PageAt {
  /** Records to skip. Default 0. */
  readonly offset?: number
  /** Records on the page. Default: the list's. */
  readonly limit?: number
  /** A page's `next`, followed as athenahealth wrote it; offset and limit are in it. */
  readonly next?: string
}

/**
 * A list: iterate it for its records, or its `pages()`, or fetch single pages and keep the place yourself. Nothing is
 * sent until then; each iteration starts anew. Iterating over records stops with `malformed-response` at one that cannot
 * be read; pages name it in `faults` and go on.
 */
export interface List<T> extends AsyncIterable<T> {
  /** Its pages from the first on. */
  pages(): AsyncIterable<Page<T>>
  /** One page: the first, or the one named. */
  fetchPage(at?: PageAt, options?: CallOptions): Promise<Page<T>>
}

/** A list of the API. */
export interface ListEndpoint<T> {
  /** Template under the practice. */
  readonly route: string
  readonly shape: ListShape<T>
  /**
   * Records a page when the caller names no limit; athenahealth's own default can be as low as 10. 0: it takes no limit.
   * Undefined: none is sent unless the caller names one.
   */
  readonly limit: number | undefined
  readonly intensive?: boolean
}

export interface ListRequest {
  readonly path?: Readonly<Record<string, string>> | undefined
  readonly query?: Params | undefined
  readonly options?: CallOptions | undefined
}

/** The most athenahealth gives on one page. */
export const LIMIT_MAX = 5_000

/** A list longer than this is no list of a practice's but a loop. */
const PAGES_MAX = 20_000

/** Makes a list of an endpoint; sends nothing. */
export function listOf<T>(api: PracticeApi, endpoint: ListEndpoint<T>, request: ListRequest = {}): List<T> {
  const fetchPage = (at: PageAt = {}, options = request.options) =>
    requestPage(api, endpoint, { ...request, at, options })
  const walk: Walk<T> = { fetchPage, fail: (hint, meta) => badList({ api, endpoint }, hint, meta) }
  return {
    fetchPage,
    pages: () => walkPages(walk),
    [Symbol.asyncIterator]: () => walkItems(walk),
  }
}

interface Walk<T> {
  readonly fetchPage: (at?: PageAt) => Promise<Page<T>>
  readonly fail: (hint: string, meta: AnswerMeta) => AthenaError
}

async function* walkPages<T>({ fetchPage, fail }: Walk<T>): AsyncGenerator<Page<T>, void> {
  let page = await fetchPage()
  yield page
  for (let pages = 1; page.next !== undefined; pages += 1) {
    const { next } = page
    if (pages >= PAGES_MAX) throw fail('its paging does not come to an end', page.meta)
    page = await fetchPage({ next })
    if (page.next === next) throw fail('its paging leads back to itself', page.meta)
    yield page
  }
}

async function* walkItems<T>(walk: Walk<T>): AsyncGenerator<T, void> {
  for await (const page of walkPages(walk)) {
    const lost = page.faults.find((fault) => fault.field === undefined)
    if (lost) throw walk.fail(`record ${lost.index} of a page cannot be read; go through pages() to pass it`, page.meta)
    yield* page.items
  }
}

interface ListOf<T> {
  readonly api: PracticeApi
  readonly endpoint: ListEndpoint<T>
}

function badList<T>({ api, endpoint }: ListOf<T>, hint: string, meta?: AnswerMeta): AthenaError {
  const { practice } = api
  const answer = meta && { meta, requestId: meta.requestId, status: meta.status }
  return new AthenaError('malformed-response', { method: 'GET', route: endpoint.route, practice, hint, ...answer })
}

interface PageRequest extends ListRequest {
  readonly at: PageAt
  readonly consuming?: boolean
}

/** Fetches one page of an endpoint. */
export async function requestPage<T>(
  api: PracticeApi,
  endpoint: ListEndpoint<T>,
  request: PageRequest,
): Promise<Page<T>> {
  const { route, intensive = false } = endpoint
  const { path, options, at, consuming = false } = request
  const search =
    at.next === undefined
      ? { query: { ...request.query, ...position(endpoint, request) } }
      : { search: searchOfNext(at.next, { api, endpoint, path }) }
  const answered = await send(api, {
    method: 'GET',
    route,
    intensive,
    consuming,
    ...search,
    ...(path && { path }),
    ...(options && { options }),
  })
  const reading = readPageValue(endpoint.shape, answered.value, offsetOf(at))
  if (!reading.ok) throw badAnswer(answered, 'malformed-response', `no list of ${endpoint.shape.key} in it`)
  const { page } = reading
  if (consuming && page.doubtful) {
    throw badAnswer(answered, 'malformed-response', 'no record in it without saying so, or an error beside its records')
  }
  return { ...page, raw: answered.raw, meta: answered.meta }
}

function position<T>(endpoint: ListEndpoint<T>, { at, query }: PageRequest): Params {
  if (endpoint.limit === 0) return {}
  const limit = at.limit ?? query?.['limit'] ?? endpoint.limit
  const offset = at.offset ?? query?.['offset']
  if (limit !== undefined) checkCount('limit', limit, { min: 1, max: LIMIT_MAX })
  if (offset === undefined || offset === 0) return { limit, offset: undefined }
  checkCount('offset', offset, { min: 0, max: Number.MAX_SAFE_INTEGER })
  return { limit, offset }
}

/** How many records a page's request skips. */
function offsetOf({ offset = 0, next }: PageAt): number {
  if (next === undefined) return offset
  const named = [...new URLSearchParams(next.slice(next.indexOf('?') + 1))].find(([name]) => /^offset$/i.test(name))
  return Number(named?.[1] ?? 0)
}

/** Refuses a number that is not a whole one of a range, with its name. */
export function checkCount(name: string, value: unknown, { min, max }: { min: number; max: number }): void {
  if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max) return
  throw new AthenaError('invalid-argument', {
    invalidFields: [name],
    hint: `${name} is a whole number of ${min} to ${max}`,
  })
}

/**
 * The query of a `next` link, untouched. The link is relative, but it is upstream's word where to go: it must lead to the
 * same list of the same practice, or a wrong or forged one would be read in its place.
 */
function searchOfNext<T>(next: string, list: ListOf<T> & Pick<ListRequest, 'path'>): string {
  const { api, endpoint, path } = list
  const mark = next.indexOf('?')
  const place = mark < 0 ? next : next.slice(0, mark)
  const expected = `/${api.practice}${fillRoute({ route: endpoint.route, ...(path && { path }) })}`.toLowerCase()
  const ours = /^\/[\w./-]+$/.test(place) && !place.startsWith('//') && place.toLowerCase().endsWith(expected)
  if (mark < 0 || !ours || !/^[\x21-\x7e]*$/.test(next)) throw badList(list, 'its next link leads to another place')
  return next.slice(mark + 1)
}
