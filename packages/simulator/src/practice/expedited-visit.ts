/** A patient who is there without an appointment: booked, checked in and seen at once. */
import { bookAppointment, checkPatient } from './booking-changes.ts'
import { listed, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { addSlot } from './slot-changes.ts'
import { completeCheckIn, startCheckIn } from './visit-changes.ts'
import { wallTime } from './zone-time.ts'

export interface ExpeditedVisit {
  readonly patient: number
  /** Indexes. */
  readonly type: number
  readonly department: number
  readonly provider: number
  /** Epoch ms at which it begins, to the minute. */
  readonly startsAt: number
}

/**
 * Opens a time for one patient, books it, and answers its position. All or nothing. Refuses `unknown_patient`,
 * `patient_gone`, and `unknown_type` for one that patients cannot have.
 */
export function squeezeIn(state: PracticeState, visit: ExpeditedVisit, stamp: Stamp): number {
  const { patient, startsAt } = visit
  const type = listed(state.types, visit.type)
  checkPatient(state, patient)
  if (!type.patientFacing || type.templateOnly) throw new Refusal('unknown_type')
  const { day, seconds } = wallTime(listed(state.departments, visit.department).zone, startsAt)
  const place = {
    day,
    start: Math.floor(seconds / 60),
    minutes: type.durationMinutes,
    department: visit.department,
    provider: visit.provider,
    type: type.index,
  }
  const position = addSlot(state, place, stamp)
  bookAppointment(state, { position, patient, type: type.index }, stamp)
  return position
}

/** Checks the patient of an appointment in without a stop at the desk. Refuses what starting and completing check-in do. */
export function checkInAtOnce(state: PracticeState, position: number, stamp: Stamp): void {
  startCheckIn(state, position, stamp)
  completeCheckIn(state, position, stamp)
}
