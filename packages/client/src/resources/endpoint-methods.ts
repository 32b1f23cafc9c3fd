import type { Answer, CallOptions } from '../athena-call.ts'
import type { EndpointName, ListEndpointName } from '../catalogue/generated/endpoints.ts'
import { checkIdentity } from '../request/check-identity.ts'
import type { LooseRequest } from '../request/endpoint-request.ts'
import { planRequest } from '../request/plan-request.ts'
import { entryOf, isPaged, listEndpoint, listOfEntry, requestEndpoint } from '../request/request-endpoint.ts'
import { coerce } from '../wire/coerce.ts'
import { decodeRecord, isPlainObject, type RecordShape } from '../wire/decode-record.ts'
import { downloadOf } from './download.ts'
import { writeImage } from './write-image.ts'
import type { List } from './list.ts'
import type {
  DownloadEntry,
  InferredList,
  InferredRecord,
  MethodEntry,
  MethodTable,
  Methods,
  RecordSource,
} from './method-table.ts'
import { badAnswer, outcomeShape, type PracticeApi, send } from './practice-api.ts'

/** Makes the methods of a table for a practice; sends nothing, and reads the catalogue when a method is called. */
export function endpointMethods<const T extends MethodTable>(api: PracticeApi, table: T): Methods<T> {
  const methods: Record<string, unknown> = {}
  for (const [name, entry] of Object.entries(table)) {
    methods[name] = isEntry(entry)
      ? (...args: readonly unknown[]) => callMethod(api, entry, args)
      : endpointMethods(api, entry)
  }
  // The border: each member was made of the table's entry that its type is made of.
  return methods as Methods<T>
}

function isEntry(entry: MethodEntry | MethodTable): entry is MethodEntry {
  return typeof entry === 'string' || typeof entry['kind'] === 'string'
}

function callMethod(api: PracticeApi, entry: MethodEntry, args: readonly unknown[]): List<unknown> | Promise<unknown> {
  if (typeof entry === 'string') {
    const request = requestOf(entry, args)
    return isPaged(entryOf(entry)) ? listEndpoint(api, entry as ListEndpointName, request) : single(api, entry, request)
  }
  const request = requestOf(entry.endpoint, args)
  switch (entry.kind) {
    case 'section':
      return requestEndpoint(api, entry.endpoint, request)
    case 'list':
      return inferred(api, entry, request)
    case 'record':
      return oneRecord(api, entry, request)
    case 'download':
      return openFile(api, entry, request)
    case 'image':
      return writeImage(request, (sent) => single(api, entry.endpoint, sent))
  }
}

/** A method's arguments as a request: the path's id or ids, where there are any, then parameters and options. */
function requestOf(endpoint: EndpointName, args: readonly unknown[]): LooseRequest {
  const [first, ...more] = [...endpoint.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const path = first === undefined ? {} : more.length > 0 ? membersOf(args[0]) : { [first]: args[0] }
  const [params, options] = first === undefined ? args : args.slice(1)
  const { extra, ...sent } = membersOf(params)
  const place = /^(GET|DELETE) /.test(endpoint) ? 'query' : 'form'
  // The border: what JavaScript callers give; planRequest looks at every value, the call path at the options.
  return { path, [place]: sent, extra: extra as LooseRequest['extra'], options: options as CallOptions | undefined }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return isPlainObject(value) ? value : {}
}

/** A call whose answer is one record, outcome or scalar. */
async function single(api: PracticeApi, endpoint: EndpointName, request: LooseRequest): Promise<Answer<unknown>> {
  const answer: Answer<unknown> = await requestEndpoint(api, endpoint, request)
  const { envelope } = entryOf(endpoint)
  if (envelope === 'one' && Array.isArray(answer.value)) return { ...answer, value: answer.value[0] }
  if (envelope !== 'unknown') return answer
  const { record = {}, unreadable } = decodeRecord(outcomeShape, aloneIn(answer.value))
  return { ...answer, value: record, ...(unreadable.length > 0 && { unreadable }) }
}

/** The record itself, or the one item of a list. */
function aloneIn(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value
}

function inferred(
  api: PracticeApi,
  { endpoint, key, record }: InferredList<EndpointName, RecordSource>,
  request: LooseRequest,
): List<unknown> {
  const shape = { key, keyConfirmed: false, bare: true, record: shapeOf(record) }
  return listOfEntry(api, entryOf(endpoint), { request, shape })
}

async function oneRecord(
  api: PracticeApi,
  { endpoint, record }: InferredRecord<EndpointName, RecordSource>,
  request: LooseRequest,
): Promise<Answer<unknown>> {
  const entry = entryOf(endpoint)
  const planned = planRequest(entry, request)
  const answered = await send(api, planned)
  const { value, raw, meta } = answered
  const isRead = entry.method === 'GET'
  if (isRead && Array.isArray(value) && value.length === 0) {
    throw badAnswer(answered, 'not-found', 'the answer is an empty list')
  }
  // A write may be answered with nothing, or with a bare yes.
  const isBareYes = !isRead && (value === undefined || coerce.boolean(value) === true)
  const decoded = decodeRecord(shapeOf(record), isBareYes ? {} : aloneIn(value))
  if (decoded.record === undefined) throw badAnswer(answered, 'malformed-response', 'the answer is no record')
  checkIdentity({ entry, answered, planned, value: decoded.record })
  const { unreadable } = decoded
  return { value: decoded.record, raw, meta, ...(unreadable.length > 0 && { unreadable }) }
}

async function openFile(api: PracticeApi, { endpoint, accept }: DownloadEntry<EndpointName>, request: LooseRequest) {
  return downloadOf(await send(api, { ...planRequest(entryOf(endpoint), request), as: 'stream', accept }))
}

function shapeOf(record: RecordSource): RecordShape<unknown> {
  return typeof record === 'string' ? { idField: undefined, fields: entryOf(record).fields } : record
}
