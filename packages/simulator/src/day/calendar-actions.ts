/** What the front desk, and patients on the website, do to appointments. */
import { weekdayOf } from '../practice/calendar-date.ts'
import {
  bookAppointment,
  cancelAppointment,
  rescheduleAppointment,
  updateAppointment,
} from '../practice/booking-changes.ts'
import { fillFromWaitlist } from '../practice/fill-from-waitlist.ts'
import { addNote } from '../practice/note-changes.ts'
import { occupancy } from '../practice/populate-schedule.ts'
import { listed, type Stamp } from '../practice/practice-state.ts'
import { waitingFor } from '../practice/waitlist.ts'
import { attempt, portalStamp, staffStamp, type Day } from './day.ts'
import { isOpen } from './office-hours.ts'
import { dayRows, localDay, pickDay, pickPatient, pickRow, pickType } from './pick-rows.ts'

/** Tries to make one change in a department; false when there was nothing to make it on. */
export type Action = (day: Day, department: number) => boolean

/** How hard bookings and cancellations pull a day back to its usual load. */
const pull = 4
/** Share of the bookings in office hours that patients make on the website all the same. */
const onlineShare = 0.2

/** By the staff while somebody is at work, otherwise by the patient on the website. */
export function deskStamp(day: Day, department: number): Stamp {
  const { zone } = listed(day.state.departments, department)
  const online = !isOpen(zone, day.clock.now()) || day.random.chance(onlineShare)
  return online ? portalStamp(day) : staffStamp(day)
}

/** Books or cancels, whichever brings the day picked nearer to how full it usually is. */
export const bookOrCancel: Action = (day, department) => {
  const date = pickDay(day, department)
  const { open, booked } = dayRows(day, department, date)
  const total = open.length + booked.length
  if (total === 0) return false
  const ahead = date - localDay(day, department)
  const lack = occupancy(ahead, weekdayOf(date)) - booked.length / total
  const books = day.random.chance(Math.min(0.9, Math.max(0.1, 0.5 + pull * lack)))
  if (books && open.length > 0) return bookSlot(day, day.random.pick(open))
  return booked.length > 0 && cancelRow(day, day.random.pick(booked))
}

/** Books a slot for the patient given, or for whoever waits for it, or for a patient of its department. */
export function bookSlot(day: Day, position: number, patient?: number): boolean {
  const { state, random } = day
  const { appointments: table } = state
  const department = table.department.get(position)
  const { zone } = listed(state.departments, department)
  const isDesk = patient === undefined && isOpen(zone, day.clock.now())
  const [waiting] = isDesk ? waitingFor(state, position) : []
  if (waiting !== undefined) {
    return attempt(() => fillFromWaitlist(state, { position, entry: waiting }, staffStamp(day)))
  }
  const chosen = patient ?? pickPatient(day, department, table.day.get(position))
  if (chosen === undefined) return false
  const booking = {
    position,
    patient: chosen,
    type: pickType(day, position, chosen),
    urgent: random.chance(0.02),
    note: random.chance(0.1) ? 'Asked to be reminded by telephone.' : undefined,
  }
  bookAppointment(state, booking, deskStamp(day, department))
  return true
}

/** Cancels a booked row. */
export function cancelRow(day: Day, position: number): boolean {
  const { state, random } = day
  const { appointments: table } = state
  const input = {
    position,
    patient: table.patient.get(position),
    reasonId: random.pickWeighted(cancelReasonIds),
    note: random.chance(0.2) ? 'Called to cancel.' : undefined,
  }
  cancelAppointment(state, input, deskStamp(day, table.department.get(position)))
  return true
}

/** Mostly a reason that leaves the time free for others: else the calendar would wear thin. */
/** Why appointments are cancelled, by how often; the last two leave no time open. */
const cancelReasonIds = [
  [86, '1'],
  [8, '5'],
  [4, '4'],
  [2, '6'],
] as const

/** Somebody cannot come today after all. */
export const cancelLate: Action = (day, department) => {
  const { booked } = dayRows(day, department, localDay(day, department))
  return booked.length > 0 && cancelRow(day, day.random.pick(booked))
}

/** Fills a time that is still free today or on the next day: those who wait come first. */
export const refill: Action = (day, department) => {
  const today = localDay(day, department)
  for (const date of [today, today + 1]) {
    const { open } = dayRows(day, department, date)
    if (open.length > 0) return bookSlot(day, day.random.pick(open))
  }
  return false
}

/** Moves an appointment, more often to a day near it than to any other. */
export const reschedule: Action = (day, department) => {
  const { state, random } = day
  const position = pickRow(day, department, 'booked')
  if (position === undefined) return false
  const near = state.appointments.day.get(position) + random.between(1, 10)
  const nearby = random.chance(0.7) ? dayRows(day, department, near).open : []
  const to = nearby.length > 0 ? random.pick(nearby) : pickRow(day, department, 'open')
  if (to === undefined) return false
  const patient = state.appointments.patient.get(position)
  rescheduleAppointment(state, { position, to, patient, reasonId: '3' }, deskStamp(day, department))
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
