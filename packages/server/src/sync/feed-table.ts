import {
  type AthenaPractice,
  type CallOptions,
  type FeedName as ChangedName,
  type PageReading,
  type Params,
  readFeedPage,
  readListPage,
} from '@aegis/client'
import { AegisError } from '../errors/aegis-error.ts'
import type { Kind } from '../records/record-kind.ts'
import type { WireRecord } from '../records/wire-record.ts'
import { type FeedName, feedNames } from './feed-name.ts'
import { type PatientList, patientLists } from './patient-lists.ts'
import { type CheckFacts, planNightlyAppointments } from './plan-checks.ts'
import { type PlanFacts, planAppointments, planClaims, planPatients } from './plan-snapshot.ts'
import type { ReadingTask } from './reconciliation.sql.ts'
import type { Segment } from './segment.ts'

/** What is particular to one feed; the machinery is the same for all. */
export interface FeedRow {
  readonly kind: Kind
  /** Member of a page's body that holds the records. */
  readonly key: string
  /** Reads the text of a page as it stands in the inbox. */
  readonly read: (raw: string) => PageReading<WireRecord>
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
  /** Asks for one record, where athenahealth has a call for that. */
  readonly get?: (practice: AthenaPractice, asked: Asked, options: CallOptions) => Promise<Answered>
  /** Reads what one patient has of it: where that is the only list there is, and of a list that athenahealth narrows to one. */
  readonly ofPatient?: PatientList
}

/** A record asked for; the patient's id where athenahealth wants it. */
export interface Asked {
  readonly id: string
  readonly patientId: string
}

interface Answered {
  readonly value: unknown
  readonly raw: string
}

/** A changed-data feed, and what is asked of it beyond the usual. */
export interface ChangedFeed {
  readonly name: ChangedName
  /** The id's name in it, where that is not the record's own. */
  readonly idField?: string
  /** Sent with every subscription. */
  readonly subscribed?: Params
  /** Sent with every read. */
  readonly read?: Params
}

const wholeList = (list: 'departments' | 'appointmentTypes' | 'providers' | 'referringProviders') => () => [{ list }]

/** Patients one by one: athenahealth has no list of all. */
const patientByPatient = ({ phase }: PlanFacts): readonly Segment[] =>
  phase === 'provisional' ? [] : [{ list: 'ofPatients' }]

/** Checked by what the feed handed out: reading all patients again every night would cost a call for each. */
const feedOnly: FeedRow['checks'] = { nightly: () => [] }

