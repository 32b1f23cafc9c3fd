/**
 * The kinds of record the mirror holds: what identifies one, whom it is about, and which of its fields may stand in
 * clear. Everything that is not named under `clear` is sealed. The list of clear fields is a privacy declaration:
 * ids of practice, department, provider and appointment, types, statuses, scheduled start, duration, time zone.
 */
import { type Appointment, appointmentStart, type Department, departmentZone } from '@aegis/client'
import type { WireRecord } from './wire-record.ts'

export type Kind = 'department' | 'provider' | 'appointmenttype' | 'patient' | 'appointment'

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
   * Fields whose absence is a fact (an appointment without patient is a free slot). Any other absent field only means
   * that this endpoint does not send it.
   */
  readonly core: readonly string[]
  /** Field with athenahealth's own time of last change (Eastern wall time), if the kind has one. */
  readonly lastModifiedField?: string
  /** Whether the body says that the record is deleted upstream. */
  isDeleted(record: WireRecord): boolean
  clear(record: WireRecord, facts: PracticeFacts): Readonly<Record<string, ClearValue | undefined>>
}

export const recordKinds: Readonly<Record<Kind, RecordKind>> = {
  department: {
    kind: 'department',
    idField: 'departmentid',
    isPatient: false,
    core: [],
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
    core: [],
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
    core: [],
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
    core: ['status', 'lastname', 'firstname', 'dob'],
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
    core: ['patientid', 'appointmentstatus', 'date', 'starttime', 'departmentid', 'providerid', 'duration'],
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
  const match = typeof value === 'string' ? /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(value) : null
  return match ? `${match[3]}-${match[1]}-${match[2]}` : undefined
}

function wallTime(value: unknown): string | undefined {
  return typeof value === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(value) ? value : undefined
}

function zoneOf(department: WireRecord): string | undefined {
  // The client's reader takes any record; what is not a zone comes back as undefined.
  return departmentZone(department as unknown as Department)
}

function startsAt(record: WireRecord, facts: PracticeFacts): string | undefined {
  const department = facts.departments.get(id(record.departmentid) ?? '')
  if (!department || !isoDate(record.date) || !wallTime(record.starttime)) return undefined
  const instant = appointmentStart(record as unknown as Appointment, department as unknown as Department)
  return instant === undefined ? undefined : new Date(instant).toISOString()
}
