/** Fills a new practice's calendar: what happened in the last month, and what is booked and open for the next two. */
import { addSlotRow, setStatus, type SlotPlace } from './appointment-table.ts'
import { dayMs, weekdayOf } from './calendar-date.ts'
import { fillSlot, markCheckedIn, markCheckedOut, markModified } from './fill-slot.ts'
import { hasAppointmentOn } from './patient-record.ts'
import { patientStatus } from './patient-table.ts'
import { listed, type PracticeState } from './practice-state.ts'
import { bookableTypes, providerDaySlots } from './provider-day.ts'
import { SeededRandom } from './seeded-random.ts'
import { eastern, instantOf, wallTime } from './zone-time.ts'

/** A new practice has slots from so many days ago to so many days ahead of today. */
export const pastDays = 30
export const aheadDays = 60

/** Who opens template slots. */
export const templateUser = 'athena'
/** The practice's own staff, as `scheduledby` and `lastmodifiedby` show them. */
export const staffUsers: readonly string[] = ['jmorales', 'tfrost', 'akapoor', 'swinters', 'dokafor']

const minuteMs = 60_000
const shares = { cancelled: 0.07, noShow: 0.05, noted: 0.8, past: 0.9 } as const
/** How full a weekday gets compared with the average, Sunday first. */
const weekdayLoad = [0, 1.1, 1.05, 1, 0.98, 0.87, 0.9] as const

interface Populating {
  readonly state: PracticeState
  readonly random: SeededRandom
  readonly now: number
}

/** Adds the slots and appointments of all days around `now` (epoch ms). Announces nothing. */
export function populateSchedule(state: PracticeState, now: number): void {
  const making: Populating = { state, random: new SeededRandom(state.seed, 0x5eed_0006), now }
  const today = wallTime(eastern, now).day
  for (let day = today - pastDays; day <= today + aheadDays; day += 1) {
    const places = state.providers.flatMap((provider) => providerDaySlots(state, provider, day))
    places.sort((a, b) => a.start - b.start || a.provider - b.provider)
    for (const place of places) addPlace(making, place)
  }
  state.openedUntil = today + aheadDays
}

function addPlace(making: Populating, place: SlotPlace): void {
  const { state, random, now } = making
  const position = openAt(making, place)
  const startsAt = startOf(state, position)
  const daysAhead = (startsAt - now) / dayMs
  if (!random.chance(occupancy(daysAhead, weekdayOf(place.day)))) return
  const patient = pickPatient(making, place)
  if (patient === undefined) return
  const bookedAt = earlier(random, Math.min(startsAt, now), Math.min(45, 60 - daysAhead))
  const type = random.pick(bookableTypes(state, place.type))
  fillSlot(state, position, { booking: { patient, type }, change: { at: bookedAt, by: random.pick(staffUsers) } })
  if (random.chance(shares.cancelled)) cancelRow(making, position, { bookedAt, before: Math.min(startsAt, now) })
  else if (startsAt < now) {
    if (random.chance(shares.noShow)) missRow(making, position, startsAt)
    else visitRow(making, position, startsAt)
  }
}

/** A moment up to `days` before `latest`. */
function earlier(random: SeededRandom, latest: number, days: number): number {
  return latest - Math.ceil(random.fraction() * Math.max(1, days) * dayMs)
}

function openAt({ state, now }: Populating, place: SlotPlace): number {
  const position = addSlotRow(state.appointments, place)
  const opened = Math.min(startOf(state, position) - (aheadDays + 1) * dayMs, now - minuteMs)
  markModified(state.appointments, position, { at: opened, by: templateUser })
  return position
}

/** Epoch ms at which a slot or appointment begins. */
export function startOf(state: PracticeState, position: number): number {
  const { appointments: table } = state
  const { zone } = listed(state.departments, table.department.get(position))
  return instantOf(zone, { day: table.day.get(position), seconds: table.start.get(position) * 60 })
}

/** How full the practice likes to be, 0 to 1, so many days ahead. */
export function occupancy(daysAhead: number, weekday: number): number {
  const load = weekdayLoad[weekday] ?? 1
  if (daysAhead < 1) return Math.min(0.97, shares.past * load)
  return Math.max(0.2, 0.85 - daysAhead / 80) * load
}

function pickPatient({ state, random }: Populating, place: SlotPlace): number | undefined {
  const ids = state.patients.byDepartment[place.department]
  if (ids === undefined) return undefined
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const id = ids.at(random.below(ids.length))
    if (id === undefined) return undefined
    if (patientStatus(state.patients, id) === 'active' && !hasAppointmentOn(state, id, place.day)) return id
  }
  return undefined
}

interface CancelSpan {
  readonly bookedAt: number
  readonly before: number
}

function cancelRow(making: Populating, position: number, { bookedAt, before }: CancelSpan): void {
  const { state, random } = making
  const { appointments: table } = state
  const reason = random.pick(state.cancelReasons.slice(1).filter(({ noShow }) => !noShow))
  const at = bookedAt + Math.floor(random.fraction() * (before - bookedAt))
  const by = random.pick(staffUsers)
  markCancelledRow(state, position, { at, by, reasonId: reason.id })
  if (!reason.slotAvailable) return
  const reopened = addSlotRow(table, {
    day: table.day.get(position),
    start: table.start.get(position),
    minutes: table.minutes.get(position),
    department: table.department.get(position),
    provider: table.provider.get(position),
    type: table.templateType.get(position),
    template: position,
  })
  markModified(table, reopened, { at, by })
}

/** The patient did not come, and mostly the desk noted it soon after. */
function missRow({ state, random, now }: Populating, position: number, startsAt: number): void {
  const reason = state.cancelReasons.find(({ noShow }) => noShow)
  const at = startsAt + random.between(20, 90) * minuteMs
  if (reason === undefined || at >= now || !random.chance(shares.noted)) return
  markCancelledRow(state, position, { at, by: random.pick(staffUsers), reasonId: reason.id })
}

function markCancelledRow(
  { appointments: table }: PracticeState,
  position: number,
  { at, by, reasonId }: { at: number; by: string; reasonId: string },
): void {
  setStatus(table, position, 'x')
  table.cancellations.set(position, { at, by, reasonId, rescheduledTo: undefined })
  markModified(table, position, { at, by })
}

function visitRow(making: Populating, position: number, startsAt: number): void {
  const { state, random, now } = making
  const { appointments: table } = state
  const arrivedAt = startsAt + random.between(-10, 4) * minuteMs
  const leftAt = startsAt + (table.minutes.get(position) + random.between(-3, 12)) * minuteMs
  if (arrivedAt >= now) return
  const by = random.pick(staffUsers)
  table.checkInStartedAt.set(position, Math.floor(arrivedAt / 1000) - 120)
  markCheckedIn(state, position, { at: arrivedAt, by })
  if (leftAt >= now) return
  markCheckedOut(state, position, { at: leftAt, by })
  const enteredAt = leftAt + random.between(2, 60) * 60 * minuteMs
  if (enteredAt >= now) return
  setStatus(table, position, '4')
  markModified(table, position, { at: enteredAt, by })
}
