/**
 * The oracle: compares what the simulator knows to be true with what the mirror holds. It stands outside the system:
 * it reads the truth from the simulator and the mirror through its own SQL, and shares no code with sync.
 */
import { isDeepStrictEqual } from 'node:util'

import type { RecordKind as TrueKind } from '@aegis/simulator'

export const oracleKinds = [
  'departments',
  'providers',
  'appointmenttypes',
  'patients',
  'appointments',
  'referringproviders',
  'claims',
  'patientcases',
  'labresults',
  'imagingresults',
  'prescriptions',
  'problems',
  'medications',
  'allergies',
] as const
export type Kind = (typeof oracleKinds)[number]
export type WireRecord = Readonly<Record<string, unknown>>

/** A record as the mirror shows it, opened. */
export interface MirrorRecord {
  readonly key: string
  readonly state: 'present' | 'deleted' | 'merged' | 'withheld'
  readonly body: WireRecord
}

export interface Difference {
  readonly kind: Kind
  readonly id: string
  readonly what: 'missing' | 'extra' | 'state' | 'field'
  /** Name of the field that differs; values are not told, so that a report may be shown. */
  readonly field?: string
}

export interface KindRule {
  /** The simulator's name of the kind. */
  readonly truth: TrueKind
  readonly idField: string
  /** Whether the id is one only within a patient's chart. */
  readonly withinPatient?: true
  /** Whether the records are read patient by patient, so that those of a deleted patient are out of reach. */
  readonly ofPatient?: true
  /** Fields that athenahealth works out from other records: once a record is deleted nothing tells of them any more. */
  readonly workedOut?: readonly string[]
  /**
   * Whether a route leaves out this field by which such a record may have been read last: then the mirror may know nothing of
   * it, but nothing different. All others it must have.
   */
  readonly unshown?: (record: WireRecord, name: string) => boolean
}

/** A list of open slots shows little of them, and what is free is not asked for by its id. */
const inNoListOfSlots: ReadonlySet<string> = new Set([
  'chargeentrynotrequired',
  'coordinatorenterprise',
  'hl7providerid',
  'lastmodified',
  'lastmodifiedby',
  'templateappointmentid',
  'templateappointmenttypeid',
])
/** An answer by id shows these; of what else the feed and the list of what is booked show, what it replaces may be out of date. */
const ofAppointmentAlone: ReadonlySet<string> = new Set([
  'appointmentid',
  'appointmentstatus',
  'appointmenttype',
  'appointmenttypeid',
  'chargeentrynotrequired',
  'date',
  'departmentid',
  'duration',
  'encounterid',
  'encounterstatus',
  'patientappointmenttypename',
  'patientid',
  'providerid',
  'startcheckin',
  'starttime',
  'stopcheckin',
])

export const kindRules: Readonly<Record<Kind, KindRule>> = {
  departments: { truth: 'departments', idField: 'departmentid' },
  providers: { truth: 'providers', idField: 'providerid' },
  appointmenttypes: { truth: 'appointmenttypes', idField: 'appointmenttypeid' },
  patients: {
    truth: 'patients',
    idField: 'patientid',
    workedOut: ['balances', 'firstappointment', 'lastappointment'],
  },
  appointments: {
    truth: 'appointments',
    idField: 'appointmentid',
    unshown: ({ appointmentstatus }, name) =>
      appointmentstatus === 'o' ? inNoListOfSlots.has(name) : !ofAppointmentAlone.has(name),
  },
  referringproviders: {
    truth: 'referringproviders',
    idField: 'referringproviderid',
  },
  claims: {
    truth: 'claims',
    idField: 'claimid',
  },
  patientcases: {
    truth: 'documents/patientcase',
    idField: 'patientcaseid',
    ofPatient: true,
  },
  labresults: {
    truth: 'labresults',
    idField: 'labresultid',
    ofPatient: true,
  },
  imagingresults: {
    truth: 'imagingresults',
    idField: 'imagingresultid',
    ofPatient: true,
  },
  prescriptions: {
    truth: 'prescriptions',
    idField: 'prescriptionid',
    ofPatient: true,
  },
  problems: {
    truth: 'chart/healthhistory/problems',
    idField: 'problemid',
    ofPatient: true,
  },
  medications: {
    truth: 'chart/healthhistory/medication',
    idField: 'medicationentryid',
    ofPatient: true,
  },
  allergies: {
    truth: 'chart/healthhistory/allergies',
    idField: 'allergenid',
    withinPatient: true,
    ofPatient: true,
  },
}

/**
 * Fields that only one endpoint sends, that endpoints write differently (a specialty is 26 in a list and "026" alone), or
 * that are about the request: the truth shows records as the feed does.
 */
const ofOneEndpoint: ReadonlySet<string> = new Set([
  'reasonid',
  'previouspatientids',
  'copay',
  'appointmentcopay',
  'localproviderid',
  'renderingproviderid',
  'specialtyid',
  'pages',
])

