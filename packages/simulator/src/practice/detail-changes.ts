/** Changes of what only some appointments have. */
import { appointmentDetails, setDetails, type AppointmentDetails, type ReminderCall } from './appointment-details.ts'
import { markModified } from './fill-slot.ts'
import type { PracticeState, Stamp } from './practice-state.ts'
import { announceAppointment, begin } from './slot-changes.ts'

/** Sets details of an appointment as a change of it. */
export function changeDetails(state: PracticeState, input: DetailsChange, stamp: Stamp): void {
  const change = begin(state, stamp)
  setDetails(state, input.position, input.details)
  markModified(state.appointments, input.position, change)
  announceAppointment(state, input.position, 'UpdateAppointment')
}

export interface DetailsChange {
  readonly position: number
  readonly details: AppointmentDetails
}

/** Notes that the patient was reminded. The record itself stays: athenahealth has an event of its own for this. */
export function addReminderCall(
  state: PracticeState,
  { position, call }: { position: number; call: Omit<ReminderCall, 'at'> },
  stamp: Stamp,
): void {
  const { at } = begin(state, stamp)
  const { reminderCalls = [] } = appointmentDetails(state, position)
  setDetails(state, position, { reminderCalls: [...reminderCalls, { ...call, at }] })
  announceAppointment(state, position, 'UpdateReminderCall')
}
