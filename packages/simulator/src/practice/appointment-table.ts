/**
 * All slots and appointments of a practice in columns. They are one kind of record: booking fills a slot and keeps its
 * id, cancelling leaves the appointment as it was and opens the time again under a new id.
 */
import { Column } from './column.ts'
import type { PatientTable } from './patient-table.ts'

/** athenahealth's codes; the order is the code in the status column. `deleted` is ours: such a slot is gone. */
export const appointmentStatuses = ['o', 'f', '2', '3', '4', 'x', 'deleted'] as const
export type AppointmentStatus = (typeof appointmentStatuses)[number]

export const statusCode: Readonly<Record<AppointmentStatus, number>> = {
  o: 0,
  f: 1,
  '2': 2,
  '3': 3,
  '4': 4,
  x: 5,
  deleted: 6,
}

/** Id of the first appointment; far from patient ids, so that mixed-up ids show. */
const firstAppointmentId = 500_001
const firstEncounter = 20_001

export interface Cancellation {
  readonly at: number
  readonly by: string
  readonly reasonId: string
  readonly rescheduledTo: number | undefined
}

export interface AppointmentNote {
  readonly id: number
  text: string
  displayOnSchedule: boolean
  readonly createdAt: number
  readonly createdBy: string
  deleted: boolean
}

export interface AppointmentTable {
  /** Positions 0 to `count` - 1 exist. */
  count: number
  readonly day: Column
  /** Local minutes after midnight. */
  readonly start: Column
  readonly minutes: Column
  readonly department: Column
  readonly provider: Column
  readonly type: Column
  /** Type of the template slot, and the position + 1 of the slot the time came from when it is not this one. */
  readonly templateType: Column
  readonly template: Column
  readonly status: Column
  readonly frozen: Column
  readonly urgent: Column
  /** Patient id, 0 for a slot. */
  readonly patient: Column
  /** Next in the patient's chain: position + 1. */
  readonly nextOfPatient: Column
  /** Index of the reason it was booked for + 1. */
  readonly reason: Column
  /** Epoch seconds, 0 for never. */
  readonly scheduledAt: Column
  readonly modifiedAt: Column
  readonly checkInStartedAt: Column
  readonly checkedInAt: Column
  readonly checkedOutAt: Column
  /** Numbers of user names in `users`. */
  readonly scheduledBy: Column
  readonly modifiedBy: Column
  /** Encounter id, 0 before check-in. */
  readonly encounter: Column
  readonly users: string[]
  readonly userNumbers: Map<string, number>
  readonly cancellations: Map<number, Cancellation>
  readonly notes: Map<number, AppointmentNote[]>
  /** Positions by local day, in order of start and id. */
  readonly byDay: Map<number, number[]>
  /** The same without what was cancelled or deleted: a calendar that lives long has many of those. */
  readonly liveByDay: Map<number, number[]>
  nextNote: number
  readonly firstEncounter: number
  nextEncounter: number
  /** Position of the appointment by encounter id, counted from `firstEncounter`. */
  readonly encounterPosition: Column
}

export function createAppointmentTable(capacity: number): AppointmentTable {
  const small = (): Column => new Column('u16', capacity)
  const wide = (): Column => new Column('u32', capacity)
  return {
    count: 0,
    day: new Column('i32', capacity),
    start: small(),
    minutes: small(),
    department: small(),
    provider: small(),
    type: small(),
    templateType: small(),
    template: wide(),
    status: new Column('u8', capacity),
    frozen: new Column('u8', capacity),
    urgent: new Column('u8', capacity),
    patient: wide(),
    nextOfPatient: wide(),
    reason: small(),
    scheduledAt: wide(),
    modifiedAt: wide(),
    checkInStartedAt: wide(),
    checkedInAt: wide(),
    checkedOutAt: wide(),
    scheduledBy: small(),
    modifiedBy: small(),
    encounter: wide(),
    users: [],
    userNumbers: new Map(),
    cancellations: new Map(),
    notes: new Map(),
    byDay: new Map(),
    liveByDay: new Map(),
    nextNote: 40_001,
    firstEncounter,
    nextEncounter: firstEncounter,
    encounterPosition: wide(),
  }
}

/** Wire id of a position. */
export function appointmentId(position: number): string {
  return String(firstAppointmentId + position)
}

/** Position of a wire id, undefined when no such appointment ever existed. */
export function appointmentAt(table: AppointmentTable, id: string | number): number | undefined {
  const position = Number(id) - firstAppointmentId
  return Number.isInteger(position) && position >= 0 && position < table.count ? position : undefined
}

