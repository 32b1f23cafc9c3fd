import type { Answer } from '../athena-call.ts'
import { AthenaError } from '../athena-error.ts'
import { catalogueEntry } from '../catalogue/catalogue.ts'
import type { CatalogueEntry } from '../catalogue/catalogue-entry.ts'
import type { EndpointName, ListEndpointName } from '../catalogue/generated/endpoints.ts'
import { type List, listOf } from '../resources/list.ts'
import { type PracticeApi, send } from '../resources/practice-api.ts'
import type { ListShape } from '../wire/read-page.ts'
import type { LooseRequest, RecordOfList, ResponseOf } from './endpoint-request.ts'
import { planRequest } from './plan-request.ts'
import { readAnswer } from './read-answer.ts'

/**
 * Calls an endpoint of the catalogue, by the same way as the resource methods: one newer token, plain reads repeated after
 * passing faults, writes and consuming reads never. For typed parameters use `practice.request`.
 */
export async function requestEndpoint<E extends EndpointName>(
  api: PracticeApi,
  endpoint: E,
  request: LooseRequest,
): Promise<Answer<ResponseOf<E>>> {
  const entry = entryOf(endpoint)
  const planned = planRequest(entry, request)
  const answer = readAnswer({ entry, answered: await send(api, planned), planned })
  // The border: the answer has just been read by the entry that the type was generated from.
  return answer as Answer<ResponseOf<E>>
}

/** Makes a list of an endpoint of the catalogue; sends nothing. For typed parameters use `practice.list`. */
export function listEndpoint<E extends ListEndpointName>(
  api: PracticeApi,
  endpoint: E,
  request: LooseRequest,
): List<RecordOfList<E>> {
  return listOfEntry<RecordOfList<E>>(api, entryOf(endpoint), { request, shape: listShapeOf(endpoint) })
}

/** Where a list endpoint's records stand and what is in them; `invalid-argument` for what is no list of pages. */
export function listShapeOf<E extends ListEndpointName>(endpoint: E): ListShape<RecordOfList<E>> {
  const entry = entryOf(endpoint)
  if (!isPaged(entry)) {
    throw new AthenaError('invalid-argument', { invalidFields: ['endpoint'], hint: 'the endpoint is no list of pages' })
  }
  const { envelope, recordKey: key = '', keyConfirmed, fields } = entry
  return { key, keyConfirmed, bare: envelope === 'array', record: { idField: undefined, fields } }
}

/** Whether an endpoint is among those that can be read page by page: the names of ListEndpointName. */
export function isPaged({ method, envelope, consuming, nested, recordKey }: CatalogueEntry): boolean {
  const isList = envelope === 'list' || envelope === 'array'
  return method === 'GET' && isList && !consuming && !nested && recordKey !== 'subscriptions'
}

/** Makes a list of an endpoint, with its records where the shape says. */
export function listOfEntry<T>(
  api: PracticeApi,
  entry: CatalogueEntry,
  { request, shape }: { readonly request: LooseRequest; readonly shape: ListShape<T> },
): List<T> {
  const { path, query, options } = planRequest(entry, request)
  // Braces were turned to text by the plan.
  const filled = Object.fromEntries(Object.entries(path ?? {}).map(([name, value]) => [name, String(value)]))
  const { path: route, intensive } = entry
  return listOf<T>(api, { route, shape, limit: limitOf(entry), intensive }, { path: filled, query, options })
}

/** A good size of a page: athenahealth's default, but not ten. */
const LIMIT_MIN = 1_000

function limitOf({ paging }: CatalogueEntry): number | undefined {
  if (!paging) return 0
  return paging.documented && paging.limitDefault !== undefined ? Math.max(paging.limitDefault, LIMIT_MIN) : undefined
}

/** What is known of an endpoint; `invalid-argument` when there is none of that name. */
export function entryOf(endpoint: string): CatalogueEntry {
  const entry = catalogueEntry(endpoint)
  if (entry) return entry
  throw new AthenaError('invalid-argument', { invalidFields: ['endpoint'], hint: 'there is no such endpoint' })
}
