/** Check-in and check-out. */
import { statusOf } from '../practice/appointment-table.ts'
import { checkInSections, openSections } from '../practice/check-in-sections.ts'
import { stateOf } from '../practice/create-practice.ts'
import type { PracticeState, Stamp } from '../practice/practice-state.ts'
import { ReplyError, type Route, type RouteContext } from '../route.ts'
import { cancelCheckIn, checkOut, completeCheckIn, startCheckIn } from '../practice/visit-changes.ts'
import { ok } from '../server/reply.ts'
import { orError, orFailure } from './answer-refusal.ts'
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

/** A caller cannot pass over what is required, as the practice's staff can; the message tells which section (recorded). */
const completeRequired: Step = (state, position, stamp) => {
  const open = statusOf(state.appointments, position) === 'f' ? openSections(state, position) : []
  if (open.length > 0) throw new ReplyError(ok({ success: false, message: `Incomplete: ${open.join(', ')}` }))
  completeCheckIn(state, position, stamp)
}

function requirements(context: RouteContext): ReturnType<Route['handle']> {
  return ok(checkInSections(stateOf(context.practice), pathAppointment(context)))
}

export const checkInRoutes: readonly Route[] = [
  { method: 'GET', path: '/appointments/{appointmentid}/checkin', handle: orError(requirements) },
  step('startcheckin', startCheckIn, 'message'),
  step('checkin', completeRequired, 'message'),
  step('cancelcheckin', cancelCheckIn, 'message'),
  step('checkout', checkOut, 'errormessage'),
]
