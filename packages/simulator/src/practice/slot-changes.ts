/** Open slots: added, deleted, frozen, and opened again when a booking falls away. */
import { appointmentDetails, setDetails } from './appointment-details.ts'
import { addSlotRow, appointmentId, setStatus, statusOf, type SlotPlace } from './appointment-table.ts'
import { markModified, type Change } from './fill-slot.ts'
import type { PracticeEvent } from './practice.ts'
import { announce, changeTime, listed, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'

export type AppointmentEventName =
  | 'ScheduleAppointment'
  | 'CheckIn'
  | 'CheckOut'
  | 'UpdateAppointment'
  | 'CancelAppointment'
  | 'FreezeAppointment'
  | 'UnfreezeAppointment'
  | 'DeleteAppointment'
  | 'AddAppointmentSlot'
  | 'UpdateReminderCall'

/** The change's moment and author; from here on nothing may fail, or half a change would be announced. */
export function begin(state: PracticeState, stamp: Stamp): Change {
  return { at: changeTime(state, stamp), by: stamp.by }
}

/** Announces a change of one row of the calendar. */
export function announceAppointment(state: PracticeState, position: number, name: AppointmentEventName): void {
  const event: Omit<PracticeEvent, 'at'> = {
    feed: 'appointments',
    name,
    id: appointmentId(position),
    departmentId: listed(state.departments, state.appointments.department.get(position)).id,
  }
  announce(state, event)
}

/** Opens a slot and answers its position. Slots may overlap: practices double-book on purpose. */
export function addSlot(state: PracticeState, place: SlotPlace, stamp: Stamp): number {
  const change = begin(state, stamp)
  const position = addSlotRow(state.appointments, place)
  markModified(state.appointments, position, change)
  announceAppointment(state, position, 'AddAppointmentSlot')
  return position
}

/** Takes an open slot out of the calendar for good. Refuses `slot_not_open`. */
export function deleteSlot(state: PracticeState, position: number, stamp: Stamp): void {
  const { appointments: table } = state
  if (statusOf(table, position) !== 'o') throw new Refusal('slot_not_open')
  const change = begin(state, stamp)
  setStatus(table, position, 'deleted')
  markModified(table, position, change)
  announceAppointment(state, position, 'DeleteAppointment')
}

export interface Freezing {
  readonly position: number
  readonly frozen: boolean
  /** Whether a booked appointment cannot be cancelled until it is thawed. */
  readonly cancelLocked?: boolean
}

/**
 * Freezes a slot or a booked appointment (recorded: booked ones show `frozen`), or thaws it. Refuses `slot_not_open` in any
 * other state, `already_frozen`, `already_unfrozen`.
 */
export function setFrozen(state: PracticeState, freezing: Freezing, stamp: Stamp): void {
  const { position, frozen, cancelLocked = false } = freezing
  const { appointments: table } = state
  if (!['o', 'f'].includes(statusOf(table, position))) throw new Refusal('slot_not_open')
  const wanted = frozen ? 1 : 0
  if (table.frozen.get(position) === wanted) throw new Refusal(frozen ? 'already_frozen' : 'already_unfrozen')
  const change = begin(state, stamp)
  table.frozen.set(position, wanted)
  if (cancelLocked !== (appointmentDetails(state, position).cancelLocked ?? false)) {
    setDetails(state, position, { cancelLocked })
  }
  markModified(table, position, change)
  announceAppointment(state, position, frozen ? 'FreezeAppointment' : 'UnfreezeAppointment')
}

/**
 * Opens the time of an appointment again, in slots as long as its template's. They have new ids and name the old slot as
 * their template: a cancelled appointment keeps its own id (recorded), so the open time needs another one (inferred).
 */
export function reopenTime(state: PracticeState, position: number, stamp: Stamp): number[] {
  const { appointments: table } = state
  const type = table.templateType.get(position)
  const end = table.start.get(position) + table.minutes.get(position)
  const length = Math.min(table.minutes.get(position), listed(state.types, type).durationMinutes)
  const reopened: number[] = []
  for (let start = table.start.get(position); start + length <= end; start += length) {
    const place = {
      day: table.day.get(position),
      start,
      minutes: length,
      department: table.department.get(position),
      provider: table.provider.get(position),
      type,
      template: position,
    }
    reopened.push(addSlot(state, place, stamp))
  }
  return reopened
}
