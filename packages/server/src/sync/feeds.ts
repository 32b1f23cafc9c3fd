import { type AthenaPractice, type CallOptions, type ListName, type Page, readListPage } from '@aegis/client'
import { AegisError } from '../errors/aegis-error.ts'
import { type Kind, recordKinds, type Shape } from '../records/record-kinds.ts'
import type { WireRecord } from '../records/wire-record.ts'
import { type AnswerFacts, audited } from './audited-call.ts'
import type { CallContext } from '../upstream/call-context.ts'
import type { FeedKey } from './sync.sql.ts'
import type { SyncDeps } from './sync-deps.ts'
import type { SyncSettings } from './sync-settings.ts'

/** What a practice's mirror is made of. Only some have a changed-data feed; the others are read again now and then. */
export type FeedName = 'departments' | 'appointmenttypes' | 'providers' | 'patients' | 'appointments'

/** One list a snapshot reads through, dates as YYYY-MM-DD; stored with the run, so that a restart goes on with the same plan. */
export type Segment =
  | { readonly list: 'departments' | 'appointmentTypes' | 'providers' }
  | { readonly list: 'patients'; readonly departmentId: string }
  | { readonly list: 'booked'; readonly from: string; readonly to: string }
  | { readonly list: 'open'; readonly departmentId: string; readonly from: string; readonly to: string }

interface FeedSpec {
  readonly kind: Kind
  /** The list whose body's shape all pages of this feed share. */
  readonly list: ListName
  /** Name of the changed-data feed, if there is one. */
  readonly changed?: 'providers' | 'patients' | 'appointments'
  /** Feeds that must have been read before. */
  readonly needs: readonly FeedName[]
  plan(facts: PlanFacts): readonly Segment[]
}

export interface PlanFacts {
  /** Latest local dates of the appointments we hold, and of the open slots among them. */
  readonly heldUntil: { readonly any: string | null; readonly open: string | null }
  /** Epoch ms. */
  readonly now: number
  readonly departments: readonly string[]
  readonly settings: SyncSettings
}

const specs: Readonly<Record<FeedName, FeedSpec>> = {
  departments: { kind: 'department', list: 'departments', needs: [], plan: () => [{ list: 'departments' }] },
  appointmenttypes: {
    kind: 'appointmenttype',
    list: 'appointmentTypes',
    needs: [],
    plan: () => [{ list: 'appointmentTypes' }],
  },
  providers: {
    kind: 'provider',
    list: 'providers',
    changed: 'providers',
    needs: [],
    plan: () => [{ list: 'providers' }],
  },
  patients: { kind: 'patient', list: 'patients', changed: 'patients', needs: ['departments'], plan: planPatients },
  appointments: {
    kind: 'appointment',
    list: 'booked',
    changed: 'appointments',
    needs: ['departments'],
    plan: planAppointments,
  },
}

export const feedNames = Object.keys(specs) as readonly FeedName[] // the keys of the table above

export const hasChangedFeed = (feed: FeedName): boolean => specs[feed].changed !== undefined
export const feedNeeds = (feed: FeedName): readonly FeedName[] => specs[feed].needs
export const kindOfFeed = (feed: FeedName): Kind => specs[feed].kind

/** The feed that keeps a kind of record. */
export function feedOfKind(kind: Kind): FeedName {
  const feed = feedNames.find((name) => specs[name].kind === kind)
  if (!feed) throw new AegisError('internal.unexpected', { kind })
  return feed
}

/** The lists a snapshot of this feed reads, in order. */
export function planSnapshot(feed: FeedName, facts: PlanFacts): readonly Segment[] {
  return specs[feed].plan(facts)
}

/** Patients whose registration department is unknown are listed under this id (athenahealth's documentation of GET /patients). */
const noDepartment = '-1'

function planPatients({ departments }: PlanFacts): readonly Segment[] {
  return [...departments, noDepartment].map((departmentId) => ({ list: 'patients', departmentId }))
}

const dayMs = 86_400_000

/**
 * The days that are promised, and beyond them up to the last that we hold anything of: a feed brings appointments of any
 * day, and what it may have missed of them, nobody else would show.
 */
function planAppointments({ now, departments, settings, heldUntil }: PlanFacts): readonly Segment[] {
  // UTC dates: the window is wide enough that a day more or less of a department's zone does not matter.
  const date = (days: number) => new Date(now + days * dayMs).toISOString().slice(0, 10)
  const daysTo = (held: string | null) => (held === null ? 0 : Math.ceil((Date.parse(held) - now) / dayMs))
  const bookedDays = Math.max(settings.bookedDaysAhead, daysTo(heldUntil.any))
  const segments: Segment[] = []
  for (let day = -settings.bookedDaysBack; day <= bookedDays; day += settings.bookedWindowDays) {
    const last = Math.min(day + settings.bookedWindowDays - 1, bookedDays)
    segments.push({ list: 'booked', from: date(day), to: date(last) })
  }
  const [from, to] = [date(-1), date(Math.max(settings.slotDaysAhead, daysTo(heldUntil.open)))]
  return [...segments, ...departments.map((departmentId) => ({ list: 'open', departmentId, from, to }) as const)]
}

