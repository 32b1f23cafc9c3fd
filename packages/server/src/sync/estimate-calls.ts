import { recordKinds } from '../records/record-kinds.ts'
import type { FeedName } from './feed-name.ts'
import { hasChangedFeed, isReadByPatient, kindOfFeed } from './feed-table.ts'
import { troubledCheckMs } from './subscription-pauses.ts'
import type { SyncSettings } from './sync-settings.ts'

/** A practice as its calls see it. */
export interface PracticeShape {
  readonly patients: number
  readonly departments: number
  /** Booked appointments a day, cancelled ones included, and open slots a day. */
  readonly appointmentsADay: number
  readonly slotsADay: number
  readonly claimsADay: number
  readonly providers: number
  /** Patients that a feed tells of a day: what it leaves out of each is asked for by id. */
  readonly patientChangesADay: number
  /** Changes a day of one feed that names a record only, which is then asked for by id; and of the feed of providers. */
  readonly changesADay: number
  readonly providerChangesADay: number
  /** Laboratory results of a patient, each of which costs a call of the first load. */
  readonly resultsPerPatient: number
  /** Share of patients with allergies: each is asked for when these are read. */
  readonly allergicShare: number
}

/** A practice of a few physicians. What a practice really is like is not known before its first load. */
export const usualPractice: PracticeShape = {
  patients: 10_000,
  departments: 5,
  appointmentsADay: 150,
  slotsADay: 100,
  claimsADay: 150,
  providers: 20,
  patientChangesADay: 300,
  changesADay: 100,
  providerChangesADay: 5,
  resultsPerPatient: 2,
  allergicShare: 0.35,
}

/** Calls of a day of a practice that is mirrored, by what they are for. */
export interface DayCalls {
  /** Readings of feeds. */
  readonly polls: number
  /** Looks at subscriptions, and at what others may have processed. */
  readonly looks: number
  /** Records that a feed named, asked for by id. */
  readonly named: number
  /** Kinds without a feed, read again. */
  readonly refresh: number
  /** Checks of the mirror: each night, of the coming bookings once a week, of all patients in turn; on average. */
  readonly checks: number
}

/** Calls until a practice is mirrored. */
export interface LoadCalls {
  /** Of lists that athenahealth calls intensive: in the off-hours, or by the onboarding allowance. */
  readonly large: number
  /** Patient by patient: at any time, behind everything else. */
  readonly byPatient: number
  /** Other lists, subscriptions. */
  readonly other: number
}

const dayMs = 86_400_000
const days = 7

/**
 * What a feed only names is asked for after the drain, after the look at what was processed, and after the nightly replay. A
 * patient is asked for after that look: a body that was handed out before may be older than what is held.
 */
const askedFor = 3

/** Calls of an average day (pure). */
export function dayCalls(settings: SyncSettings, shape: PracticeShape): DayCalls {
  const polled = settings.feeds.filter(hasChangedFeed)
  const perFeed = (intervalMs: number) => polled.length * (dayMs / intervalMs)
  const unfed = settings.feeds.filter((feed) => !hasChangedFeed(feed))
  return {
    polls: perFeed(settings.pollIntervalMs),
    looks: 2 * perFeed(Math.max(settings.subscriptionCheckMs, settings.pollIntervalMs)),
    named: sum(polled, (feed) => namedBy(feed, shape)),
    refresh: sum(unfed, (feed) => snapshotPages(feed, settings, shape)) * (dayMs / settings.refreshMs),
    checks: sum(polled, (feed) => checkPages(feed, settings, shape)),
  }
}

/** Calls of the first load (pure). */
export function loadCalls(settings: SyncSettings, shape: PracticeShape): LoadCalls {
  const { feeds } = settings
  const byPatient = settings.loadByPatient ? feeds.filter(isReadByPatient) : []
  const listed = feeds.filter((feed) => !isReadByPatient(feed))
  const large = listed.filter((feed) => isLarge(feed))
  const readings = (feed: FeedName) => (hasChangedFeed(feed) ? 2 : 1) * snapshotPages(feed, settings, shape)
  return {
    large: sum(large, (feed) => readings(feed) - openPages(feed, settings, shape) * 2),
    byPatient:
      shape.patients * byPatient.length +
      (byPatient.includes('labresults') ? shape.patients * shape.resultsPerPatient : 0) +
      (byPatient.includes('allergies') ? shape.patients * shape.allergicShare : 0),
    other:
      sum(listed, (feed) => (isLarge(feed) ? openPages(feed, settings, shape) * 2 : readings(feed))) +
      sum(feeds.filter(hasChangedFeed), () => subscribing(settings)),
  }
}

/** Asked, subscribed, and looked at until it is active and has settled: athenahealth names 15 minutes, and tells when. */
function subscribing(settings: SyncSettings): number {
  const lagMs = Math.min(settings.settleMs, 15 * 60_000)
  let looks = 0
  for (let soFarMs = 0; soFarMs < lagMs; soFarMs += troubledCheckMs(settings, soFarMs)) looks += 1
  return 3 + looks + 1
}

