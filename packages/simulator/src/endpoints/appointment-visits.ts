/** Visits out of the ordinary: at once, by video, or found by the hash in a message. */
import { bookingRecord, singleAppointmentRecord } from '../practice/appointment-record.ts'
import { isTelehealth } from '../practice/appointment-shown.ts'
import { appointmentId, statusOf } from '../practice/appointment-table.ts'
import { stateOf } from '../practice/create-practice.ts'
import { checkInAtOnce, squeezeIn } from '../practice/expedited-visit.ts'
import { messageHash, positionOfHash } from '../practice/message-hash.ts'
import type { PracticeState } from '../practice/practice-state.ts'
import { Refusal } from '../practice/refusal.ts'
import { ReplyError, type Route, type RouteContext } from '../route.ts'
import { invalidData, notFound, ok, one } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { appointmentField, typeField } from './appointment-fields.ts'
import { departmentField, pathAppointment, providerField, requireFields, stampOf } from './request-fields.ts'

/** Books and checks in at once; answers the appointment as booking does (inferred: only the parameters are known). */
function expedite(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input, now: startsAt } = context
  requireFields(input, ['appointmenttypeid', 'departmentid', 'patientid', 'providerid'])
  const visit = {
    patient: input.integer('patientid') ?? 0,
    type: typeField(state, input) ?? 0,
    department: departmentField(state, input) ?? 0,
    provider: providerField(state, input) ?? 0,
    startsAt,
  }
  const position = squeezeIn(state, visit, stampOf(context))
  checkInAtOnce(state, position, stampOf(context))
  return one({ ...bookingRecord(state, position), ...singleAppointmentRecord(state, position, false) })
}

/** Refuses an appointment that is not booked, or whose visit is not by video (the words are ours). */
function checkByVideo(state: PracticeState, position: number): void {
  const status = statusOf(state.appointments, position)
  if (status === 'o' || status === 'x') throw new Refusal('not_booked')
  if (!isTelehealth(state, position)) throw new ReplyError(invalidData('The appointment is not a telehealth visit.'))
}

/** Recorded names; the same appointment has the same room every time. */
function room(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const position = pathAppointment(context)
  checkByVideo(state, position)
  const jointoken = messageHash(state, position)
  return ok({
    appointmentid: appointmentId(position),
    jointoken,
    patienturl: `https://telehealth.example.com/join/${jointoken}`,
  })
}

/** The name of the field is ours. */
function deepLink(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  requireFields(context.input, ['appointmentid', 'patientid'])
  const position = appointmentField(state, context.input) ?? 0
  if (state.appointments.patient.get(position) !== context.input.integer('patientid')) {
    throw new Refusal('other_patient')
  }
  checkByVideo(state, position)
  return ok({ joinurl: `https://telehealth.example.com/deeplink/${messageHash(state, position)}` })
}

function byHash(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const position = positionOfHash(state, context.path['messagehash'] ?? '')
  if (position === undefined || statusOf(state.appointments, position) === 'deleted') {
    throw new ReplyError(notFound('The appointment does not exist.'))
  }
  return ok({ appointmentid: appointmentId(position) })
}

export const appointmentVisitRoutes: readonly Route[] = [
  { method: 'POST', path: '/appointments/expedited', handle: orError(expedite) },
  {
    method: 'GET',
    path: '/appointments/{appointmentid}/nativeathenatelehealthroom',
    handle: orError(room),
  },
  { method: 'POST', path: '/appointments/telehealth/deeplink', handle: orError(deepLink) },
  { method: 'GET', path: '/appointments/getappointmentidbyhash/{messagehash}', handle: byHash },
]
