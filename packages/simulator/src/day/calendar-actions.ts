/** What the front desk does to the calendar. */
import { weekdayOf } from '../practice/calendar-date.ts'
import {
  bookAppointment,
  cancelAppointment,
  rescheduleAppointment,
  updateAppointment,
} from '../practice/booking-changes.ts'
import { addNote } from '../practice/note-changes.ts'
import { occupancy } from '../practice/populate-schedule.ts'
import { listed } from '../practice/practice-state.ts'
import { bookableTypes } from '../practice/provider-day.ts'
import { addSlot, deleteSlot, setFrozen } from '../practice/slot-changes.ts'
import { wallTime } from '../practice/zone-time.ts'
import { staffStamp, type Day } from './day.ts'
import { cancelledRows, dayRows, pickDay, pickPatient, pickRow } from './pick-rows.ts'

/** Tries to make one change in a department; false when there was nothing to make it on. */
export type Action = (day: Day, department: number) => boolean

/** How hard bookings and cancellations pull a day back to its usual load. */
const pull = 4
const frozenMost = 6
/** Share of cancellations whose time is open again. */
const freeingShare = 0.94

/** Books or cancels, whichever brings the day picked nearer to how full it usually is. */
export const bookOrCancel: Action = (day, department) => {
  const date = pickDay(day, department)
  const { open, booked } = dayRows(day, department, date)
  const total = open.length + booked.length
  if (total === 0) return false
  const { zone } = listed(day.state.departments, department)
  const ahead = date - wallTime(zone, day.clock.now()).day
  const lack = occupancy(ahead, weekdayOf(date)) - booked.length / total
  const books = day.random.chance(Math.min(0.9, Math.max(0.1, 0.5 + pull * lack)))
  if (books && open.length > 0) return bookSlot(day, day.random.pick(open))
  return booked.length > 0 && cancelRow(day, day.random.pick(booked))
}

/** Books a slot for a patient of its department, or for the one given. */
export function bookSlot(day: Day, position: number, patient?: number): boolean {
  const { state, random } = day
  const { appointments: table } = state
  const chosen = patient ?? pickPatient(day, table.department.get(position), table.day.get(position))
  if (chosen === undefined) return false
  const booking = {
    position,
    patient: chosen,
    type: random.pick(bookableTypes(state, table.type.get(position))),
    urgent: random.chance(0.02),
    note: random.chance(0.1) ? 'Asked to be reminded by telephone.' : undefined,
  }
  bookAppointment(state, booking, staffStamp(day))
  return true
}

function cancelRow(day: Day, position: number): boolean {
  const { state, random } = day
  const input = {
    position,
    patient: state.appointments.patient.get(position),
    reasonId: cancelReason(day),
    note: random.chance(0.2) ? 'Called to cancel.' : undefined,
  }
  cancelAppointment(state, input, staffStamp(day))
  return true
}

/** Mostly a reason that leaves the time free for others: else the calendar would wear thin. */
function cancelReason({ state, random }: Day): string {
  const freeing = random.chance(freeingShare)
  return random.pick(state.cancelReasons.filter((reason) => reason.slotAvailable === freeing)).id
}

export const reschedule: Action = (day, department) => {
  const position = pickRow(day, department, 'booked')
  const to = pickRow(day, department, 'open')
  if (position === undefined || to === undefined) return false
  const patient = day.state.appointments.patient.get(position)
  rescheduleAppointment(day.state, { position, to, patient, reasonId: '3' }, staffStamp(day))
  return true
}

/** Hands a booked appointment to another provider of the department. */
export const changeProvider: Action = (day, department) => {
  const { state, random } = day
  const position = pickRow(day, department, 'booked')
  const others = state.providers.filter((provider) => provider.home === department && !provider.deleted)
  if (position === undefined || others.length === 0) return false
  updateAppointment(state, { position, provider: random.pick(others).index }, staffStamp(day))
  return true
}

export const writeNote: Action = (day, department) => {
  const position = pickRow(day, department, 'booked')
  if (position === undefined) return false
  const text = day.random.pick(['Needs an interpreter.', 'Bring previous results.', 'Will be ten minutes late.'])
  addNote(day.state, { position, text, displayOnSchedule: day.random.chance(0.5) }, staffStamp(day))
  return true
}

/** Freezes a slot, or thaws the one frozen longest when several are. */
export const freezeOrThaw: Action = (day, department) => {
  const oldest = day.frozen.length > frozenMost || day.random.chance(0.3) ? day.frozen.shift() : undefined
  if (oldest !== undefined) {
    setFrozen(day.state, { position: oldest, frozen: false }, staffStamp(day))
    return true
  }
  const position = pickRow(day, department, 'open')
  if (position === undefined) return false
  setFrozen(day.state, { position, frozen: true }, staffStamp(day))
  day.frozen.push(position)
  return true
}

/** Adds a slot to a day that has lost some, or takes an open one from a day that has not. */
export const adjustSlots: Action = (day, department) => {
  const { state, random } = day
  const date = pickDay(day, department)
  const { open, booked } = dayRows(day, department, date)
  const cancelled = cancelledRows(day, department, date)
  const isTemplate = (position: number): boolean => state.appointments.template.get(position) === 0
  const opened = [...open, ...booked, ...cancelled].filter(isTemplate)
  if (open.length + booked.length < opened.length && cancelled.length > 0) return addLike(day, random.pick(cancelled))
  if (open.length === 0) return false
  deleteSlot(state, random.pick(open), staffStamp(day))
  return true
}

/** A slot at the time of another row, whatever became of that. */
function addLike(day: Day, position: number): boolean {
  const { appointments: table } = day.state
  const place = {
    day: table.day.get(position),
    start: table.start.get(position),
    minutes: table.minutes.get(position),
    department: table.department.get(position),
    provider: table.provider.get(position),
    type: table.templateType.get(position),
    template: position,
  }
  addSlot(day.state, place, staffStamp(day))
  return true
}
