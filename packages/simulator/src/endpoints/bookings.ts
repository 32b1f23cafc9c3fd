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
import { checkCallerBooking } from '../practice/booking-permission.ts'
import { stateOf } from '../practice/create-practice.ts'
import { openNewPatientCase } from '../practice/new-patient-case.ts'
import { departmentById, providerById, reasonById, typeById, type PracticeState } from '../practice/practice-state.ts'
import { Refusal } from '../practice/refusal.ts'
import type { Input, Route, RouteContext } from '../route.ts'
import { ok, one } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { departmentField, pathAppointment, requireFields, stampOf } from './request-fields.ts'
import { requestedType, typeRequired } from './slot-writes.ts'

/** Id of the cancel reason "PATIENT RESCHEDULED". */
const rescheduledReasonId = '3'
/** A reason that stands for any: slots are searched with it, and athenahealth warns against booking with it. */
const anyReason = -1

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

/** Index of the type a booking asks for; with the reason -1 it is the slot's own (inferred). */
function bookedType(state: PracticeState, input: Input, position: number): number | undefined {
  const isAny = input.text('appointmenttypeid') === undefined && input.integer('reasonid') === anyReason
  return isAny ? state.appointments.type.get(position) : requestedType(state, input)
}

const insuranceFields: readonly (readonly [field: string, title: string])[] = [
  ['insurancecompany', 'company'],
  ['insuranceplanname', 'plan'],
  ['insuranceidnumber', 'id'],
  ['insurancegroupid', 'group'],
  ['insurancephone', 'phone'],
  ['insurancepolicyholder', 'policy holder'],
  ['patientrelationshiptopolicyholder', 'relationship'],
  ['insurancenote', 'note'],
]

/** The texts a booking leaves on the appointment: why, as recorded, and what was said about insurance (form inferred). */
function bookingNote({ input, app }: RouteContext): string | undefined {
  const said = input.text('bookingnote')
  const insurance = insuranceFields.flatMap(([field, title]) => {
    const value = input.text(field)
    return value === undefined ? [] : [`${title} ${value}`]
  })
  const told = [input.list('insuranceinfo').join(', '), ...insurance].filter((text) => text !== '')
  const parts = [
    ...(said === undefined ? [] : [`API (${app.clientId}) appointment created.  Reported reason for booking: ${said}`]),
    ...(told.length === 0 ? [] : [`Insurance: ${told.join('; ')}`]),
  ]
  return parts.length === 0 ? undefined : parts.join('\n')
}

function book(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  requireFields(input, ['patientid'])
  const position = pathSlot(context)
  const type = bookedType(state, input, position)
  if (type === undefined) throw typeRequired()
  const booking = {
    position,
    patient: input.integer('patientid') ?? 0,
    type,
    reason: requestedReason(state, input),
    urgent: input.flag('urgentyn'),
    note: bookingNote(context),
  }
  const ignorePermission = input.flag('ignoreschedulablepermission')
  checkCallerBooking(state, { ...booking, ignorePermission, department: departmentField(state, input) })
  bookAppointment(state, booking, stampOf(context))
  if (!input.flag('nopatientcase')) openNewPatientCase(state, position, stampOf(context))
  return one(bookingRecord(state, position))
}

function cancel(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  const position = pathAppointment(context)
  requireFields(input, ['patientid'])
  const text = input.text('cancellationreason')
  const cancellation = {
    position,
    patient: input.integer('patientid') ?? 0,
    reasonId: String(input.integer('appointmentcancelreasonid') ?? defaultCancelReasonId),
    note: text === undefined ? undefined : `API appointment cancellation. Reported reason for cancellation: ${text}`,
  }
  cancelAppointment(state, cancellation, stampOf(context))
  return ok({ status: 'x' })
}

function reschedule(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  const position = pathAppointment(context)
  requireFields(input, ['newappointmentid', 'patientid'])
  const to = appointmentAt(state.appointments, input.integer('newappointmentid') ?? 0)
  if (to === undefined) throw new Refusal('unknown_appointment')
  const text = input.text('reschedulereason')
  const type = input.integer('reasonid') === undefined ? undefined : bookedType(state, input, to)
  const patient = input.integer('patientid') ?? 0
  const change = {
    position,
    to,
    patient,
    reasonId: String(input.integer('appointmentcancelreasonid') ?? rescheduledReasonId),
    type,
    reason: requestedReason(state, input),
    // The form of the note is inferred from those of booking and cancelling.
    note: text === undefined ? undefined : `API appointment reschedule. Reported reason for rescheduling: ${text}`,
  }
  checkCallerBooking(state, {
    position: to,
    patient,
    type: type ?? state.appointments.type.get(position),
    reason: change.reason,
    ignorePermission: input.flag('ignoreschedulablepermission'),
    moving: position,
  })
  rescheduleAppointment(state, change, stampOf(context))
  const record = bookingRecord(state, to)
  // Text here (documented), a number on booking (recorded).
  return one({ ...record, supervisingproviderid: String(record['supervisingproviderid']) })
}

/** Indexes of what an update names, by the field that names it; -1 where there is no such. */
function updateFields(state: PracticeState, input: Input): Readonly<Record<UpdateField, number | undefined>> {
  const provider = (name: string) =>
    indexOf(input.text(name), (id) => {
      const found = providerById(state, id)
      return found?.deleted === true ? undefined : found
    })
  return {
    departmentid: indexOf(input.text('departmentid'), (id) => departmentById(state, id)),
    providerid: provider('providerid'),
    schedulingproviderid: provider('schedulingproviderid'),
    supervisingproviderid: provider('supervisingproviderid'),
    appointmenttypeid: indexOf(input.text('appointmenttypeid'), (id) => {
      const type = typeById(state, id)
      // Patients cannot be booked for a meeting, nor for what only templates use.
      return type?.patientFacing === true && !type.templateOnly ? type : undefined
    }),
  }
}

type UpdateField =
  | 'departmentid'
  | 'providerid'
  | 'schedulingproviderid'
  | 'supervisingproviderid'
  | 'appointmenttypeid'

/**
 * Answers the bare number 1, or with status 200 a bare text naming the wrong field (recorded). `providerid` is documented
 * as the rendering provider: alone it moves the appointment to that provider's schedule (inferred), beside
 * `schedulingproviderid` it only says who sees the patient there.
 */
function update(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const position = pathAppointment(context)
  const found = updateFields(state, context.input)
  for (const [name, index] of Object.entries(found)) {
    if (index === -1) return ok(`Invalid ${name.toUpperCase()} input`)
  }
  const change = {
    position,
    department: found.departmentid,
    provider: found.schedulingproviderid ?? found.providerid,
    renderingProvider: found.providerid,
    supervisingProvider: found.supervisingproviderid,
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
