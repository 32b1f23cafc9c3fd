/** Slots and appointments as athenahealth shows them: in lists and feeds, alone, and as open time. */
import {
  appointmentId,
  statusOf,
  type AppointmentNote,
  type AppointmentTable,
  type Cancellation,
} from './appointment-table.ts'
import { appointmentDetails } from './appointment-details.ts'
import { clockText, dateText } from './calendar-date.ts'
import type { WireRecord } from './blank-patient.ts'
import { listed, type PracticeState } from './practice-state.ts'
import { mixSeed } from './seeded-random.ts'
import { eastern, wallText } from './zone-time.ts'

const copays = [0, 0, 20, 25, 40] as const

/** Date-times on records are Eastern wall time whatever the department's zone (inferred from recorded bookings). */
function easternSeconds(seconds: number): string {
  return wallText(eastern, seconds * 1000)
}

/** The fields every shape of a slot or appointment has. */
function coreRecord(state: PracticeState, position: number): WireRecord {
  const { appointments: table } = state
  const type = listed(state.types, table.type.get(position))
  const status = statusOf(table, position)
  return {
    appointmentid: appointmentId(position),
    date: dateText(table.day.get(position)),
    starttime: clockText(table.start.get(position)),
    duration: table.minutes.get(position),
    departmentid: listed(state.departments, table.department.get(position)).id,
    providerid: listed(state.providers, table.provider.get(position)).id,
    // A deleted slot has no code of its own in athenahealth's list; a cancelled one without a patient is our reading.
    appointmentstatus: status === 'deleted' ? 'x' : status,
    appointmenttypeid: type.id,
    appointmenttype: type.name,
    patientappointmenttypename: type.patientName,
    chargeentrynotrequired: appointmentDetails(state, position).noChargeReason !== undefined,
  }
}

/** The expected copay in dollars, the same in every shape of the appointment. */
export function copayOf(state: PracticeState, position: number): number {
  return copays[mixSeed(state.seed, position) % copays.length] ?? 0
}

function visitFields(table: AppointmentTable, position: number): WireRecord {
  const record: WireRecord = {}
  const startedAt = table.checkInStartedAt.get(position)
  const checkedInAt = table.checkedInAt.get(position)
  const encounter = table.encounter.get(position)
  if (startedAt !== 0) record['startcheckin'] = easternSeconds(startedAt)
  if (checkedInAt !== 0) record['stopcheckin'] = easternSeconds(checkedInAt)
  if (encounter !== 0) {
    record['encounterid'] = String(encounter)
    // Both recorded; the states in between belong to whoever writes the encounter.
    record['encounterstatus'] = table.checkedOutAt.get(position) === 0 ? 'READYFORSTAFF' : 'CHECKEDOUT'
  }
  return record
}

function cancellationFields(state: PracticeState, cancellation: Cancellation): WireRecord {
  const reason = state.cancelReasons.find((candidate) => candidate.id === cancellation.reasonId)
  const { rescheduledTo } = cancellation
  return {
    cancelledby: cancellation.by,
    cancelleddatetime: wallText(eastern, cancellation.at),
    cancelreasonid: cancellation.reasonId,
    cancelreasonname: reason?.name ?? '',
    cancelreasonnoshow: reason?.noShow ?? false,
    cancelreasonslotavailable: reason?.slotAvailable ?? false,
    ...(rescheduledTo === undefined ? {} : { rescheduledappointmentid: appointmentId(rescheduledTo) }),
  }
}

function noteFields(notes: readonly AppointmentNote[]): WireRecord {
  const shown = notes.filter((note) => !note.deleted)
  if (shown.length === 0) return {}
  return {
    // Latest first, as recorded.
    appointmentnotes: shown.toReversed().map(({ id, text, displayOnSchedule }) => ({
      id,
      text,
      displayonschedule: displayOnSchedule,
    })),
  }
}

