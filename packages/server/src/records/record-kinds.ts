/**
 * The kinds of record the mirror holds: what identifies one, whom it is about, and which of its fields may stand in
 * clear. Everything that is not named under `clear` is sealed. The list of clear fields is a privacy declaration:
 * ids of practice, department, provider and appointment, types, statuses, scheduled start, duration, time zone.
 */
import { departmentZone } from '@aegis/client'
import { appointmentKind } from './appointment-kind.ts'
import { allergyKind, medicationKind, problemKind } from './chart-kinds.ts'
import { claimKind } from './claim-kind.ts'
import { code, count, flag, id } from './clear-values.ts'
import { imagingResultKind, labResultKind, patientCaseKind, prescriptionKind } from './document-kinds.ts'
import type { Kind, RecordKind } from './record-kind.ts'
import type { WireRecord } from './wire-record.ts'

/** Documented and recorded for the list of providers alone. */
const ofProvidersListed = [
  'homedepartment',
  'scheduleresourcetype',
  'createencounterprovideridlist',
  'otherprovideridlist',
  'otherproviderids',
]

export const recordKinds: Readonly<Record<Kind, RecordKind>> = {
  department: {
    kind: 'department',
    idField: 'departmentid',
    isPatient: false,
    keyedBy: 'id',
    asked: 'by-id',
    feedTells: 'record',
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
    keyedBy: 'id',
    asked: 'by-id',
    feedTells: 'id',
    partial: { get: { never: new Set(ofProvidersListed) } },
    // Of what the list alone shows the feed's own reads, which are by id, tell nothing. A list has a specialty as 26, a read by id as
    // "026": the form alone is no loss.
    unannounced: new Set(['specialtyid', ...ofProvidersListed]),
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
    keyedBy: 'id',
    asked: 'by-id',
    feedTells: 'record',
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
    keyedBy: 'pseudonym',
    asked: 'by-id',
    feedTells: 'record',
    partial: { list: { never: new Set(['previouspatientids']) } },
    unannounced: new Set(['balances', 'firstappointment', 'lastappointment']),
    isDeleted: (record) => record.status === 'deleted',
    clear: (record) => ({
      status: code(record.status),
      departmentId: id(record.primarydepartmentid) ?? id(record.departmentid),
      providerId: id(record.primaryproviderid),
    }),
  },
  appointment: appointmentKind,
  referringprovider: {
    kind: 'referringprovider',
    idField: 'referringproviderid',
    isPatient: false,
    keyedBy: 'id',
    asked: 'by-id',
    feedTells: 'id',
    partial: {},
    isDeleted: () => false,
    clear: (record) => ({ entityType: code(record.entitytype) }),
  },
  claim: claimKind,
  patientcase: patientCaseKind,
  labresult: labResultKind,
  imagingresult: imagingResultKind,
  prescription: prescriptionKind,
  problem: problemKind,
  medication: medicationKind,
  allergy: allergyKind,
}

/** The department's clock: an IANA name, or a fixed offset where it keeps standard time all year. */
function zoneOf(department: WireRecord): string | undefined {
  const zone = departmentZone(department)
  if (!zone) return undefined
  return 'name' in zone ? zone.name : `UTC${zone.offsetMinutes < 0 ? '-' : '+'}${Math.abs(zone.offsetMinutes) / 60}`
}
