/** Appointments read: the booked lists and one by id. */
import { survivorOf } from '../practice/patient-table.ts'
import { bookedRecord, singleAppointmentRecord } from '../practice/appointment-record.ts'
import { multipleDepartmentRecord, showDetails } from '../practice/appointment-shown.ts'
import { appointmentStatuses, type AppointmentStatus } from '../practice/appointment-table.ts'
import { dayMs } from '../practice/calendar-date.ts'
import { stateOf } from '../practice/create-practice.ts'
import { findBooked, type BookedQuery } from '../practice/find-appointments.ts'
import { typeById, type PracticeState } from '../practice/practice-state.ts'
import { eastern, instantOf } from '../practice/zone-time.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalidEnum, list, one } from '../server/reply.ts'
import { appointmentShow } from './appointment-show.ts'
import {
  appUser,
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
    // A merged id means its survivor, as everywhere.
    patients: patients && new Set(patients.map((id) => survivorOf(state.patients, id))),
    type: typeId === undefined ? undefined : (typeById(state, typeId)?.index ?? -1),
    statuses: statusesOf(input),
    modifiedFrom: seconds(easternField(input, 'startlastmodified')),
    modifiedTo: seconds(easternField(input, 'endlastmodified')),
    scheduledFrom: scheduledBound(input, 'scheduledstartdate', false),
    scheduledTo: scheduledBound(input, 'scheduledenddate', true),
  }
}

/** Shows the details asked for; `startlastmodified` must be there when `endlastmodified` is (documented). */
function listBooked(context: RouteContext, shape: typeof bookedRecord): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  requireFields(input, ['startdate', 'enddate'])
  if (input.text('endlastmodified') !== undefined) requireFields(input, ['startlastmodified'])
  const showCopay = input.flag('showcopay', true)
  const show = appointmentShow(input)
  return list(context, {
    key: 'appointments',
    items: findBooked(state, queryOf(state, input)),
    render(position) {
      const record = shape(state, position, showCopay)
      showDetails(state, position, { record, show })
      return record
    },
    defaultLimit: appointmentsPage,
  })
}

/** One appointment in the shape of a GET by id, with the details asked for. */
export function getAppointment(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const position = pathAppointment(context)
  const record = singleAppointmentRecord(state, position, context.input.flag('showcopay', true))
  showDetails(state, position, { record, show: appointmentShow(context.input) })
  return one(record)
}

/** What the calling app itself booked, moved or cancelled, by when it was scheduled. The envelope is inferred. */
function report(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  requireFields(input, ['startdate', 'enddate'])
  const { appointments: table } = state
  const caller = table.userNumbers.get(appUser(context.app))
  const found = findBooked(state, {
    firstDay: Number.NEGATIVE_INFINITY,
    lastDay: Number.POSITIVE_INFINITY,
    statuses: new Set([...booked, 'x']),
    scheduledFrom: scheduledBound(input, 'startdate', false),
    scheduledTo: scheduledBound(input, 'enddate', true),
  })
  const show = { expectedProcedures: input.flag('showexpectedprocedurecodes') }
  return list(context, {
    key: 'appointments',
    items: found.filter((position) => table.scheduledBy.get(position) === caller),
    render(position) {
      const record = bookedRecord(state, position, false)
      showDetails(state, position, { record, show })
      return record
    },
  })
}

export const appointmentReadRoutes: readonly Route[] = [
  { method: 'GET', path: '/appointments/booked', handle: (context) => listBooked(context, bookedRecord) },
  // The same list with more fields; `departmentid` and `patientid` may name several there (both lists accept arrays here).
  {
    method: 'GET',
    path: '/appointments/booked/multipledepartment',
    handle: (context) => listBooked(context, multipleDepartmentRecord),
  },
  { method: 'GET', path: '/appointments/report', handle: report },
  { method: 'GET', path: '/appointments/{appointmentid}', handle: getAppointment },
]