/** The record of the changed-appointments feed, without copay: the booked lists add it. */
export function appointmentRecord(state: PracticeState, position: number): WireRecord {
  const { appointments: table } = state
  const record = coreRecord(state, position)
  record['templateappointmentid'] = appointmentId((table.template.get(position) || position + 1) - 1)
  record['templateappointmenttypeid'] = listed(state.types, table.templateType.get(position)).id
  record['hl7providerid'] = Number(record['providerid'])
  record['coordinatorenterprise'] = false
  record['lastmodified'] = easternSeconds(table.modifiedAt.get(position))
  record['lastmodifiedby'] = table.users[table.modifiedBy.get(position)] ?? ''
  if (table.frozen.get(position) === 1) record['frozen'] = 'true'
  const patient = table.patient.get(position)
  if (patient === 0) return record
  record['patientid'] = String(patient)
  record['scheduledby'] = table.users[table.scheduledBy.get(position)] ?? ''
  record['scheduleddatetime'] = easternSeconds(table.scheduledAt.get(position))
  if (table.urgent.get(position) === 1) record['urgent'] = true
  const notes = table.notes.get(position)
  if (notes !== undefined) Object.assign(record, noteFields(notes))
  const cancellation = table.cancellations.get(position)
  if (cancellation !== undefined) return Object.assign(record, cancellationFields(state, cancellation))
  // Where in the house the patient is: the one place ever recorded.
  if (statusOf(table, position) === '2') record['patientlocationid'] = '21'
  return Object.assign(record, visitFields(table, position))
}

/** A row of the booked lists: the feed's record and, unless switched off, the copay. */
export function bookedRecord(state: PracticeState, position: number, showCopay: boolean): WireRecord {
  const record = appointmentRecord(state, position)
  if (!showCopay || record['appointmentstatus'] === 'x') return record
  const copay = copayOf(state, position)
  record['copay'] = copay
  record['appointmentcopay'] = { insurancecopay: copay, collectedforappointment: 0, collectedforother: 0 }
  return record
}

/** A row of one patient's appointments: as recorded it says least of all. */
export function patientAppointmentRecord(state: PracticeState, position: number, showCopay: boolean): WireRecord {
  const { chargeentrynotrequired: _, ...record } = coreRecord(state, position)
  return showCopay ? { ...record, copay: copayOf(state, position) } : record
}

function renderingProvider(state: PracticeState, position: number): number {
  const { renderingProvider: index = state.appointments.provider.get(position) } = appointmentDetails(state, position)
  return Number(listed(state.providers, index).id)
}

/** 0 for none (recorded). */
function supervisingProvider(state: PracticeState, position: number): number {
  const { supervisingProvider: index } = appointmentDetails(state, position)
  return index === undefined ? 0 : Number(listed(state.providers, index).id)
}

/** The shorter record of a GET by id, as recorded: no last-modified and no scheduling fields. */
export function singleAppointmentRecord(state: PracticeState, position: number, showCopay: boolean): WireRecord {
  const { appointments: table } = state
  const record = coreRecord(state, position)
  if (table.frozen.get(position) === 1) record['frozen'] = 'true'
  const patient = table.patient.get(position)
  if (patient === 0) return record
  record['patientid'] = String(patient)
  if (statusOf(table, position) === 'x') {
    const rescheduledTo = table.cancellations.get(position)?.rescheduledTo
    return rescheduledTo === undefined
      ? record
      : Object.assign(record, { rescheduledappointmentid: appointmentId(rescheduledTo) })
  }
  if (showCopay) record['copay'] = copayOf(state, position)
  if (table.checkedInAt.get(position) !== 0) record['renderingproviderid'] = renderingProvider(state, position)
  return Object.assign(record, visitFields(table, position))
}

/** The answer to booking and rescheduling: the appointment as it now is, in the shape recorded for it. */
export function bookingRecord(state: PracticeState, position: number): WireRecord {
  return {
    ...singleAppointmentRecord(state, position, false),
    referringproviderid: '',
    renderingproviderid: '',
    supervisingproviderid: supervisingProvider(state, position),
  }
}

/** A row of the open slots: ids are numbers there (recorded 2023), and the reasons asked for are echoed as text. */
export function openSlotRecord(state: PracticeState, position: number, reasonIds: readonly string[]): WireRecord {
  const { appointments: table } = state
  const type = listed(state.types, table.type.get(position))
  const provider = Number(listed(state.providers, table.provider.get(position)).id)
  return {
    date: dateText(table.day.get(position)),
    appointmentid: Number(appointmentId(position)),
    departmentid: Number(listed(state.departments, table.department.get(position)).id),
    localproviderid: provider,
    providerid: provider,
    appointmenttype: type.name,
    appointmenttypeid: Number(type.id),
    patientappointmenttypename: type.patientName,
    starttime: clockText(table.start.get(position)),
    duration: table.minutes.get(position),
    reasonid: reasonIds,
    ...(table.frozen.get(position) === 1 ? { frozen: 'true' } : {}),
  }
}
