/** Picks what a change is about: an appointment, a slot, a patient. */
import { appointmentsOf, statusOf } from '../practice/appointment-table.ts'
import { patientStatus } from '../practice/patient-table.ts'
import { aheadDays } from '../practice/populate-schedule.ts'
import { hasAppointmentOn } from '../practice/patient-record.ts'
import { listed } from '../practice/practice-state.ts'
import { bookableTypes } from '../practice/provider-day.ts'
import { wallTime } from '../practice/zone-time.ts'
import type { Day } from './day.ts'

const daysTried = 6
const patientsTried = 8
/** Nothing is booked or changed that begins sooner. */
const noticeMs = 15 * 60_000
/** Id of the type of a first visit. */
const newPatientTypeId = '8'

/** A department's own day number at this moment. */
export function localDay(day: Day, department: number): number {
  return wallTime(listed(day.state.departments, department).zone, day.clock.now()).day
}

/** A day ahead: today and the next ones far more often than those in two months. */
export function pickDay(day: Day, department: number): number {
  return localDay(day, department) + Math.floor(aheadDays * day.random.fraction() ** 1.6)
}

/** Positions of a department's rows of one day that have not begun yet, by what became of them. */
export interface DayRows {
  readonly open: number[]
  readonly booked: number[]
}

/** The rows of a department on one day; frozen slots and rows that begin within minutes are left out. */
export function dayRows(day: Day, department: number, date: number): DayRows {
  const { appointments: table } = day.state
  const rows: DayRows = { open: [], booked: [] }
  for (const position of comingRows(day, { department, date, among: table.liveByDay })) {
    const status = statusOf(table, position)
    if (status === 'o') rows.open.push(position)
    // Who is at the desk already does not change the appointment.
    else if (status === 'f' && table.checkInStartedAt.get(position) === 0) rows.booked.push(position)
  }
  return rows
}

/** The cancelled rows that `dayRows` leaves out. */
export function cancelledRows(day: Day, department: number, date: number): number[] {
  const { appointments: table } = day.state
  return comingRows(day, { department, date, among: table.byDay }).filter(
    (position) => statusOf(table, position) === 'x',
  )
}

interface Wanted {
  readonly department: number
  readonly date: number
  readonly among: ReadonlyMap<number, readonly number[]>
}

function comingRows({ state, clock }: Day, { department, date, among }: Wanted): number[] {
  const { appointments: table } = state
  const soon = wallTime(listed(state.departments, department).zone, clock.now() + noticeMs)
  if (date < soon.day) return []
  const firstMinute = date > soon.day ? 0 : Math.ceil(soon.seconds / 60)
  return (among.get(date) ?? []).filter(
    (position) =>
      table.department.get(position) === department &&
      table.start.get(position) >= firstMinute &&
      table.frozen.get(position) === 0,
  )
}

/** One such row of some day ahead; undefined when a few days had none. */
export function pickRow(day: Day, department: number, kind: keyof DayRows): number | undefined {
  for (let attempt = 0; attempt < daysTried; attempt += 1) {
    const rows = dayRows(day, department, pickDay(day, department))[kind]
    if (rows.length > 0) return day.random.pick(rows)
  }
  return undefined
}

/** A patient of the department who is active and, if a date is given, has no appointment on it. */
export function pickPatient(day: Day, department: number, date?: number): number | undefined {
  const { state, random } = day
  const ids = state.patients.byDepartment[department]
  for (let attempt = 0; attempt < patientsTried; attempt += 1) {
    const id = ids?.at(random.below(ids.length))
    if (id === undefined) return undefined
    if (mayBook(day, id, date)) return id
  }
  return undefined
}

/** True for an active patient who has no appointment on a date, if one is given. */
export function mayBook({ state }: Day, patient: number, date?: number): boolean {
  if (patientStatus(state.patients, patient) !== 'active') return false
  return date === undefined || !hasAppointmentOn(state, patient, date)
}

/** Index of a type the slot can be booked as that suits the patient: a first visit is for those who have had none. */
export function pickType(day: Day, position: number, patient: number): number {
  const { state, random } = day
  const possible = bookableTypes(state, state.appointments.type.get(position))
  const firstVisit = state.types.find(({ id }) => id === newPatientTypeId)?.index
  const isNew = patient > state.patients.seeded && appointmentsOf(state, patient).next().done === true
  if (isNew && firstVisit !== undefined && possible.includes(firstVisit)) return firstVisit
  const others = possible.filter((type) => type !== firstVisit)
  return random.pick(others.length > 0 ? others : possible)
}
