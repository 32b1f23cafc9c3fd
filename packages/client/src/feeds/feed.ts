import type { Answer, CallOptions } from '../athena-call.ts'
import { AthenaError } from '../athena-error.ts'
import type { Params } from '../call/params.ts'
import { type Appointment, appointmentShape } from '../records/appointment.ts'
import { type Patient, patientShape } from '../records/patient.ts'
import { type Provider, providerShape } from '../records/practice-records.ts'
import { catalogueEntry } from '../catalogue/catalogue.ts'
import type { EndpointName } from '../catalogue/generated/endpoints.ts'
import type { ResponseOf } from '../request/endpoint-request.ts'
import { checkCount, LIMIT_MAX, type ListEndpoint, type Page, requestPage } from '../resources/list.ts'
import { badAnswer, type Id, type Outcome, type PracticeApi, send, write } from '../resources/practice-api.ts'
import { coerce } from '../wire/coerce.ts'
import { isPlainObject, type RecordShape } from '../wire/decode-record.ts'
import { type ListShape, type PageReading, readPage } from '../wire/read-page.ts'
import { type FeedEntry, type FeedName, feedTable } from './feed-table.ts'
import { replayWindow } from './replay-window.ts'

/** A record of a feed whose answers nobody has seen. */
export type FeedRecord = Readonly<Record<string, unknown>>

interface TypedFeeds {
  readonly appointments: Appointment
  readonly patients: Patient
  readonly providers: Provider
}

/** The record type of a feed: of most, what the catalogue knows of its list. */
export type RecordOfFeed<N extends FeedName> = N extends keyof TypedFeeds
  ? TypedFeeds[N]
  : Catalogued<`GET ${(typeof feedTable)[N]['path']}`, (typeof feedTable)[N]['key']>

type Catalogued<E extends string, K extends string> = E extends EndpointName
  ? ResponseOf<E> extends { readonly [M in K]: readonly (infer T)[] }
    ? T
    : FeedRecord
  : FeedRecord

/** A feed subscription of this app in this practice. */
export interface FeedSubscription {
  /** PARTIAL: some events only. UNKNOWN also stands for a word that is not in this list. */
  readonly status: 'ACTIVE' | 'INACTIVE' | 'PARTIAL' | 'UNKNOWN'
  readonly events: readonly string[]
}

/** What is subscribed. */
export interface Subscribe {
  /** One event; absent: all default events. */
  readonly eventName?: string
  /** The whole list every time; absent: the whole practice. Only for feeds whose `subscribesDepartments` is true. */
  readonly departmentIds?: readonly Id[]
  /** Further parameters by athenahealth's names, e.g. `includeremindercall`. */
  readonly extra?: Params
}

/** What a drain takes. */
export interface DrainPage {
  /** 1 to 5,000, always sent. A page shorter than it is the last. */
  readonly limit: number
  /** Only for feeds whose `filtersDepartments` is true, and departments the subscription has. */
  readonly departmentIds?: readonly Id[]
  /** Further parameters by athenahealth's names, e.g. `showpatientdetail`, `showpreviouspatientids`. */
  readonly extra?: Params
}

/** What a replay reads: a window of time, page by page. */
export interface ReplayPage extends DrainPage {
  /** Epoch ms, included. */
  readonly from: number
  /** Epoch ms, included. */
  readonly to: number
  /** Records to skip: go on by `limit` until a page is shorter. */
  readonly offset: number
}

