/** The visit itself: check-in begun, completed or dropped, check-out, charges entered. */
import { statusOf } from './appointment-table.ts'
import { chargeVisit } from './claim-changes.ts'
import { markCheckedIn, markCheckedOut, markModified } from './fill-slot.ts'
import { announcePatient } from './patient-changes.ts'
import type { PracticeState, Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { announceAppointment, begin } from './slot-changes.ts'
import { dropWishesFor } from './waitlist.ts'

/** Refuses `not_booked`, also when check-in is complete. Starting twice restarts it. */
export function startCheckIn(state: PracticeState, position: number, stamp: Stamp): void {
  const { appointments: table } = state
  if (statusOf(table, position) !== 'f') throw new Refusal('not_booked')
  const change = begin(state, stamp)
  table.checkInStartedAt.set(position, Math.floor(change.at / 1000))
  markModified(table, position, change)
  announceAppointment(state, position, 'UpdateAppointment')
}

/** Completes check-in, started or not, and opens the encounter. Refuses `already_checked_in`, `not_booked`. */
export function completeCheckIn(state: PracticeState, position: number, stamp: Stamp): void {
  const { appointments: table } = state
  const status = statusOf(table, position)
  if (status === '2' || status === '3' || status === '4') throw new Refusal('already_checked_in')
  if (status !== 'f') throw new Refusal('not_booked')
  markCheckedIn(state, position, begin(state, stamp))
  dropWishesFor(state, position)
  announceAppointment(state, position, 'CheckIn')
}

/** Drops a check-in that is not complete. Refuses `already_checked_in`, `check_in_not_started`. */
export function cancelCheckIn(state: PracticeState, position: number, stamp: Stamp): void {
  const { appointments: table } = state
  if (table.checkedInAt.get(position) !== 0) throw new Refusal('already_checked_in')
  if (table.checkInStartedAt.get(position) === 0) throw new Refusal('check_in_not_started')
  const change = begin(state, stamp)
  table.checkInStartedAt.set(position, 0)
  markModified(table, position, change)
  announceAppointment(state, position, 'UpdateAppointment')
}

/** Ends the visit; the patient's record shows it as the last appointment. Refuses `not_checked_in`. */
export function checkOut(state: PracticeState, position: number, stamp: Stamp): void {
  const { appointments: table } = state
  if (statusOf(table, position) !== '2') throw new Refusal('not_checked_in')
  markCheckedOut(state, position, begin(state, stamp))
  announceAppointment(state, position, 'CheckOut')
  announcePatient(state, table.patient.get(position), 'UpdatePatient')
}

/** Charges are entered: the last state of a visit, which makes its claim. Refuses `not_checked_out`. */
export function enterCharges(state: PracticeState, position: number, stamp: Stamp): void {
  chargeVisit(state, { position }, stamp)
}
