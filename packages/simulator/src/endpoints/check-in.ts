/** Check-in and check-out. */
import { statusOf } from '../practice/appointment-table.ts'
import { stateOf } from '../practice/create-practice.ts'
import { patientRecord } from '../practice/patient-record.ts'
import type { PracticeState, Stamp } from '../practice/practice-state.ts'
import { Refusal } from '../practice/refusal.ts'
import { cancelCheckIn, checkOut, completeCheckIn, startCheckIn } from '../practice/visit-changes.ts'
import type { Route, RouteContext } from '../route.ts'
import { ok } from '../server/reply.ts'
import { orError, orFailure } from './answer-refusal.ts'
import { checkInFields } from './departments.ts'
import { pathAppointment, stampOf } from './request-fields.ts'

type Step = (state: PracticeState, position: number, stamp: Stamp) => void

/** A step of the visit as a route: `{"success": true, …}`, or `success` false with the reason under `key`. */
function step(name: string, run: Step, key: 'errormessage' | 'message'): Route {
  const handle = (context: RouteContext): ReturnType<Route['handle']> => {
    run(stateOf(context.practice), pathAppointment(context), stampOf(context))
    return ok({ success: true, [key]: '' })
  }
  return { method: 'POST', path: `/appointments/{appointmentid}/${name}`, handle: orFailure(key, handle) }
}

/** What is still missing before the patient can be checked in: one section of fields and one for the privacy notice. */
function requirements(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const position = pathAppointment(context)
  const status = statusOf(state.appointments, position)
  if (status === 'o' || status === 'x') throw new Refusal('not_booked')
  const patient = patientRecord(state, state.appointments.patient.get(position))
  const fields = Object.fromEntries(checkInFields.map((name) => [name, Boolean(patient[name])]))
  return ok([
    { name: 'PATIENTINFORMATION', required: true, complete: Object.values(fields).every(Boolean), fields },
    { name: 'PRIVACYNOTICE', required: false, complete: patient['privacyinformationverified'] === true, fields: [] },
  ])
}

export const checkInRoutes: readonly Route[] = [
  { method: 'GET', path: '/appointments/{appointmentid}/checkin', handle: orError(requirements) },
  step('startcheckin', startCheckIn, 'message'),
  step('checkin', completeCheckIn, 'message'),
  step('cancelcheckin', cancelCheckIn, 'message'),
  step('checkout', checkOut, 'errormessage'),
]