/** A page on its way into the inbox. */
export interface FetchedPage {
  readonly kind: Kind
  readonly shape: Shape
  readonly raw: string
  readonly items: number
  readonly ids: readonly string[]
  /** Whether more follows. */
  readonly more: boolean
  /** It is empty without saying so: perhaps a broken answer. */
  readonly doubtful?: boolean
}

/** Takes the next changes of a feed: a consuming read, never repeated. */
export async function drainPage(deps: SyncDeps, key: FeedKey, intentId: string): Promise<FetchedPage> {
  const limit = deps.settings.feedPageSize
  const feed = changedFeed(deps, key)
  const page = await audited({ priority: 'feeds', purpose: 'sync.drain', intentId }, pageFacts, (options) =>
    feed.drainPage({ limit, ...extraOf(key) }, options),
  )
  return fetched(key, page, { limit, shape: 'feed' })
}

/** Reads processed changes of a window again. */
export async function replayPage(
  deps: SyncDeps,
  key: FeedKey,
  window: { from: number; to: number; offset: number; limit: number },
): Promise<FetchedPage> {
  const { limit, ...rest } = window
  const feed = changedFeed(deps, key)
  const page = await audited({ priority: 'feeds', purpose: 'sync.replay' }, pageFacts, (options) =>
    feed.replayPage({ ...rest, limit, ...extraOf(key) }, options),
  )
  return fetched(key, page, { limit, shape: 'feed' })
}

/** Former ids come with a patient only when asked for; without them a merge would go unseen. */
function extraOf(key: FeedKey) {
  return key.feed === 'patients' ? { extra: { showpreviouspatientids: true } } : {}
}

const subscriptionCall: CallContext = { priority: 'feeds', purpose: 'sync.subscription' }

/** What athenahealth says of our subscription. */
export async function feedStatus(deps: SyncDeps, key: FeedKey): Promise<'ACTIVE' | 'INACTIVE' | 'PARTIAL' | 'UNKNOWN'> {
  return (await changedFeed(deps, key).status({ context: subscriptionCall })).value.status
}

/**
 * Subscribes to all events of the feed for the whole practice, with those that "all" leaves out: they change the record too
 * (its time of last change at least). Whether the subscription is active is judged without them, since it is not known
 * that every practice has them.
 */
export async function subscribe(deps: SyncDeps, key: FeedKey): Promise<void> {
  const extra = key.feed === 'appointments' ? { includeremindercall: true, includesuggestedoverbooking: true } : {}
  await changedFeed(deps, key).subscribe({ extra }, { context: subscriptionCall })
}

function changedFeed(deps: SyncDeps, key: FeedKey) {
  const { changed } = specs[key.feed]
  if (!changed) throw new AegisError('internal.unexpected', { feed: key.feed })
  return deps.upstream.practice(key.practice).feed(changed)
}

/** Reads one page of a snapshot's list. */
export async function snapshotPage(
  deps: SyncDeps,
  key: FeedKey,
  at: { segment: Segment; offset: number; limit: number; gap: boolean },
): Promise<FetchedPage> {
  const { limit } = at
  const context = { priority: 'bulk', purpose: 'sync.snapshot', large: at.gap ? 'gap' : 'onboarding' } as const
  const practice = deps.upstream.practice(key.practice)
  const page = await audited(context, pageFacts, (options) =>
    segmentList(practice, at.segment, options).fetchPage({ offset: at.offset, limit }, options),
  )
  const { list: name } = at.segment
  return fetched(key, page, { limit, shape: name === 'booked' || name === 'open' ? name : 'list' })
}

function segmentList(practice: AthenaPractice, segment: Segment, options: CallOptions) {
  switch (segment.list) {
    case 'departments':
      return practice.departments.list({ showalldepartments: true }, options)
    case 'appointmentTypes':
      return practice.appointmentTypes.list({ hidenonpatient: false }, options)
    case 'providers':
      return practice.providers.list({}, options)
    case 'patients':
      return practice.patients.list({ departmentid: segment.departmentId }, options)
    case 'booked':
      return practice.appointments.booked(
        { startdate: segment.from, enddate: segment.to, showcancelled: true },
        options,
      )
    case 'open':
      return practice.appointments.open(
        {
          departmentid: segment.departmentId,
          reasonid: '-1',
          startdate: segment.from,
          enddate: segment.to,
          ...allSlots,
        },
        options,
      )
  }
}

/** Slots that patients may not book yet, or not by themselves, are slots all the same. */
const allSlots = { bypassscheduletimechecks: true, ignoreschedulablepermission: true, showfrozenslots: true }

