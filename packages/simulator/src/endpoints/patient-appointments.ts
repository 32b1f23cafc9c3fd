/** The appointments of one patient: the list, and one of them. */
import { patientAppointmentRecord } from '../practice/appointment-record.ts'
import { showDetails } from '../practice/appointment-shown.ts'
import { appointmentsOf, statusOf } from '../practice/appointment-table.ts'
import { stateOf } from '../practice/create-practice.ts'
import { inOrder } from '../practice/find-appointments.ts'
import { todayIn } from '../practice/find-patients.ts'
import { survivorOf } from '../practice/patient-table.ts'
import { ReplyError, type Route, type RouteContext } from '../route.ts'
import { list, notFound } from '../server/reply.ts'
import { getAppointment } from './appointment-reads.ts'
import { dateField, pathAppointment, pathPatient } from './request-fields.ts'

/** Positions the caller means: what lies before today only when a first day or `showpast` asks for it. */
function wantedAppointments(context: RouteContext): number[] {
  const state = stateOf(context.practice)
  const { input } = context
  const { appointments: table } = state
  const patient = survivorOf(state.patients, pathPatient(context))
  const firstDay = dateField(input, 'startdate')
  const lastDay = dateField(input, 'enddate')
  const showPast = input.flag('showpast') || firstDay !== undefined
  const positions = [...appointmentsOf(state, patient)].filter((position) => {
    const day = table.day.get(position)
    return (
      (input.flag('showcancelled') || statusOf(table, position) !== 'x') &&
      (firstDay === undefined || day >= firstDay) &&
      (lastDay === undefined || day <= lastDay) &&
      (showPast || day >= todayIn(state, table.department.get(position), context.now))
    )
  })
  return inOrder(state, positions)
}

function listPatientAppointments(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  const items = wantedAppointments(context)
  const show = {
    expectedProcedures: input.flag('showexpectedprocedurecodes'),
    telehealth: input.flag('showtelehealth'),
  }
  if (input.text('sortorder')?.toLowerCase().startsWith('desc') === true) items.reverse()
  return list(context, {
    key: 'appointments',
    items,
    render(position) {
      const record = patientAppointmentRecord(state, position, input.flag('showcopay', true))
      showDetails(state, position, { record, show })
      return record
    },
  })
}

/** Another patient's appointment is not there (inferred: nothing may tell that it exists). */
function getPatientAppointment(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const owner = state.appointments.patient.get(pathAppointment(context))
  if (owner !== survivorOf(state.patients, pathPatient(context))) {
    throw new ReplyError(notFound('The appointment does not exist.'))
  }
  return getAppointment(context)
}

export const patientAppointmentRoutes: readonly Route[] = [
  { method: 'GET', path: '/patients/{patientid}/appointments', handle: listPatientAppointments },
  { method: 'GET', path: '/patients/{patientid}/appointments/{appointmentid}', handle: getPatientAppointment },
]