/** One changed-data feed of one practice. Subscriptions and what is processed belong to the app (client id). */
export interface Feed<T> {
  /** Names of all events the feed has. */
  events(options?: CallOptions): Promise<Answer<readonly string[]>>
  /** Subscribes. It takes athenahealth up to 5 minutes, in preview 15, to act on it. */
  subscribe(subscription?: Subscribe, options?: CallOptions): Promise<Answer<Outcome>>
  /** What this app is subscribed to in this practice at the moment. */
  status(options?: CallOptions): Promise<Answer<FeedSubscription>>
  /** Ends one event's subscription, or all. */
  unsubscribe(subscription?: Omit<Subscribe, 'departmentIds'>, options?: CallOptions): Promise<Answer<Outcome>>
  /**
   * Takes the next unprocessed records; athenahealth marks them processed as it answers. Sent without offset (which would
   * skip records) and never repeated, but once with a newer token after a 401. After any error whose `executed` is not
   * `no`, records may have been taken without having arrived: replay the time of the call before draining on.
   */
  drainPage(page: DrainPage, options?: CallOptions): Promise<Page<T>>
  /** Reads again what was processed in a window of time, for as long as athenahealth keeps it. Changes nothing. */
  replayPage(page: ReplayPage, options?: CallOptions): Promise<Page<T>>
  /** Reads unprocessed records and leaves them so. For looking and measuring lag, not for syncing. */
  peek(page: DrainPage & { readonly offset?: number }, options?: CallOptions): Promise<Page<T>>
}

/** Parameters that decide what a read does to the feed: only the functions here may set them. */
const RESERVED = ['limit', 'offset', 'leaveunprocessed', 'showprocessedstartdatetime', 'showprocessedenddatetime']

/** Makes a feed of the table; sends nothing. */
export function feedOf<N extends FeedName>(api: PracticeApi, name: N): Feed<RecordOfFeed<N>> {
  const entry = feedEntry(name)
  const { subscriptionPath: route } = entry
  const endpoint = { route: entry.path, shape: feedListShape(name), limit: LIMIT_MAX }
  return {
    events: (options) => readEvents(api, entry.eventsPath, options),
    status: (options) => readStatus(api, route, options),
    subscribe: async (wanted = {}, options) =>
      write(api, { method: 'POST', route, form: subscribeParams(entry, wanted), ...(options && { options }) }),
    unsubscribe: async (wanted = {}, options) =>
      write(api, { method: 'DELETE', route, query: subscribeParams(entry, wanted), ...(options && { options }) }),
    drainPage: (page, options) => drainPage(api, { entry, endpoint, page }, options),
    replayPage: (page, options) => replayPage(api, { entry, endpoint, page }, options),
    peek: async ({ offset = 0, ...page }, options) =>
      requestPage(api, endpoint, {
        query: { ...readParams(entry, page), leaveunprocessed: true },
        at: { limit: page.limit, offset },
        options,
      }),
  }
}

/** Reads a feed's page from its text, one that was fetched and stored earlier. Never throws. */
export function readFeedPage<N extends FeedName>(name: N, raw: string): PageReading<RecordOfFeed<N>> {
  return readPage(feedListShape(name), raw)
}

interface FeedRead<T, P> {
  readonly entry: FeedEntry
  readonly endpoint: ListEndpoint<T>
  readonly page: P
}

async function drainPage<T>(api: PracticeApi, read: FeedRead<T, DrainPage>, options?: CallOptions): Promise<Page<T>> {
  const { entry, endpoint, page } = read
  const query = readParams(entry, page)
  return requestPage(api, endpoint, { query, at: { limit: page.limit }, consuming: true, options })
}

async function replayPage<T>(api: PracticeApi, read: FeedRead<T, ReplayPage>, options?: CallOptions): Promise<Page<T>> {
  const { entry, endpoint, page } = read
  const { from, to, limit, offset } = page
  if (!Number.isFinite(from) || !Number.isFinite(to) || from > to) {
    throw invalid('from', 'from and to are instants (epoch ms), from not after to')
  }
  const query = { ...readParams(entry, page), ...replayWindow({ from, to }) }
  return requestPage(api, endpoint, { query, at: { limit, offset }, options })
}

