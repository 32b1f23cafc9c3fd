/** Appointments: booked into open slots, changed, cancelled and rescheduled. */
import { appointmentDetails, setDetails } from './appointment-details.ts'
import { setStatus, statusOf } from './appointment-table.ts'
import { fillSlot, markModified, type Booking, type Change } from './fill-slot.ts'
import { addNoteRow } from './note-changes.ts'
import type { AppointmentType } from './appointment-type.ts'
import { patientExists, patientStatus } from './patient-table.ts'
import { listed, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { announceAppointment, begin, deleteSlot, reopenTime } from './slot-changes.ts'
import { dropWishesFor } from './waitlist.ts'

export interface BookingInput extends Booking {
  /** Position of the open slot. */
  readonly position: number
  /** What the patient said it is about; becomes a note. */
  readonly note?: string | undefined
}

/**
 * Books an open slot. A type longer than a generic slot takes the generic slots right behind it too, which then are gone.
 * Refuses `slot_taken` (not open, frozen, or the type does not fit), `unknown_patient`, `patient_gone`.
 */
export function bookAppointment(state: PracticeState, input: BookingInput, stamp: Stamp): void {
  checkPatient(state, input.patient)
  const following = slotsNeeded(state, input)
  const change = begin(state, stamp)
  const { appointments: table } = state
  for (const position of following) {
    table.minutes.set(input.position, table.minutes.get(input.position) + table.minutes.get(position))
    deleteSlot(state, position, stamp)
  }
  fillSlot(state, input.position, { booking: input, change })
  if (input.note !== undefined) addNoteRow(state, input.position, { text: input.note, display: false, change })
  announceAppointment(state, input.position, 'ScheduleAppointment')
}

/** Refuses `unknown_patient` and, for one deleted or merged, `patient_gone`. */
export function checkPatient(state: PracticeState, patient: number): void {
  if (!patientExists(state.patients, patient)) throw new Refusal('unknown_patient')
  const status = patientStatus(state.patients, patient)
  if (status === 'deleted' || status === 'merged') throw new Refusal('patient_gone')
}

/** Positions of the slots behind the one to be booked that the type needs as well. */
function slotsNeeded(state: PracticeState, { position, type }: BookingInput): number[] {
  const { appointments: table } = state
  if (!isFree(state, position)) throw new Refusal('slot_taken')
  if (!fitsSlot(listed(state.types, type), listed(state.types, table.type.get(position)))) {
    throw new Refusal('slot_taken')
  }
  const end = table.start.get(position) + listed(state.types, type).durationMinutes
  let covered = table.start.get(position) + table.minutes.get(position)
  const needed: number[] = []
  const day = table.day.get(position)
  for (const other of end > covered ? (table.liveByDay.get(day) ?? []) : []) {
    if (covered >= end) break
    if (table.start.get(other) !== covered || !isSameTemplate(state, other, position) || !isFree(state, other)) continue
    needed.push(other)
    covered += table.minutes.get(other)
  }
  if (covered < end) throw new Refusal('slot_taken')
  return needed
}

/** A slot takes its own type; a generic one any, one that only templates use any but itself. Patients have no meetings. */
function fitsSlot(type: AppointmentType, slotType: AppointmentType): boolean {
  if (!type.patientFacing || type.templateOnly) return false
  return slotType.generic || slotType.templateOnly || slotType.index === type.index
}

function isFree(state: PracticeState, position: number): boolean {
  return statusOf(state.appointments, position) === 'o' && state.appointments.frozen.get(position) === 0
}

function isSameTemplate(state: PracticeState, one: number, other: number): boolean {
  const { appointments: table } = state
  return (
    table.provider.get(one) === table.provider.get(other) &&
    table.department.get(one) === table.department.get(other) &&
    listed(state.types, table.type.get(one)).generic
  )
}

export interface CancelInput {
  readonly position: number
  /** Must be the appointment's patient. */
  readonly patient: number
  readonly reasonId: string
  readonly note?: string | undefined
}

/**
 * Cancels a booked appointment: it stays under its id with status `x`; if the reason leaves the time available, new open
 * slots take its place. Answers their positions. Refuses `not_booked`, `other_patient`, `cancel_locked`, `unknown_reason`.
 */
export function cancelAppointment(state: PracticeState, input: CancelInput, stamp: Stamp): number[] {
  checkBooked(state, input)
  const reason = cancelReason(state, input.reasonId)
  const change = begin(state, stamp)
  if (input.note !== undefined) addNoteRow(state, input.position, { text: input.note, display: false, change })
  markCancelled(state, input, { change, rescheduledTo: undefined })
  announceAppointment(state, input.position, 'CancelAppointment')
  return reason.slotAvailable ? reopenTime(state, input.position, stamp) : []
}

function cancelReason(state: PracticeState, id: string): PracticeState['cancelReasons'][number] {
  const reason = state.cancelReasons.find((candidate) => candidate.id === id)
  if (reason === undefined) throw new Refusal('unknown_reason')
  return reason
}

function checkBooked(state: PracticeState, { position, patient }: { position: number; patient: number }): void {
  if (statusOf(state.appointments, position) !== 'f') throw new Refusal('not_booked')
  if (state.appointments.patient.get(position) !== patient) throw new Refusal('other_patient')
  if (appointmentDetails(state, position).cancelLocked === true) throw new Refusal('cancel_locked')
}

function markCancelled(
  state: PracticeState,
  { position, reasonId }: CancelInput,
  { change, rescheduledTo }: { change: Change; rescheduledTo: number | undefined },
): void {
  const { appointments: table } = state
  setStatus(table, position, 'x')
  table.cancellations.set(position, { ...change, reasonId, rescheduledTo })
  dropWishesFor(state, position)
  markModified(table, position, change)
}

export interface RescheduleInput extends CancelInput {
  /** Position of the open slot it moves to. */
  readonly to: number
  /** Index of the appointment type; the old one's if absent. */
  readonly type?: number | undefined
  readonly reason?: number | undefined
}

/**
 * Moves an appointment into another slot: that one is booked, notes move along, the old one is cancelled and names the new.
 * All or nothing. Refuses what booking and cancelling refuse, and `same_slot`.
 */
export function rescheduleAppointment(state: PracticeState, input: RescheduleInput, stamp: Stamp): number[] {
  const { position, to } = input
  const { appointments: table } = state
  checkBooked(state, input)
  if (to === position) throw new Refusal('same_slot')
  const reason = cancelReason(state, input.reasonId)
  const oldReason = table.reason.get(position)
  const booking: BookingInput = {
    position: to,
    patient: input.patient,
    type: input.type ?? fittingType(state, { from: position, to }),
    reason: input.reason ?? (oldReason === 0 ? undefined : oldReason - 1),
    urgent: table.urgent.get(position) === 1,
    note: input.note,
  }
  moveNotes(state, { from: position, to }, () => bookAppointment(state, booking, stamp))
  markCancelled(state, input, { change: begin(state, stamp), rescheduledTo: to })
  announceAppointment(state, position, 'CancelAppointment')
  return reason.slotAvailable ? reopenTime(state, position, stamp) : []
}

/** The type kept on moving: the old one, unless the new slot is reserved for another. */
function fittingType(state: PracticeState, { from, to }: { from: number; to: number }): number {
  const { appointments: table } = state
  const slotType = listed(state.types, table.type.get(to))
  return slotType.generic || slotType.templateOnly ? table.type.get(from) : slotType.index
}

/** Runs `book` with the old appointment's notes already on the new one, so that the booking shows them. */
function moveNotes(state: PracticeState, { from, to }: { from: number; to: number }, book: () => void): void {
  const { notes } = state.appointments
  const [moving, staying] = [notes.get(from), notes.get(to)]
  if (moving === undefined) return book()
  notes.set(to, [...(staying ?? []), ...moving])
  notes.delete(from)
  try {
    book()
  } catch (error) {
    notes.set(from, moving)
    if (staying === undefined) notes.delete(to)
    else notes.set(to, staying)
    throw error
  }
}

export interface AppointmentUpdate {
  readonly position: number
  /** Indexes; absent ones stay. */
  readonly department?: number | undefined
  readonly provider?: number | undefined
  readonly type?: number | undefined
  /** Who sees the patient and who answers for it, where that is not the provider whose time is booked. */
  readonly renderingProvider?: number | undefined
  readonly supervisingProvider?: number | undefined
}

/** Changes department, provider or type of a booked appointment in place. Refuses `not_booked`. */
export function updateAppointment(state: PracticeState, update: AppointmentUpdate, stamp: Stamp): void {
  const { appointments: table } = state
  if (statusOf(table, update.position) !== 'f') throw new Refusal('not_booked')
  const change = begin(state, stamp)
  if (update.department !== undefined) table.department.set(update.position, update.department)
  if (update.provider !== undefined) table.provider.set(update.position, update.provider)
  if (update.type !== undefined) table.type.set(update.position, update.type)
  const { renderingProvider, supervisingProvider } = update
  if (renderingProvider !== undefined) setDetails(state, update.position, { renderingProvider })
  if (supervisingProvider !== undefined) setDetails(state, update.position, { supervisingProvider })
  markModified(table, update.position, change)
  announceAppointment(state, update.position, 'UpdateAppointment')
}
