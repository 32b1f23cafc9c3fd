/** Which appointments and slots a list means. */
import { daysBetween, appointmentsOf, statusOf, type AppointmentStatus } from './appointment-table.ts'
import { startOf } from './populate-schedule.ts'
import { listed, type PracticeState } from './practice-state.ts'
import { dayMs } from './calendar-date.ts'

export interface BookedQuery {
  /** Local days, both included. */
  readonly firstDay: number
  readonly lastDay: number
  /** Indexes; undefined for any. */
  readonly departments?: ReadonlySet<number> | undefined
  readonly providers?: ReadonlySet<number> | undefined
  readonly type?: number | undefined
  readonly patients?: ReadonlySet<number> | undefined
  readonly statuses: ReadonlySet<AppointmentStatus>
  /** Epoch seconds, both included. */
  readonly modifiedFrom?: number | undefined
  readonly modifiedTo?: number | undefined
  readonly scheduledFrom?: number | undefined
  readonly scheduledTo?: number | undefined
}

/** Positions of the appointments that meet the query, by day, start and id. */
export function findBooked(state: PracticeState, query: BookedQuery): number[] {
  const found: number[] = []
  for (const rows of candidates(state, query)) {
    for (const position of rows) if (isMeant(state, position, query)) found.push(position)
  }
  return found
}

function candidates(state: PracticeState, query: BookedQuery): (readonly number[])[] {
  const { appointments: table } = state
  const { patients } = query
  if (patients === undefined || patients.size > 50) return daysBetween(table, query.firstDay, query.lastDay)
  return [
    inOrder(
      state,
      [...patients].flatMap((patient) => [...appointmentsOf(state, patient)]),
    ),
  ]
}

/** Sorts positions by day, start and id. */
export function inOrder(state: PracticeState, positions: number[]): number[] {
  const { day, start } = state.appointments
  return positions.sort((a, b) => day.get(a) - day.get(b) || start.get(a) - start.get(b) || a - b)
}

const within = (value: number, from: number | undefined, to: number | undefined): boolean =>
  (from === undefined || value >= from) && (to === undefined || value <= to)

const among = <T>(set: ReadonlySet<T> | undefined, value: T): boolean => set === undefined || set.has(value)

function isMeant(state: PracticeState, position: number, query: BookedQuery): boolean {
  const { appointments: table } = state
  return (
    // What leaves fewest rows comes first: a day of a large practice has thousands.
    among(query.departments, table.department.get(position)) &&
    among(query.providers, table.provider.get(position)) &&
    query.statuses.has(statusOf(table, position)) &&
    (query.type === undefined || table.type.get(position) === query.type) &&
    within(table.day.get(position), query.firstDay, query.lastDay) &&
    among(query.patients, table.patient.get(position)) &&
    within(table.modifiedAt.get(position), query.modifiedFrom, query.modifiedTo) &&
    within(table.scheduledAt.get(position), query.scheduledFrom, query.scheduledTo)
  )
}

export interface OpenQuery {
  readonly firstDay: number
  readonly lastDay: number
  readonly departments: ReadonlySet<number>
  readonly providers?: ReadonlySet<number> | undefined
  readonly showFrozen: boolean
  /** Slots of types that patients cannot book themselves too. */
  readonly showInternal: boolean
}

/** Positions of open slots, by day, start and id. */
export function findOpen(state: PracticeState, query: OpenQuery): number[] {
  const { appointments: table } = state
  const found: number[] = []
  for (const rows of daysBetween(table, query.firstDay, query.lastDay)) {
    for (const position of rows) if (isOpenFor(state, position, query)) found.push(position)
  }
  return found
}

function isOpenFor(state: PracticeState, position: number, query: OpenQuery): boolean {
  const { appointments: table } = state
  return (
    statusOf(table, position) === 'o' &&
    query.departments.has(table.department.get(position)) &&
    among(query.providers, table.provider.get(position)) &&
    (query.showFrozen || table.frozen.get(position) === 0) &&
    (query.showInternal || listed(state.types, table.type.get(position)).patientFacing)
  )
}

/**
 * True when a slot of one type is listed for another: its own, or any for a generic one. athenahealth documents that a
 * generic type matches any when searching, also one it is too short for: whether the slots behind are free too is for the
 * caller to see.
 */
export function fitsSlotType(state: PracticeState, wanted: number, slotType: number): boolean {
  return wanted === slotType || listed(state.types, slotType).generic
}

/** True when a slot begins neither too soon nor too far ahead of `now`. */
export function isInTime(
  state: PracticeState,
  position: number,
  { now, minHours, maxDays }: { now: number; minHours: number; maxDays: number },
): boolean {
  const startsAt = startOf(state, position)
  return startsAt >= now + minHours * 3_600_000 && startsAt <= now + maxDays * dayMs
}
