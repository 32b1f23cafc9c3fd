/** Appointments written: booked, rescheduled, cancelled, and changed in place. */
import { bookingRecord } from '../practice/appointment-record.ts'
import { appointmentAt } from '../practice/appointment-table.ts'
import { defaultCancelReasonId } from '../practice/appointment-type.ts'
import {
  bookAppointment,
  cancelAppointment,
  rescheduleAppointment,
  updateAppointment,
} from '../practice/booking-changes.ts'
import { stateOf } from '../practice/create-practice.ts'
import { departmentById, providerById, reasonById, typeById, type PracticeState } from '../practice/practice-state.ts'
import { Refusal } from '../practice/refusal.ts'
import type { Input, Route, RouteContext } from '../route.ts'
import { ok, one } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { pathAppointment, requireFields, stampOf } from './request-fields.ts'
import { requestedType, typeRequired } from './slot-writes.ts'

/** Id of the cancel reason "PATIENT RESCHEDULED". */
const rescheduledReasonId = '3'

/** Index of the reason a request books for; undefined when it names none. */
function requestedReason(state: PracticeState, input: Input): number | undefined {
  const id = input.integer('reasonid')
  const reason = id === undefined ? undefined : reasonById(state, id)
  return reason === undefined ? undefined : state.reasons.indexOf(reason)
}

/** The slot's position, also of a deleted one: booking that is a conflict, not an unknown id. */
function pathSlot(context: RouteContext): number {
  const { appointments } = stateOf(context.practice)
  return appointmentAt(appointments, context.path['appointmentid'] ?? '') ?? pathAppointment(context)
}

function book(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  requireFields(input, ['patientid'])
  const position = pathSlot(context)
  const type = requestedType(state, input)
  if (type === undefined) throw typeRequired()
  const booking = {
    position,
    patient: input.integer('patientid') ?? 0,
    type,
    reason: requestedReason(state, input),
    urgent: input.flag('urgentyn'),
    note: input.text('bookingnote'),
  }
  bookAppointment(state, booking, stampOf(context))
  return one(bookingRecord(state, position))
}

function cancel(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  const position = pathAppointment(context)
  requireFields(input, ['patientid'])
  const cancellation = {
    position,
    patient: input.integer('patientid') ?? 0,
    reasonId: String(input.integer('appointmentcancelreasonid') ?? defaultCancelReasonId),
    note: noteOf('Cancelled through the API', input.text('cancellationreason')),
  }
  cancelAppointment(state, cancellation, stampOf(context))
  return ok({ status: 'x' })
}

function noteOf(title: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : `${title}: ${text}`
}

function reschedule(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  const position = pathAppointment(context)
  requireFields(input, ['newappointmentid', 'patientid'])
  const to = appointmentAt(state.appointments, input.integer('newappointmentid') ?? 0)
  if (to === undefined) throw new Refusal('unknown_appointment')
  const change = {
    position,
    to,
    patient: input.integer('patientid') ?? 0,
    reasonId: String(input.integer('appointmentcancelreasonid') ?? rescheduledReasonId),
    type: input.integer('reasonid') === undefined ? undefined : requestedType(state, input),
    reason: requestedReason(state, input),
    note: noteOf('Rescheduled through the API', input.text('reschedulereason')),
  }
  rescheduleAppointment(state, change, stampOf(context))
  return one(bookingRecord(state, to))
}

/** Answers the bare number 1, or with status 200 a bare text naming the wrong field (recorded). */
function update(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  const position = pathAppointment(context)
  const found = {
    departmentid: indexOf(input.text('departmentid'), (id) => departmentById(state, id)),
    providerid: indexOf(input.text('providerid') ?? input.text('schedulingproviderid'), (id) => {
      const provider = providerById(state, id)
      return provider?.deleted === true ? undefined : provider
    }),
    appointmenttypeid: indexOf(input.text('appointmenttypeid'), (id) => typeById(state, id)),
  }
  for (const [name, index] of Object.entries(found)) {
    if (index === -1) return ok(`Invalid ${name.toUpperCase()} input`)
  }
  const change = {
    position,
    department: found.departmentid,
    provider: found.providerid,
    type: found.appointmenttypeid,
  }
  try {
    updateAppointment(state, change, stampOf(context))
  } catch (error) {
    if (error instanceof Refusal) return ok('Invalid APPOINTMENTID input')
    throw error
  }
  return ok(1)
}

/** Index of what a field names: undefined when it was not sent, -1 when there is no such. */
function indexOf(id: string | undefined, find: (id: string) => { index: number } | undefined): number | undefined {
  return id === undefined ? undefined : (find(id)?.index ?? -1)
}

export const bookingRoutes: readonly Route[] = [
  { method: 'PUT', path: '/appointments/{appointmentid}', handle: orError(book) },
  { method: 'PUT', path: '/appointments/{appointmentid}/cancel', handle: orError(cancel) },
  { method: 'PUT', path: '/appointments/{appointmentid}/reschedule', handle: orError(reschedule) },
  { method: 'PUT', path: '/appointments/booked/{appointmentid}', handle: update },
]