export function statusOf(table: AppointmentTable, position: number): AppointmentStatus {
  return appointmentStatuses[table.status.get(position)] ?? 'o'
}

export function setStatus(table: AppointmentTable, position: number, status: AppointmentStatus): void {
  const wasLive = isLive(statusOf(table, position))
  table.status.set(position, statusCode[status])
  if (wasLive && !isLive(status)) takeOutOfDay(table, position)
  else if (!wasLive && isLive(status)) fileByDay(table, table.liveByDay, position)
}

function isLive(status: AppointmentStatus): boolean {
  return status !== 'x' && status !== 'deleted'
}

/** The number under which a user name is kept. */
export function userNumber(table: AppointmentTable, name: string): number {
  const known = table.userNumbers.get(name)
  if (known !== undefined) return known
  const number = table.users.push(name) - 1
  table.userNumbers.set(name, number)
  return number
}

export interface SlotPlace {
  readonly day: number
  readonly start: number
  readonly minutes: number
  readonly department: number
  readonly provider: number
  readonly type: number
  /** Position of the slot whose time this one reopens. */
  readonly template?: number | undefined
}

/** Appends an open slot and answers its position. Who made it and when is the caller's to stamp. */
export function addSlotRow(table: AppointmentTable, place: SlotPlace): number {
  const position = table.count
  table.count += 1
  table.day.set(position, place.day)
  table.start.set(position, place.start)
  table.minutes.set(position, place.minutes)
  table.department.set(position, place.department)
  table.provider.set(position, place.provider)
  table.type.set(position, place.type)
  table.templateType.set(position, place.type)
  table.template.set(position, place.template === undefined ? 0 : place.template + 1)
  table.status.set(position, statusCode.o)
  fileByDay(table, table.byDay, position)
  fileByDay(table, table.liveByDay, position)
  return position
}

function fileByDay(table: AppointmentTable, lists: Map<number, number[]>, position: number): void {
  const day = table.day.get(position)
  const list = lists.get(day)
  if (list === undefined) lists.set(day, [position])
  else list.splice(placeOf(table, list, position), 0, position)
}

function takeOutOfDay(table: AppointmentTable, position: number): void {
  const list = table.liveByDay.get(table.day.get(position)) ?? []
  const behind = placeOf(table, list, position)
  if (list[behind - 1] === position) list.splice(behind - 1, 1)
}

/** The place in a day's list behind all that come before a position, and behind itself. */
function placeOf(table: AppointmentTable, list: readonly number[], position: number): number {
  const start = table.start.get(position)
  const isBehind = (other: number) =>
    table.start.get(other) > start || (table.start.get(other) === start && other > position)
  const last = list.at(-1)
  // Rows are mostly added at a day's end.
  return last !== undefined && !isBehind(last) ? list.length : upperBound(list, isBehind)
}

function upperBound(list: readonly number[], isBehind: (position: number) => boolean): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBehind(list[middle] ?? 0)) high = middle
    else low = middle + 1
  }
  return low
}

/** Gives the appointment to a patient: the chain a patient's appointments are found by. */
export function linkPatient(tables: LinkedTables, position: number, patient: number): void {
  const { appointments, patients } = tables
  appointments.patient.set(position, patient)
  appointments.nextOfPatient.set(position, patients.appointments.get(patient))
  patients.appointments.set(patient, position + 1)
}

interface LinkedTables {
  readonly appointments: AppointmentTable
  readonly patients: PatientTable
}

/** Positions of a patient's appointments, latest booked first. */
export function* appointmentsOf(tables: LinkedTables, patient: number): IterableIterator<number> {
  let next = tables.patients.appointments.get(patient)
  while (next !== 0) {
    const position = next - 1
    next = tables.appointments.nextOfPatient.get(position)
    yield position
  }
}

/** The positions of each day from `firstDay` to `lastDay`, in order of start and id within the day. */
export function daysBetween(table: AppointmentTable, firstDay: number, lastDay: number): (readonly number[])[] {
  const { first, last } = boundsOf(table)
  const days: (readonly number[])[] = []
  for (let day = Math.max(firstDay, first); day <= Math.min(lastDay, last); day += 1) {
    const list = table.byDay.get(day)
    if (list !== undefined) days.push(list)
  }
  return days
}

/** First and last day that have rows. */
function boundsOf(table: AppointmentTable): { first: number; last: number } {
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const day of table.byDay.keys()) {
    if (day < first) first = day
    if (day > last) last = day
  }
  return { first, last }
}
