/** Appointments read: the booked lists and one by id. */
import { bookedRecord, singleAppointmentRecord } from '../practice/appointment-record.ts'
import { appointmentStatuses, type AppointmentStatus } from '../practice/appointment-table.ts'
import type { WireRecord } from '../practice/blank-patient.ts'
import { dayMs } from '../practice/calendar-date.ts'
import { stateOf } from '../practice/create-practice.ts'
import { findBooked, type BookedQuery } from '../practice/find-appointments.ts'
import { patientRecord } from '../practice/patient-record.ts'
import { typeById, type PracticeState } from '../practice/practice-state.ts'
import { eastern, instantOf } from '../practice/zone-time.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalidEnum, list, one } from '../server/reply.ts'
import {
  dateField,
  departmentsField,
  easternField,
  integersField,
  pathAppointment,
  providersField,
  requireFields,
} from './request-fields.ts'

const booked: readonly AppointmentStatus[] = ['f', '2', '3', '4']

/** Athenahealth's default page of the appointment lists. */
const appointmentsPage = 1000

function statusesOf(input: Input): Set<AppointmentStatus> {
  const text = input.text('appointmentstatus')?.toLowerCase()
  if (text === undefined) return new Set(input.flag('showcancelled') ? [...booked, 'x'] : booked)
  const status = appointmentStatuses.find((candidate) => candidate === text && candidate !== 'deleted')
  if (status === undefined) throw new ReplyError(invalidEnum('appointmentstatus', text))
  return new Set([status])
}

const seconds = (at: number | undefined): number | undefined => (at === undefined ? undefined : Math.floor(at / 1000))

/** Epoch seconds of the first (or, `end`, the last) second of a day in Eastern time. */
function scheduledBound(input: Input, name: string, end: boolean): number | undefined {
  const day = dateField(input, name)
  return day === undefined ? undefined : instantOf(eastern, { day, seconds: end ? dayMs / 1000 - 1 : 0 }) / 1000
}

function queryOf(state: PracticeState, input: Input): BookedQuery {
  const typeId = input.integer('appointmenttypeid')
  const patients = integersField(input, 'patientid')
  return {
    firstDay: dateField(input, 'startdate') ?? 0,
    lastDay: dateField(input, 'enddate') ?? 0,
    departments: departmentsField(state, input),
    providers: providersField(state, input),
    patients: patients === undefined ? undefined : new Set(patients),
    type: typeId === undefined ? undefined : (typeById(state, typeId)?.index ?? -1),
    statuses: statusesOf(input),
    modifiedFrom: seconds(easternField(input, 'startlastmodified')),
    modifiedTo: seconds(easternField(input, 'endlastmodified')),
    scheduledFrom: scheduledBound(input, 'scheduledstartdate', false),
    scheduledTo: scheduledBound(input, 'scheduledenddate', true),
  }
}

/** What both the booked lists and the GET by id add on request. */
function withDetails(context: RouteContext, record: WireRecord): WireRecord {
  const { input } = context
  const patient = record['patientid']
  if (patient === undefined) return record
  if (input.flag('showpatientdetail')) {
    record['patient'] = patientRecord(stateOf(context.practice), Number(patient))
  }
  if (input.flag('showinsurance')) {
    record['insurances'] = patientRecord(stateOf(context.practice), Number(patient), { insurance: true })['insurances']
  }
  if (input.flag('showclaimdetail')) record['claims'] = []
  if (input.flag('showexpectedprocedurecodes')) record['useexpectedprocedurecodes'] = []
  return record
}

function listBooked(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  requireFields(input, ['startdate', 'enddate'])
  const showCopay = input.flag('showcopay', true)
  return list(context, {
    key: 'appointments',
    items: findBooked(state, queryOf(state, input)),
    render: (position) => withDetails(context, bookedRecord(state, position, showCopay)),
    defaultLimit: appointmentsPage,
  })
}

/** One appointment in the shape of a GET by id, with the details asked for. */
export function getAppointment(context: RouteContext): ReturnType<Route['handle']> {
  const position = pathAppointment(context)
  const record = singleAppointmentRecord(stateOf(context.practice), position, context.input.flag('showcopay', true))
  return one(withDetails(context, record))
}

export const appointmentReadRoutes: readonly Route[] = [
  { method: 'GET', path: '/appointments/booked', handle: listBooked },
  // The same list; `departmentid` and `patientid` may name several there (both lists accept arrays here).
  { method: 'GET', path: '/appointments/booked/multipledepartment', handle: listBooked },
  { method: 'GET', path: '/appointments/{appointmentid}', handle: getAppointment },
]
