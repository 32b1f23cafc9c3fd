/** Patients who wait for a time to become free: what each wants, and which of them a slot would suit. */
import { appointmentId, statusOf, type AppointmentTable } from './appointment-table.ts'
import { weekdayOf } from './calendar-date.ts'
import { patientExists, patientStatus, survivorOf } from './patient-table.ts'
import { practicePart } from './practice-part.ts'
import { changeTime, listed, type PracticeState, type Stamp } from './practice-state.ts'
import { bookableTypes } from './provider-day.ts'
import { Refusal } from './refusal.ts'
import { eastern, wallText } from './zone-time.ts'

/** From the most to the least urgent. */
export const waitlistPriorities = ['HIGH', 'NORMAL', 'LOW'] as const
export type WaitlistPriority = (typeof waitlistPriorities)[number]

/** What a patient waits for; what is absent may be anything. */
export interface WaitlistWish {
  readonly patient: number
  /** Index. */
  readonly department: number
  readonly anyDepartment: boolean
  /** Index. */
  readonly provider?: number | undefined
  /** Index. */
  readonly type?: number | undefined
  /** Position of the booked appointment that would be given up. */
  readonly appointment?: number | undefined
  /** 1 for Sunday to 7 for Saturday; empty for any day. */
  readonly dayOfWeekIds: readonly number[]
  /** Local hours in which the appointment should begin, both included. */
  readonly hourFrom?: number | undefined
  readonly hourTo?: number | undefined
  readonly priority: WaitlistPriority
  readonly note?: string | undefined
}

export interface WaitlistEntry extends WaitlistWish {
  readonly id: number
  /** Epoch ms. */
  readonly createdAt: number
}

interface Waitlist {
  readonly entries: Map<number, WaitlistEntry>
  nextId: number
}

const waitlistPart = practicePart((): Waitlist => ({ entries: new Map(), nextId: 1174 }))

/** Every entry in the order they were made. Patients merged since are the survivors; deleted ones do not wait. */
export function waitlistEntries(state: PracticeState): WaitlistEntry[] {
  const entries: WaitlistEntry[] = []
  for (const entry of waitlistPart(state).entries.values()) {
    const patient = survivorOf(state.patients, entry.patient)
    if (patientStatus(state.patients, patient) !== 'deleted') entries.push({ ...entry, patient })
  }
  return entries
}

/** The entry with this id. Refuses `unknown_record`. */
export function waitlistEntry(state: PracticeState, id: number): WaitlistEntry {
  const entry = waitlistEntries(state).find((candidate) => candidate.id === id)
  if (entry === undefined) throw new Refusal('unknown_record')
  return entry
}

function checkWish(state: PracticeState, { patient, appointment }: WaitlistWish): void {
  if (!patientExists(state.patients, patient)) throw new Refusal('unknown_patient')
  const status = patientStatus(state.patients, patient)
  if (status === 'deleted' || status === 'merged') throw new Refusal('patient_gone')
  if (appointment === undefined) return
  if (statusOf(state.appointments, appointment) !== 'f') throw new Refusal('not_booked')
  if (state.appointments.patient.get(appointment) !== patient) throw new Refusal('other_patient')
}

/** Puts a patient on the list and answers the entry's id. Refuses `unknown_patient`, `patient_gone`, `not_booked`, `other_patient`. */
export function addToWaitlist(state: PracticeState, wish: WaitlistWish, stamp: Stamp): number {
  checkWish(state, wish)
  const list = waitlistPart(state)
  const id = list.nextId
  list.entries.set(id, { ...wish, id, createdAt: changeTime(state, stamp) })
  list.nextId += 1
  return id
}

/** Writes what an entry wants anew. Refuses what adding does, and `unknown_record`. */
export function changeWish(state: PracticeState, { id, wish }: { id: number; wish: WaitlistWish }, stamp: Stamp): void {
  const { createdAt } = waitlistEntry(state, id)
  checkWish(state, wish)
  changeTime(state, stamp)
  waitlistPart(state).entries.set(id, { ...wish, id, createdAt })
}

/** Refuses `unknown_record`. */
export function removeFromWaitlist(state: PracticeState, id: number, stamp: Stamp): void {
  waitlistEntry(state, id)
  changeTime(state, stamp)
  waitlistPart(state).entries.delete(id)
}

/** An appointment is given up: nobody waits to replace it any longer. */
export function dropWishesFor(state: PracticeState, position: number): void {
  const { entries } = waitlistPart(state)
  for (const [id, { appointment }] of entries) if (appointment === position) entries.delete(id)
}

/** Who would take the slot at a position, the most urgent and the longest waiting first. */
export function waitingFor(state: PracticeState, position: number): WaitlistEntry[] {
  return waitlistEntries(state)
    .filter((entry) => suits(state, position, entry))
    .sort((a, b) => rankOf(a) - rankOf(b) || a.createdAt - b.createdAt || a.id - b.id)
}

const rankOf = ({ priority }: WaitlistEntry): number => waitlistPriorities.indexOf(priority)

/** Index of the type an entry would be booked as into a slot; undefined when it does not fit. */
export function typeForWish(state: PracticeState, position: number, { type }: WaitlistWish): number | undefined {
  const possible = bookableTypes(state, state.appointments.type.get(position))
  return type === undefined ? possible[0] : possible.find((candidate) => candidate === type)
}

function suits(state: PracticeState, position: number, entry: WaitlistEntry): boolean {
  const { appointments: table } = state
  const { department, provider } = entry
  return (
    statusOf(table, position) === 'o' &&
    table.frozen.get(position) === 0 &&
    (entry.anyDepartment || table.department.get(position) === department) &&
    (provider === undefined || table.provider.get(position) === provider) &&
    isAtWantedTime(table, position, entry) &&
    typeForWish(state, position, entry) !== undefined &&
    isSooner(state, position, entry)
  )
}

function isAtWantedTime(table: AppointmentTable, position: number, entry: WaitlistEntry): boolean {
  const hour = Math.floor(table.start.get(position) / 60)
  const weekday = weekdayOf(table.day.get(position)) + 1
  const { dayOfWeekIds, hourFrom = 0, hourTo = 24 } = entry
  return (dayOfWeekIds.length === 0 || dayOfWeekIds.includes(weekday)) && hour >= hourFrom && hour <= hourTo
}

/** Someone who has an appointment already only takes an earlier one. */
function isSooner(state: PracticeState, position: number, { appointment }: WaitlistEntry): boolean {
  if (appointment === undefined) return true
  const { day, start } = state.appointments
  const days = day.get(position) - day.get(appointment)
  return days < 0 || (days === 0 && start.get(position) < start.get(appointment))
}

/** An entry as on the wire (recorded names and types); what is left open is left out. */
export function waitlistRecord(state: PracticeState, entry: WaitlistEntry): Record<string, unknown> {
  const { department, provider, type, appointment } = entry
  const optional = {
    departmentid: entry.anyDepartment ? undefined : Number(listed(state.departments, department).id),
    providerid: provider === undefined ? undefined : Number(listed(state.providers, provider).id),
    appointmenttypeid: type === undefined ? undefined : Number(listed(state.types, type).id),
    appointmentid: appointment === undefined ? undefined : Number(appointmentId(appointment)),
    dayofweekids: entry.dayOfWeekIds.length === 0 ? undefined : entry.dayOfWeekIds,
    hourfrom: entry.hourFrom,
    hourto: entry.hourTo,
    note: entry.note,
  }
  return {
    waitlistid: entry.id,
    patientid: entry.patient,
    priority: entry.priority,
    created: wallText(eastern, entry.createdAt),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  }
}