export interface Comparison {
  readonly kind: Kind
  readonly truth: Iterable<WireRecord>
  readonly mirror: readonly MirrorRecord[]
  /** Whether a true record is within what the mirror promises to hold. */
  inScope(record: WireRecord): boolean
  /** Whether a record is of a patient who is hidden from us: whatever is held of it, nothing shows how it is now. */
  isHidden?(record: WireRecord): boolean
}

/** Every difference of one kind; an empty list means that the mirror equals the truth. */
export function compareKind({ kind, truth, mirror, inScope, isHidden = () => false }: Comparison): Difference[] {
  const held = new Map(mirror.map((record) => [oracleId(kind, record.body), record]))
  const differences: Difference[] = []
  const seen = new Set<string>()
  for (const record of truth) {
    const id = oracleId(kind, record)
    seen.add(id)
    const ours = held.get(id)
    if (isHidden(record)) differences.push(...compareHidden(kind, { id, record, ours }))
    else if (ours) differences.push(...compareOne(kind, { id, record, ours }))
    // A patient who was deleted before we first looked is in no list: there was never anything to hold.
    else if (record.status !== 'deleted' && inScope(record)) differences.push({ kind, id, what: 'missing' })
  }
  for (const [id, ours] of held) {
    const isOfNobody = ours.state === 'present' && !isDeletedSlot(kind, ours.body) && !isHidden(ours.body)
    if (!seen.has(id) && isOfNobody) differences.push({ kind, id, what: 'extra' })
  }
  return differences
}

/** What identifies a record among those of its kind. */
export function oracleId(kind: Kind, record: WireRecord): string {
  const { idField, withinPatient } = kindRules[kind]
  const id = text(record[idField])
  return withinPatient ? `${text(record.patientid)}/${id}` : id
}

/** What of a kind the mirror promises beyond what it holds. */
export interface Promised {
  /** Epoch ms. */
  readonly now: number
  readonly bookedDaysBack: number
  readonly bookedDaysAhead: number
  readonly claimsMonthsBack: number
  /** Patients that are there to be read. */
  readonly presentPatients: ReadonlySet<string>
}

const dayMs = 86_400_000
/** A day at each end may belong to either side, by the department's zone. */
const edgeDays = 2

/**
 * Whether a first load promises a record: bookings of the window around today, claims of the months that are read, what is
 * in the charts of patients that are there, and everything of all other kinds.
 */
export function isPromised(kind: Kind, record: WireRecord, promised: Promised): boolean {
  const { now, bookedDaysBack, bookedDaysAhead, claimsMonthsBack, presentPatients } = promised
  if (kind === 'appointments') {
    const days = (usDate(record.date) - now) / dayMs
    return record.patientid !== undefined && days > -bookedDaysBack + edgeDays && days < bookedDaysAhead - edgeDays
  }
  if (kind === 'claims') return (now - usDate(record.claimcreateddate)) / dayMs < claimsMonthsBack * 30 - edgeDays
  return kindRules[kind].ofPatient !== true || presentPatients.has(text(record.patientid))
}

export function usDate(value: unknown): number {
  const [month, day, year] = text(value).split('/').map(Number)
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1)
}

/** The truth lists no deleted slots; the feed shows one as cancelled, without a patient. */
function isDeletedSlot(kind: Kind, body: WireRecord): boolean {
  return kind === 'appointments' && body.appointmentstatus === 'x' && body.patientid === undefined
}

interface Pair {
  readonly id: string
  readonly record: WireRecord
  readonly ours: MirrorRecord
}

/** What is hidden need not be held, and may be held as it was; but nobody has said that it is gone. */
function compareHidden(
  kind: Kind,
  { id, record, ours }: Omit<Pair, 'ours'> & { ours: MirrorRecord | undefined },
): Difference[] {
  const isGone = ours?.state === 'merged' || (ours?.state === 'deleted' && record.status !== 'deleted')
  return isGone ? [{ kind, id, what: 'state' }] : []
}

function compareOne(kind: Kind, { id, record, ours }: Pair): Difference[] {
  const deleted = record.status === 'deleted'
  // The truth lists nobody who is merged, and what is shown is not withheld: of this it is not so, or no longer.
  if (ours.state !== (deleted ? 'deleted' : 'present')) return [{ kind, id, what: 'state' }]
  const { workedOut = [], unshown } = kindRules[kind]
  const untold = new Set([...ofOneEndpoint, ...(deleted ? workedOut : [])])
  const unknown = Object.keys(record).filter((name) => !(name in ours.body) && !unshown?.(record, name))
  return [...Object.keys(ours.body), ...unknown]
    .filter((name) => !untold.has(name) && !sameValue(record[name], ours.body[name]))
    .map((field) => ({ kind, id, what: 'field', field }) as const)
}

/** Equal in meaning: the mirror keeps dates as YYYY-MM-DD and typed values where the wire has text. */
export function sameValue(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(plain(a), plain(b))
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(plain)
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, item]) => [name, plain(item)] as const)
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined))
  }
  if (value === null || value === '') return undefined
  const words = typeof value === 'string' ? value : JSON.stringify(value)
  const date = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(words)
  return date ? `${date[3]}-${date[1]}-${date[2]}` : words
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
