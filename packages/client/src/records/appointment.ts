import { wireInstant } from '../wire/wire-date-time.ts'
import { recordShape, type RecordShape } from '../wire/decode-record.ts'
import { easternZone, instantOf } from '../wire/time-zone.ts'
import { departmentZone, type ZoneFields } from './department-zone.ts'
import type { TypeOf } from './practice-records.ts'

const appointmentFields = recordShape('appointmentid', {
  date: 'date',
  starttime: 'time',
  duration: 'number',
  copay: 'number',
  appointmentstatus: 'text',
  departmentid: 'id',
  providerid: 'id',
  patientid: 'id',
  appointmenttypeid: 'id',
  appointmenttype: 'text',
  patientappointmenttypename: 'text',
  reasonid: 'ids',
  localproviderid: 'id',
  hl7providerid: 'id',
  renderingproviderid: 'id',
  supervisingproviderid: 'id',
  referringproviderid: 'id',
  templateappointmentid: 'id',
  templateappointmenttypeid: 'id',
  rescheduledappointmentid: 'id',
  encounterid: 'id',
  encounterstatus: 'text',
  encounterstate: 'text',
  visitid: 'id',
  patientlocationid: 'id',
  frozen: 'boolean',
  frozenyn: 'boolean',
  urgent: 'boolean',
  urgentyn: 'boolean',
  chargeentrynotrequired: 'boolean',
  chargeentrynotrequiredreason: 'text',
  coordinatorenterprise: 'boolean',
  cancelreasonid: 'id',
  cancelreasonname: 'text',
  cancelreasonnoshow: 'boolean',
  cancelreasonslotavailable: 'boolean',
  cancelledby: 'text',
  cancelleddatetime: 'dateTime',
  scheduledby: 'text',
  scheduleddatetime: 'dateTime',
  lastmodified: 'dateTime',
  lastmodifiedby: 'text',
  startcheckin: 'dateTime',
  stopcheckin: 'dateTime',
  checkindatetime: 'dateTime',
  checkoutdatetime: 'dateTime',
  startcheckoutdatetime: 'dateTime',
  stopintakedatetime: 'dateTime',
  stopexamdatetime: 'dateTime',
  appointmentconfirmationid: 'id',
  appointmentconfirmationname: 'text',
  appointmentnotes: 'list',
  claims: 'list',
  insurances: 'list',
  useexpectedprocedurecodes: 'list',
})

/**
 * A booking or an open slot: they share ids and feeds. `appointmentstatus` is x cancelled, f booked, o open slot,
 * 2 checked in, 3 checked out, 4 charge entered. `date` and `starttime` are on the department's wall: appointmentStart
 * gives the instant. `duration` is in minutes.
 */
export interface Appointment extends TypeOf<typeof appointmentFields> {}
export const appointmentShape: RecordShape<Appointment> = appointmentFields

const appointmentNoteFields = recordShape('noteid', {
  notetext: 'text',
  created: 'dateTime',
  createdby: 'text',
  displayonschedule: 'boolean',
})

/** A note of an appointment. */
export interface AppointmentNote extends TypeOf<typeof appointmentNoteFields> {}
export const appointmentNoteShape: RecordShape<AppointmentNote> = appointmentNoteFields

/**
 * When an appointment or slot starts (epoch ms): its date and time on the department's wall. Undefined when it has no
 * date or time, or the department's zone cannot be told. In the hour that clocks repeat: the earlier instant.
 */
export function appointmentStart(
  appointment: Pick<Appointment, 'date' | 'starttime'>,
  department: ZoneFields,
): number | undefined {
  const zone = departmentZone(department)
  const { date, starttime: time } = appointment
  return zone && date && time ? instantOf(zone, { date, time }) : undefined
}

/** When athenahealth last changed the appointment (epoch ms, whole seconds), read as Eastern; undefined when not said. */
export function appointmentModifiedAt(appointment: Pick<Appointment, 'lastmodified'>): number | undefined {
  return appointment.lastmodified === undefined ? undefined : wireInstant(appointment.lastmodified, easternZone)
}
