/**
 * The kinds of record the mirror holds: what identifies one, whom it is about, and which of its fields may stand in
 * clear. Everything that is not named under `clear` is sealed. The list of clear fields is a privacy declaration:
 * ids of practice, department, provider and appointment, types, statuses, scheduled start, duration, time zone.
 */
import { appointmentStart, departmentZone } from '@aegis/client'
import { isStorable } from './last-modified.ts'
import type { WireRecord } from './wire-record.ts'

export type Kind = 'department' | 'provider' | 'appointmenttype' | 'patient' | 'appointment'

/** Which endpoint a body came from: endpoints send different parts of one resource. */
export type Shape = 'list' | 'booked' | 'open' | 'feed' | 'get'

/** A clear value: validated here, so that no text of upstream reaches an SQL cast or a clear column unseen. */
export type ClearValue = string | number | boolean

/** Facts about the practice that a record alone does not carry. */
export interface PracticeFacts {
  /** Department records by id: the zone of wall times. */
  readonly departments: ReadonlyMap<string, WireRecord>
}

export interface RecordKind {
  readonly kind: Kind
  /** Field with athenahealth's id. */
  readonly idField: string
  /** Whether the id identifies a patient and is therefore kept as a pseudonym only. */
  readonly isPatient: boolean
  /** Field with the id of the patient the record is about. */
  readonly patientField?: string
  /**
   * What each endpoint leaves out, as seen in recordings: there, a field's absence says nothing. Elsewhere a field that
   * is absent is unset upstream.
   */
  readonly partial: Partial<Record<Shape, Partial<Sends>>>
  /** Field with athenahealth's own time of last change (Eastern wall time), if the kind has one. */
  readonly lastModifiedField?: string
  /** Whether the body says that the record is deleted upstream. */
  isDeleted(record: WireRecord): boolean
  clear(record: WireRecord, facts: PracticeFacts): Readonly<Record<string, ClearValue | undefined>>
}

/** Fields an endpoint is known to send (all others say nothing by their absence), or fields it is known to leave out. */
export interface Sends {
  readonly only: ReadonlySet<string>
  readonly never: ReadonlySet<string>
}

const bookedOnly = [
  'copay',
  'appointmentcopay',
  'encounterid',
  'encounterstatus',
  'patientlocationid',
  'startcheckin',
  'stopcheckin',
  'reasonid',
  'localproviderid',
]
const cancelOnly = [
  'cancelledby',
  'cancelleddatetime',
  'cancelreasonid',
  'cancelreasonname',
  'cancelreasonnoshow',
  'cancelreasonslotavailable',
  'rescheduledappointmentid',
  'reasonid',
  'localproviderid',
  'appointmentnotes',
]
/** A slot's own fields; `patientid` and `appointmentstatus` stand here because a slot in this list has no patient. */
const openSlotFields = [
  'appointmentid',
  'appointmentstatus',
  'patientid',
  'date',
  'starttime',
  'duration',
  'departmentid',
  'providerid',
  'appointmenttypeid',
  'appointmenttype',
  'patientappointmenttypename',
]
const appointmentByIdFields = [
  ...openSlotFields,
  'chargeentrynotrequired',
  'copay',
  'encounterid',
  'encounterstatus',
  'renderingproviderid',
  'startcheckin',
  'stopcheckin',
]

export const recordKinds: Readonly<Record<Kind, RecordKind>> = {
  department: {
    kind: 'department',
    idField: 'departmentid',
    isPatient: false,
    partial: {},
    isDeleted: () => false,
    clear: (record) => ({
      timeZone: zoneOf(record),
      providerGroupId: id(record.providergroupid),
    }),
  },
  provider: {
    kind: 'provider',
    idField: 'providerid',
    isPatient: false,
    partial: {},
    isDeleted: () => false,
    clear: (record) => ({
      entityType: code(record.entitytype),
      providerTypeId: code(record.providertypeid),
    }),
  },
  appointmenttype: {
    kind: 'appointmenttype',
    idField: 'appointmenttypeid',
    isPatient: false,
    partial: {},
    isDeleted: () => false,
    clear: (record) => ({
      durationMinutes: count(record.duration),
      generic: flag(record.generic),
    }),
  },
  patient: {
    kind: 'patient',
    idField: 'patientid',
    isPatient: true,
    partial: { list: { never: new Set(['previouspatientids']) } },
    isDeleted: (record) => record.status === 'deleted',
    clear: (record) => ({
      status: code(record.status),
      departmentId: id(record.primarydepartmentid) ?? id(record.departmentid),
      providerId: id(record.primaryproviderid),
    }),
  },
  appointment: {
    kind: 'appointment',
    idField: 'appointmentid',
    isPatient: false,
    patientField: 'patientid',
    partial: {
      booked: { never: new Set(cancelOnly) },
      feed: { never: new Set(bookedOnly) },
      // A frozen slot is not in that list: one that is there has been thawed.
      open: { only: new Set([...openSlotFields, 'frozen']) },
      get: { only: new Set(appointmentByIdFields) },
    },
    lastModifiedField: 'lastmodified',
    isDeleted: () => false,
    clear: (record, facts) => ({
      departmentId: id(record.departmentid),
      providerId: id(record.providerid),
      appointmentTypeId: id(record.appointmenttypeid),
      status: code(record.appointmentstatus),
      startsAt: startsAt(record, facts),
      localDate: isoDate(record.date),
      localTime: wallTime(record.starttime),
      durationMinutes: count(record.duration),
      frozen: flag(record.frozen),
    }),
  },
}

const idPattern = /^[0-9]{1,18}$/
/** Short upstream codes (status, type): letters, digits and a few separators; anything else is not a code. */
const codePattern = /^[A-Za-z0-9_+.-]{1,24}$/

function id(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && idPattern.test(text) ? text : undefined
}

function code(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && codePattern.test(text) ? text : undefined
}

function count(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < 100_000 ? number : undefined
}

function flag(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true
  return value === false || value === 'false' ? false : undefined
}

function isoDate(value: unknown): string | undefined {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : undefined
}

/** HH:MM; seconds, where they are sent, are dropped. */
function wallTime(value: unknown): string | undefined {
  return typeof value === 'string' && /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/.test(value) ? value.slice(0, 5) : undefined
}

/** The department's clock: an IANA name, or a fixed offset where it keeps standard time all year. */
function zoneOf(department: WireRecord): string | undefined {
  const zone = departmentZone(department)
  if (!zone) return undefined
  return 'name' in zone ? zone.name : `UTC${zone.offsetMinutes < 0 ? '-' : '+'}${Math.abs(zone.offsetMinutes) / 60}`
}

function startsAt(record: WireRecord, facts: PracticeFacts): string | undefined {
  const department = facts.departments.get(id(record.departmentid) ?? '')
  if (!department || !isoDate(record.date) || !wallTime(record.starttime)) return undefined
  const instant = appointmentStart(record, department)
  return instant === undefined || !isStorable(instant) ? undefined : new Date(instant).toISOString()
}