/** Asks for one record by id. `not-found` and `wrong-record` are thrown as the client's errors. */
export async function fetchRecord(deps: SyncDeps, key: FeedKey, id: string): Promise<FetchedPage> {
  const practice = deps.upstream.practice(key.practice)
  const { raw } = await audited(
    { priority: 'reconciliation', purpose: 'sync.refetch' },
    ({ value }: { value: WireRecord; raw: string }) => answerFacts([value]),
    (options) => recordById(practice, key.feed, { id, options }),
  )
  const { kind } = specs[key.feed]
  // Kept as a list of one, so that every page of the inbox is read in the same way.
  const body = JSON.stringify({ [bodyKey[kind]]: [recordSent(raw, recordKinds[kind].idField, id)] })
  return { kind, shape: 'get', raw: body, items: 1, ids: [id], more: false }
}

/** Asks who answers for a patient that was merged; `wrong-record` when nobody says to be the survivor. */
export async function fetchSurvivor(deps: SyncDeps, key: FeedKey, id: string): Promise<FetchedPage> {
  const { value, raw } = await audited(
    { priority: 'reconciliation', purpose: 'sync.refetch' },
    ({ value: survivor }: { value: WireRecord; raw: string }) => answerFacts([survivor]),
    (options) => deps.upstream.practice(key.practice).patients.survivorOf(id, options),
  )
  const survivor = String(value.patientid)
  const body = JSON.stringify({ [bodyKey.patient]: [recordSent(raw, 'patientid', survivor)] })
  return { kind: 'patient', shape: 'get', raw: body, items: 1, ids: [survivor], more: false }
}

/**
 * The record asked for, as sent. An answer may be a list, with other patients' records in it as well (seen in a
 * recording); they were not asked for, the audit log does not name them, and they stay out of the mirror.
 */
function recordSent(raw: string, idField: string, id: string): unknown {
  const sent: unknown = JSON.parse(raw.trim())
  const candidates: readonly unknown[] = Array.isArray(sent) ? sent : [sent]
  const found = candidates.find((item) => String(Reflect.get(Object(item), idField)).trim() === id)
  if (found === undefined) throw new AegisError('internal.unexpected', { idField }) // the client has found it
  return found
}

function recordById(practice: AthenaPractice, feed: FeedName, { id, options }: { id: string; options: CallOptions }) {
  switch (feed) {
    case 'departments':
      return practice.departments.get(id, {}, options)
    case 'providers':
      return practice.providers.get(id, {}, options)
    case 'patients':
      return practice.patients.get(id, { showpreviouspatientids: true }, options)
    case 'appointments':
      return practice.appointments.get(id, {}, options)
    case 'appointmenttypes':
      throw new AegisError('internal.unexpected', { feed })
  }
}

/** What the audit log says of a page: how many records, and every patient in it. */
function pageFacts(page: Page<WireRecord>): AnswerFacts {
  return answerFacts(page.items)
}

function answerFacts(items: readonly WireRecord[]): AnswerFacts {
  const ids = new Set(items.flatMap((item) => (typeof item.patientid === 'string' ? [item.patientid] : [])))
  return { records: items.length, patientIds: [...ids] }
}

/** Member of a page's body that holds the records. */
const bodyKey: Readonly<Record<Kind, string>> = {
  department: 'departments',
  provider: 'providers',
  appointmenttype: 'appointmenttypes',
  patient: 'patients',
  appointment: 'appointments',
}

function fetched(key: FeedKey, page: Page<WireRecord>, asked: { limit: number; shape: Shape }): FetchedPage {
  const { kind } = specs[key.feed]
  const { idField } = recordKinds[kind]
  const items = page.items.length + page.faults.filter((fault) => fault.field === undefined).length
  return {
    kind,
    shape: asked.shape,
    raw: page.raw,
    items,
    ids: page.items.map((item) => String(item[idField])),
    // A page as long as asked for may be the last; a shorter one with a `next` was cut by athenahealth's own maximum.
    more: page.next !== undefined || items >= asked.limit,
    ...(page.doubtful && { doubtful: true }),
  }
}

/**
 * The records of a stored page. Typed where athenahealth's word can be read, as sent where it cannot: nothing a page
 * carried is lost. What is no record at all is handed on as it came and ends in quarantine.
 */
export function recordsInPage({ kind, shape }: { kind: Kind; shape: Shape }, raw: string): readonly WireRecord[] {
  const records = decodePage(kind, raw)
  // The list of open slots does not say that they are open.
  return shape === 'open' ? records.map((record) => ({ appointmentstatus: 'o', ...record })) : records
}

function decodePage(kind: Kind, raw: string): readonly WireRecord[] {
  const { list } = specs[feedOfKind(kind)]
  const reading = readListPage(list, raw)
  if (!reading.ok) throw new AegisError('sync.page-unreadable', { kind })
  if (reading.page.faults.length === 0) return reading.page.items
  const sent = (JSON.parse(raw.trim()) as Record<string, unknown[]>)[bodyKey[kind]] ?? [] // readListPage found it there
  return sent.map((item) => {
    const alone = readListPage(list, JSON.stringify({ [bodyKey[kind]]: [item] }))
    const record = alone.ok ? alone.page.items[0] : undefined
    return record ? { ...(item as WireRecord), ...record } : (item as WireRecord) // applyRecords checks what it is
  })
}
