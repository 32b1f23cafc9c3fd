/** The bare changes of a row, used when a practice is made and, announced, when it is changed. */
import { linkPatient, setStatus, userNumber, type AppointmentTable } from './appointment-table.ts'
import { listed, type PracticeState } from './practice-state.ts'

export interface Booking {
  readonly patient: number
  /** Index of the appointment type booked, which may differ from the slot's. */
  readonly type: number
  /** Index of the reason it was booked for. */
  readonly reason?: number | undefined
  readonly urgent?: boolean | undefined
}

/** When (epoch ms) and by whom a row is changed. */
export interface Change {
  readonly at: number
  readonly by: string
}

/** Writes last-modified: every change of a row does. */
export function markModified(table: AppointmentTable, position: number, { at, by }: Change): void {
  table.modifiedAt.set(position, Math.floor(at / 1000))
  table.modifiedBy.set(position, userNumber(table, by))
}

/** Turns an open slot into a booked appointment of a patient. */
export function fillSlot(state: PracticeState, position: number, { booking, change }: FillInput): void {
  const { appointments: table } = state
  linkPatient(state, position, booking.patient)
  setStatus(table, position, 'f')
  table.type.set(position, booking.type)
  table.reason.set(position, booking.reason === undefined ? 0 : booking.reason + 1)
  table.urgent.set(position, booking.urgent === true ? 1 : 0)
  table.scheduledAt.set(position, Math.floor(change.at / 1000))
  table.scheduledBy.set(position, userNumber(table, change.by))
  markModified(table, position, change)
}

export interface FillInput {
  readonly booking: Booking
  readonly change: Change
}

/** The patient has arrived and check-in is complete: the encounter begins, if the appointment's type opens one. */
export function markCheckedIn(state: PracticeState, position: number, change: Change): void {
  const { appointments: table } = state
  const seconds = Math.floor(change.at / 1000)
  if (table.checkInStartedAt.get(position) === 0) table.checkInStartedAt.set(position, seconds)
  table.checkedInAt.set(position, seconds)
  if (listed(state.types, table.type.get(position)).opensEncounter) openEncounter(table, position)
  setStatus(table, position, '2')
  markModified(table, position, change)
}

function openEncounter(table: AppointmentTable, position: number): void {
  table.encounter.set(position, table.nextEncounter)
  table.encounterPosition.set(table.nextEncounter - table.firstEncounter, position)
  table.nextEncounter += 1
}

/** The visit is over: it becomes the patient's latest, or the first if it has none. */
export function markCheckedOut(state: PracticeState, position: number, change: Change): void {
  const { appointments: table, patients } = state
  table.checkedOutAt.set(position, Math.floor(change.at / 1000))
  setStatus(table, position, '3')
  markModified(table, position, change)
  const patient = table.patient.get(position)
  const firstVisit = patients.firstVisit.get(patient)
  const lastVisit = patients.lastVisit.get(patient)
  if (firstVisit === 0 || startsBefore(table, position, firstVisit - 1)) patients.firstVisit.set(patient, position + 1)
  if (lastVisit === 0 || startsBefore(table, lastVisit - 1, position)) patients.lastVisit.set(patient, position + 1)
}

/** True when the first appointment starts before the second on the calendar. */
export function startsBefore(table: AppointmentTable, first: number, second: number): boolean {
  const days = table.day.get(first) - table.day.get(second)
  return days < 0 || (days === 0 && table.start.get(first) < table.start.get(second))
}