function readParams(entry: FeedEntry, { limit, departmentIds, extra = {} }: DrainPage): Params {
  checkCount('limit', limit, { min: 1, max: LIMIT_MAX })
  checkExtra(extra)
  if (departmentIds === undefined) return extra
  if (!entry.filtersDepartments) throw invalid('departmentIds', 'this feed cannot be read by department')
  if (departmentIds.length === 0) throw invalid('departmentIds', 'an empty list would read the whole practice')
  return { ...extra, departmentid: departmentIds }
}

function subscribeParams(entry: FeedEntry, { eventName, departmentIds, extra = {} }: Subscribe): Params {
  checkExtra(extra)
  const event = eventName === undefined ? {} : { eventname: eventName }
  if (departmentIds === undefined) return { ...extra, ...event }
  if (!entry.subscribesDepartments) throw invalid('departmentIds', 'this feed cannot be subscribed by department')
  if (departmentIds.length === 0) throw invalid('departmentIds', 'an empty list would subscribe the whole practice')
  return { ...extra, ...event, departmentids: departmentIds }
}

function checkExtra(extra: Params): void {
  const reserved = Object.keys(extra).find((name) => RESERVED.includes(name.toLowerCase()))
  if (reserved !== undefined) throw invalid(reserved, `${reserved} is set by the call itself`)
}

async function readEvents(api: PracticeApi, route: string, options?: CallOptions): Promise<Answer<readonly string[]>> {
  const answered = await send(api, { method: 'GET', route, ...(options && { options }) })
  const events = eventNames(answered.value)
  if (!events) throw badAnswer(answered, 'malformed-response', 'no list of subscriptions in it')
  return { value: events, raw: answered.raw, meta: answered.meta }
}

async function readStatus(api: PracticeApi, route: string, options?: CallOptions): Promise<Answer<FeedSubscription>> {
  const answered = await send(api, { method: 'GET', route, ...(options && { options }) })
  const { value, raw, meta } = answered
  const events = eventNames(value)
  const word = isPlainObject(value) ? coerce.text(value['status']) : undefined
  if (!events || typeof word !== 'string')
    throw badAnswer(answered, 'malformed-response', 'no subscription status in it')
  const status = (['ACTIVE', 'INACTIVE', 'PARTIAL'] as const).find((known) => known === word.toUpperCase()) ?? 'UNKNOWN'
  return { value: { status, events }, raw, meta }
}

function eventNames(value: unknown): readonly string[] | null {
  const list = isPlainObject(value) ? coerce.list(value['subscriptions']) : coerce.list(value)
  if (!list) return null
  const names = list.map((item) => (isPlainObject(item) ? coerce.text(item['eventname']) : undefined))
  return names.every((name) => typeof name === 'string') ? names : null
}

function feedListShape<N extends FeedName>(name: N): ListShape<RecordOfFeed<N>> {
  const { key, keyConfirmed, idField, path } = feedEntry(name)
  const typed: Partial<Record<FeedName, RecordShape<unknown>>> = {
    appointments: appointmentShape,
    patients: patientShape,
    providers: providerShape,
  }
  // The table above, and the catalogue, are RecordOfFeed in values; TypeScript does not follow a conditional type there.
  const record = (typed[name] ?? cataloguedShape(path, idField)) as RecordShape<RecordOfFeed<N>>
  return { key, keyConfirmed, bare: false, record }
}

function cataloguedShape(path: string, idField: string | null): RecordShape<unknown> {
  const fields = catalogueEntry(`GET ${path}`)?.fields ?? {}
  return idField === null ? { idField: undefined, fields } : { idField, fields: { ...fields, [idField]: 'id' } }
}

function feedEntry(name: FeedName): FeedEntry {
  if (!Object.hasOwn(feedTable, name)) throw invalid('feed', 'there is no such feed')
  return feedTable[name]
}

function invalid(field: string, hint: string): AthenaError {
  return new AthenaError('invalid-argument', { invalidFields: [field], hint })
}