export const feedTable: Readonly<Record<FeedName, FeedRow>> = {
  departments: {
    kind: 'department',
    key: 'departments',
    read: (raw) => readListPage('departments', raw),
    needs: [],
    plan: wholeList('departments'),
    get: (practice, { id }, options) => practice.departments.get(id, {}, options),
  },
  appointmenttypes: {
    kind: 'appointmenttype',
    key: 'appointmenttypes',
    read: (raw) => readListPage('appointmentTypes', raw),
    needs: [],
    plan: wholeList('appointmentTypes'),
  },
  providers: {
    kind: 'provider',
    key: 'providers',
    read: (raw) => readListPage('providers', raw),
    changed: { name: 'providers' },
    needs: [],
    plan: wholeList('providers'),
    get: (practice, { id }, options) => practice.providers.get(id, {}, options),
  },
  patients: {
    kind: 'patient',
    key: 'patients',
    read: (raw) => readListPage('patients', raw),
    // Former ids come with a patient only when asked for; without them a merge would go unseen.
    changed: { name: 'patients', read: { showpreviouspatientids: true } },
    needs: ['departments'],
    plan: planPatients,
    checks: { nightly: () => [], rolling: planPatients },
    get: (practice, { id }, options) => practice.patients.get(id, { showpreviouspatientids: true }, options),
  },
  appointments: {
    kind: 'appointment',
    key: 'appointments',
    read: (raw) => readListPage('booked', raw),
    // The events that "all" leaves out: they change the record too, its time of last change at least.
    changed: { name: 'appointments', subscribed: { includeremindercall: true, includesuggestedoverbooking: true } },
    needs: ['departments'],
    plan: planAppointments,
    checks: { nightly: planNightlyAppointments, weekly: planAppointments },
    get: (practice, { id }, options) => practice.appointments.get(id, {}, options),
  },
  referringproviders: {
    kind: 'referringprovider',
    key: 'referringproviders',
    read: (raw) => readListPage('GET /referringproviders', raw),
    changed: { name: 'referringproviders' },
    needs: [],
    plan: wholeList('referringProviders'),
    get: (practice, { id }, options) => practice.referringProviders.get(id, {}, options),
  },
  claims: {
    kind: 'claim',
    key: 'claims',
    read: (raw) => readListPage('GET /claims', raw),
    // "All" leaves out that a claim was deleted, if the flag means that (inferred).
    changed: { name: 'claims', subscribed: { showadditionalevents: true } },
    needs: ['departments'],
    plan: planClaims,
    checks: { nightly: () => [], rolling: planClaims },
    get: (practice, { id }, options) => practice.claims.get(id, {}, options),
    ofPatient: patientLists.claims,
  },
  patientcases: {
    kind: 'patientcase',
    key: 'patientcases',
    read: (raw) => readFeedPage('documents/patientcase', raw),
    changed: { name: 'documents/patientcase' },
    needs: ['departments', 'patients'],
    plan: patientByPatient,
    checks: feedOnly,
    get: ({ patients }, { id, patientId: patientid }, options) =>
      patients.documents.patientCases.get({ patientid, patientcaseid: id }, {}, options),
    ofPatient: patientLists.patientcases,
  },
  labresults: {
    kind: 'labresult',
    key: 'labresults',
    read: (raw) => readFeedPage('labresults', raw),
    changed: { name: 'labresults' },
    needs: ['departments', 'patients'],
    plan: patientByPatient,
    checks: feedOnly,
    get: ({ patients }, { id, patientId: patientid }, options) =>
      patients.documents.labResults.get({ patientid, labresultid: id }, {}, options),
    ofPatient: patientLists.labresults,
  },
  imagingresults: {
    kind: 'imagingresult',
    key: 'imagingresults',
    read: (raw) => readFeedPage('imagingresults', raw),
    changed: { name: 'imagingresults' },
    needs: ['departments', 'patients'],
    plan: patientByPatient,
    checks: feedOnly,
    get: ({ patients }, { id, patientId: patientid }, options) =>
      patients.documents.imagingResults.get({ patientid, imagingresultid: id }, {}, options),
    ofPatient: patientLists.imagingresults,
  },
  prescriptions: {
    kind: 'prescription',
    key: 'prescriptions',
    read: (raw) => readListPage('GET /patients/{patientid}/documents/prescription', raw),
    changed: { name: 'prescriptions', idField: 'documentid' },
    needs: ['departments', 'patients'],
    plan: patientByPatient,
    checks: feedOnly,
    get: ({ patients }, { id, patientId: patientid }, options) =>
      patients.documents.prescriptions.get({ patientid, prescriptionid: id }, {}, options),
    ofPatient: patientLists.prescriptions,
  },
  problems: {
    kind: 'problem',
    key: 'problems',
    read: (raw) => readListPage('GET /chart/{patientid}/problems', raw),
    changed: { name: 'chart/healthhistory/problems' },
    needs: ['departments', 'patients'],
    plan: patientByPatient,
    checks: feedOnly,
    ofPatient: patientLists.problems,
  },
  medications: {
    kind: 'medication',
    key: 'medications',
    read: (raw) => readFeedPage('chart/healthhistory/medication', raw),
    changed: { name: 'chart/healthhistory/medication' },
    needs: ['departments', 'patients'],
    plan: patientByPatient,
    checks: feedOnly,
    ofPatient: patientLists.medications,
  },
  allergies: {
    kind: 'allergy',
    key: 'allergies',
    read: (raw) => readListPage('GET /chart/{patientid}/allergies', raw),
    changed: { name: 'chart/healthhistory/allergies' },
    needs: ['departments', 'patients'],
    plan: patientByPatient,
    checks: feedOnly,
    ofPatient: patientLists.allergies,
  },
}

export const hasChangedFeed = (feed: FeedName): boolean => feedTable[feed].changed !== undefined
export const feedNeeds = (feed: FeedName): readonly FeedName[] => feedTable[feed].needs
export const kindOfFeed = (feed: FeedName): Kind => feedTable[feed].kind

/** Whether its records are read patient by patient: long work, which drains do not wait for. */
export const isReadByPatient = (feed: FeedName): boolean => feedTable[feed].plan === patientByPatient

/** Whether all that one patient has of it can be asked for. */
export const isAskedByPatient = (feed: FeedName): boolean => feedTable[feed].ofPatient !== undefined

/** The feed that keeps a kind of record. */
export function feedOfKind(kind: Kind): FeedName {
  const feed = feedNames.find((name) => feedTable[name].kind === kind)
  if (!feed) throw new AegisError('internal.unexpected', { kind })
  return feed
}
