import { appointmentStart } from '@aegis/client'
import { code, count, flag, id, isoDate, wallTime } from './clear-values.ts'
import { isStorable } from './last-modified.ts'
import type { PracticeFacts, RecordKind } from './record-kind.ts'
import type { WireRecord } from './wire-record.ts'

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

/** Slots and appointments: they share their ids. */
export const appointmentKind: RecordKind = {
  kind: 'appointment',
  idField: 'appointmentid',
  isPatient: false,
  keyedBy: 'id',
  asked: 'by-id',
  feedTells: 'record',
  patientField: 'patientid',
  partial: {
    booked: { never: new Set(cancelOnly) },
    feed: { never: new Set(bookedOnly) },
    // A frozen slot is not in that list: one that is there has been thawed.
    open: { only: new Set([...openSlotFields, 'frozen']) },
    get: { only: new Set(appointmentByIdFields) },
  },
  // Only a read by id sends it.
  unannounced: new Set(['renderingproviderid']),
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
}

function startsAt(record: WireRecord, facts: PracticeFacts): string | undefined {
  const department = facts.departments.get(id(record.departmentid) ?? '')
  if (!department || !isoDate(record.date) || !wallTime(record.starttime)) return undefined
  const instant = appointmentStart(record, department)
  return instant === undefined || !isStorable(instant) ? undefined : new Date(instant).toISOString()
}