/** Records that are asked for by id because a feed told of them. */
function namedBy(feed: FeedName, shape: PracticeShape): number {
  return askedPerChange(feed) * changesOf(feed, shape)
}

/** Calls for the record itself that a change leads to, beside the drain that tells of it (pure). */
export function askedPerChange(feed: FeedName): number {
  if (feed === 'patients') return 1
  const { feedTells, keyedBy } = recordKinds[kindOfFeed(feed)]
  if (feedTells !== 'id') return 0
  // Nothing but the patient tells whose an entry is (may-show-others.ts).
  return keyedBy === 'patient-and-id' ? askedFor + 1 : askedFor
}

/** Changes of a working day that a feed tells of (pure). */
export function changesOf(feed: FeedName, shape: PracticeShape): number {
  if (feed === 'patients') return shape.patientChangesADay
  if (feed === 'appointments') return changesPerAppointment * shape.appointmentsADay
  if (feed === 'claims') return shape.claimsADay
  return rarelyChanged.has(feed) ? shape.providerChangesADay : shape.changesADay
}

/** It is booked, who has it comes, and it is over. */
const changesPerAppointment = 3

/** Kinds whose records hardly ever change. */
const rarelyChanged: ReadonlySet<FeedName> = new Set(['providers', 'referringproviders'])

function isLarge(feed: FeedName): boolean {
  return feed === 'patients' || feed === 'appointments' || feed === 'claims'
}

/** Pages of one whole reading of a kind. */
function snapshotPages(feed: FeedName, settings: SyncSettings, shape: PracticeShape): number {
  const pages = (records: number) => pagesOf(records, settings.snapshotPageSize)
  switch (feed) {
    case 'departments':
      return pages(shape.departments)
    case 'providers':
    case 'referringproviders':
      return pages(shape.providers)
    case 'patients':
      // And those who are registered nowhere.
      return shape.departments * pages(shape.patients / shape.departments) + 1
    case 'appointments':
      return (
        bookedPages(settings, shape, settings.bookedDaysBack + settings.bookedDaysAhead + 1) +
        openPages(feed, settings, shape)
      )
    case 'claims':
      return claimPages(settings, shape)
    default:
      return isReadByPatient(feed) ? 0 : 1
  }
}

function bookedPages(settings: SyncSettings, shape: PracticeShape, daysRead: number): number {
  const { bookedWindowDays, snapshotPageSize, ranges } = settings
  const width = Math.min(bookedWindowDays, ranges.bookedDaysMax)
  const whole = Math.floor(daysRead / width)
  const rest = daysRead % width
  return (
    whole * pagesOf(width * shape.appointmentsADay, snapshotPageSize) +
    (rest > 0 ? pagesOf(rest * shape.appointmentsADay, snapshotPageSize) : 0)
  )
}

function openPages(feed: FeedName, { slotDaysAhead, snapshotPageSize }: SyncSettings, shape: PracticeShape): number {
  if (feed !== 'appointments') return 0
  const ofDepartment = ((slotDaysAhead + 2) * shape.slotsADay) / shape.departments
  return shape.departments * pagesOf(ofDepartment, snapshotPageSize)
}

function claimPages({ claimsMonthsBack, claimsWindowMonths, snapshotPageSize }: SyncSettings, shape: PracticeShape) {
  const windows = Math.ceil(claimsMonthsBack / claimsWindowMonths)
  return windows * pagesOf(claimsWindowMonths * 30 * shape.claimsADay, snapshotPageSize)
}

/** Pages of an average night: what the feed handed out once more, and the lists whose turn it is. */
function checkPages(feed: FeedName, settings: SyncSettings, shape: PracticeShape): number {
  const replay = 1
  switch (feed) {
    case 'patients':
    case 'claims':
      return replay + snapshotPages(feed, settings, shape) / settings.rereadDays
    case 'appointments':
      return replay + nightlyBooked(settings, shape) + snapshotPages(feed, settings, shape) / days
    default:
      return replay + snapshotPages(feed, settings, shape)
  }
}

/** A seventh of the window and a day, the day that came into it, and of open slots that day. */
function nightlyBooked(settings: SyncSettings, shape: PracticeShape): number {
  const width = Math.ceil((settings.bookedDaysBack + settings.bookedDaysAhead + 1) / days)
  return bookedPages(settings, shape, width + 1) + 1 + shape.departments
}

/** Records that are read twice at the border of two pages (read-run-page.ts), of each page but the first. */
const overlap = 20

/** Calls for a list: it ends with a page that is not full. */
export function pagesOf(records: number, size: number): number {
  if (records < size) return 1
  return 1 + Math.ceil((records - size + 1) / (size - Math.min(overlap, size / 2)))
}

function sum(feeds: readonly FeedName[], of: (feed: FeedName) => number): number {
  return feeds.reduce((all, feed) => all + of(feed), 0)
}
