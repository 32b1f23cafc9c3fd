import type { AthenaPractice, CallOptions, ListName, Params } from '@aegis/client'
import { AegisError } from '../errors/aegis-error.ts'
import type { Kind } from '../records/record-kind.ts'
import type { WireRecord } from '../records/wire-record.ts'
import type { FeedName } from './feed-name.ts'
import { type CheckFacts, planNightlyAppointments } from './plan-checks.ts'
import { planAppointments, type PlanFacts, planPatients } from './plan-snapshot.ts'
import type { ReadingTask } from './reconciliation.sql.ts'
import type { Segment } from './segment.ts'

/** What is particular to one feed; the machinery is the same for all. */
export interface FeedRow {
  readonly kind: Kind
  /** The list whose shape all pages of this feed share. */
  readonly list: ListName
  /** Member of a page's body that holds the records. */
  readonly key: string
  /** Absent where athenahealth tells of no changes: such a feed is read again now and then. */
  readonly changed?: ChangedFeed
  /** Feeds that must have been read before. */
  readonly needs: readonly FeedName[]
  /** The lists a snapshot reads, in order. */
  plan(facts: PlanFacts): readonly Segment[]
  /**
   * What is read to check the mirror, beside what the feed handed out since the night before. Absent: all of `plan` every
   * night. `rolling` is read in parts, one a night.
   */
  readonly checks?: Partial<Record<ReadingTask, (facts: CheckFacts) => readonly Segment[]>>
  /** Asks for one record by id, where athenahealth has a call for that. */
  readonly get?: (
    practice: AthenaPractice,
    id: string,
    options: CallOptions,
  ) => Promise<{ value: WireRecord; raw: string }>
}

/** A changed-data feed, and what is asked of it beyond the usual. */
export interface ChangedFeed {
  readonly name: 'providers' | 'patients' | 'appointments'
  /** Sent with every subscription. */
  readonly subscribed?: Params
  /** Sent with every read. */
  readonly read?: Params
}

export const feedTable: Readonly<Record<FeedName, FeedRow>> = {
  departments: {
    kind: 'department',
    list: 'departments',
    key: 'departments',
    needs: [],
    plan: () => [{ list: 'departments' }],
    get: (practice, id, options) => practice.departments.get(id, {}, options),
  },
  appointmenttypes: {
    kind: 'appointmenttype',
    list: 'appointmentTypes',
    key: 'appointmenttypes',
    needs: [],
    plan: () => [{ list: 'appointmentTypes' }],
  },
  providers: {
    kind: 'provider',
    list: 'providers',
    key: 'providers',
    changed: { name: 'providers' },
    needs: [],
    plan: () => [{ list: 'providers' }],
    get: (practice, id, options) => practice.providers.get(id, {}, options),
  },
  patients: {
    kind: 'patient',
    list: 'patients',
    key: 'patients',
    // Former ids come with a patient only when asked for; without them a merge would go unseen.
    changed: { name: 'patients', read: { showpreviouspatientids: true } },
    needs: ['departments'],
    plan: planPatients,
    checks: { nightly: () => [], rolling: planPatients },
    get: (practice, id, options) => practice.patients.get(id, { showpreviouspatientids: true }, options),
  },
  appointments: {
    kind: 'appointment',
    list: 'booked',
    key: 'appointments',
    // The events that "all" leaves out: they change the record too, its time of last change at least.
    changed: { name: 'appointments', subscribed: { includeremindercall: true, includesuggestedoverbooking: true } },
    needs: ['departments'],
    plan: planAppointments,
    checks: { nightly: planNightlyAppointments, weekly: planAppointments },
    get: (practice, id, options) => practice.appointments.get(id, {}, options),
  },
}

export const feedNames = Object.keys(feedTable) as readonly FeedName[] // the keys of the table above

export const hasChangedFeed = (feed: FeedName): boolean => feedTable[feed].changed !== undefined
export const feedNeeds = (feed: FeedName): readonly FeedName[] => feedTable[feed].needs
export const kindOfFeed = (feed: FeedName): Kind => feedTable[feed].kind

/** The feed that keeps a kind of record. */
export function feedOfKind(kind: Kind): FeedName {
  const feed = feedNames.find((name) => feedTable[name].kind === kind)
  if (!feed) throw new AegisError('internal.unexpected', { kind })
  return feed
}
