/** What a caller of the API may not book although the practice's staff could. */
import { appointmentsOf, statusOf } from './appointment-table.ts'
import type { BookingInput } from './booking-changes.ts'
import { offersReason } from './offered-reasons.ts'
import { listed, type PracticeState } from './practice-state.ts'
import { Refusal } from './refusal.ts'

export interface CallerBooking extends Pick<BookingInput, 'position' | 'patient' | 'type' | 'reason'> {
  /** The caller asked to pass over whether the slot may be scheduled through the API. */
  readonly ignorePermission: boolean
  /** Index of the department the caller named. */
  readonly department?: number | undefined
  /** Position of the appointment that moves into the slot. */
  readonly moving?: number | undefined
}

/**
 * Refuses `not_schedulable` for time that patients cannot book by themselves, `other_department`, `reason_not_offered`
 * and `patient_overlap`, the last three as the practice's rules say.
 */
export function checkCallerBooking(state: PracticeState, booking: CallerBooking): void {
  const { appointments: table, rules } = state
  const { position, department, reason } = booking
  const place = {
    provider: listed(state.providers, table.provider.get(position)),
    department: table.department.get(position),
  }
  if (!booking.ignorePermission && !listed(state.types, table.type.get(position)).patientFacing) {
    throw new Refusal('not_schedulable')
  }
  if (rules.matchDepartment && department !== undefined && department !== place.department) {
    throw new Refusal('other_department')
  }
  if (
    rules.refuseUnofferedReasons &&
    reason !== undefined &&
    !offersReason(state, listed(state.reasons, reason), place)
  ) {
    throw new Refusal('reason_not_offered')
  }
  if (!rules.allowOverlaps && isBusy(state, booking)) throw new Refusal('patient_overlap')
}

/** True when the patient has another appointment that overlaps the time to be booked, whatever the department. */
function isBusy(state: PracticeState, { position, patient, type, moving }: CallerBooking): boolean {
  const { appointments: table } = state
  const start = table.start.get(position)
  const end = start + Math.max(table.minutes.get(position), listed(state.types, type).durationMinutes)
  for (const other of appointmentsOf(state, patient)) {
    if (other === moving) continue
    const from = table.start.get(other)
    const overlaps = from < end && from + table.minutes.get(other) > start
    if (overlaps && table.day.get(other) === table.day.get(position) && statusOf(table, other) !== 'x') return true
  }
  return false
}
