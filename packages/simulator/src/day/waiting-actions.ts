/** Patients for whom there is no time yet: they wait, walk in, are squeezed in, or come together. */
import { weekdayOf } from '../practice/calendar-date.ts'
import { squeezeIn } from '../practice/expedited-visit.ts'
import { householdOf } from '../practice/household.ts'
import { isHoliday } from '../practice/holidays.ts'
import { startOf } from '../practice/populate-schedule.ts'
import { listed } from '../practice/practice-state.ts'
import { addToWaitlist, type WaitlistWish } from '../practice/waitlist.ts'
import { wallTime } from '../practice/zone-time.ts'
import { bookSlot, type Action } from './calendar-actions.ts'
import { attempt, staffStamp, type Day } from './day.ts'
import { dayRows, mayBook, pickDay, pickPatient, pickRow } from './pick-rows.ts'

const minuteMs = 60_000
/** Id of the type that patients without an appointment are booked as. */
const walkInTypeId = '2'
const lunchStarts = 12 * 60
const lunchEnds = 13 * 60

/** Somebody would like to come sooner than booked, or come at all. */
export const joinWaitlist: Action = (day, department) => {
  const { state, random } = day
  const appointment = random.chance(0.6) ? pickRow(day, department, 'booked') : undefined
  const patient = appointment === undefined ? pickPatient(day, department) : state.appointments.patient.get(appointment)
  if (patient === undefined) return false
  const mornings = random.chance(0.3)
  const wish: WaitlistWish = {
    patient,
    department,
    anyDepartment: false,
    appointment,
    provider:
      random.chance(0.3) && appointment !== undefined ? state.appointments.provider.get(appointment) : undefined,
    dayOfWeekIds: random.chance(0.25) ? [2, 4, 6] : [],
    hourFrom: mornings ? 8 : undefined,
    hourTo: mornings ? 11 : undefined,
    priority: random.pick(['NORMAL', 'NORMAL', 'NORMAL', 'LOW', 'HIGH']),
    note: random.chance(0.3) ? 'Can come at short notice.' : undefined,
  }
  addToWaitlist(state, wish, staffStamp(day))
  return true
}

/** Somebody is at the desk without an appointment and is seen within minutes by a provider who is there. */
export const walkIn: Action = (day, department) => {
  const { state, random, clock } = day
  const { zone } = listed(state.departments, department)
  const startsAt = Math.ceil((clock.now() + random.between(5, 20) * minuteMs) / (5 * minuteMs)) * 5 * minuteMs
  const { day: date, seconds } = wallTime(zone, startsAt)
  const minute = Math.floor(seconds / 60)
  if (!isWorked(day, { department, date, minute })) return false
  const working = state.providers.filter(({ week, deleted }) => !deleted && week[weekdayOf(date)] === department)
  const patient = pickPatient(day, department, date)
  if (patient === undefined || working.length === 0) return false
  return squeeze(day, { department, provider: random.pick(working).index, patient, startsAt })
}

interface Moment {
  readonly department: number
  readonly date: number
  /** Local minutes after midnight. */
  readonly minute: number
}

function isWorked({ state }: Day, { department, date, minute }: Moment): boolean {
  const { opens, closes } = listed(state.departments, department)
  const atLunch = minute >= lunchStarts - 15 && minute < lunchEnds
  const last = weekdayOf(date) === 6 ? lunchStarts : closes
  return weekdayOf(date) !== 0 && !isHoliday(date) && minute >= opens && minute <= last - 30 && !atLunch
}

interface Squeeze {
  readonly department: number
  readonly provider: number
  readonly patient: number
  readonly startsAt: number
}

function squeeze(day: Day, { department, provider, patient, startsAt }: Squeeze): boolean {
  const type = day.state.types.find(({ id }) => id === walkInTypeId)?.index ?? 0
  squeezeIn(day.state, { patient, type, department, provider, startsAt }, staffStamp(day))
  return true
}

/** A second patient at a time that is taken already: practices do that where many do not come. */
export const overbook: Action = (day, department) => {
  const { state } = day
  const { appointments: table } = state
  const position = pickRow(day, department, 'booked')
  if (position === undefined) return false
  const date = table.day.get(position)
  const patient = pickPatient(day, department, date)
  if (patient === undefined) return false
  const startsAt = startOf(state, position)
  return squeeze(day, { department, provider: table.provider.get(position), patient, startsAt })
}

/** Members of a household are booked one behind the other with the same provider. */
export const bookFamily: Action = (day, department) => {
  const { state, random } = day
  const patient = pickPatient(day, department)
  if (patient === undefined || patient > state.patients.seeded) return false
  const { first, size } = householdOf(state.patients.seed, patient)
  const date = pickDay(day, department)
  const members = Array.from({ length: size }, (_, index) => first + index).filter(
    (id) => id <= state.patients.seeded && mayBook(day, id, date),
  )
  if (members.length < 2) return false
  const run = openRun(day, { department, date, length: members.length })
  const rows = run.length > 0 ? random.pick(run) : []
  for (const [index, position] of rows.entries()) attempt(() => void bookSlot(day, position, members[index]))
  return rows.length > 0
}

/** All ways to have so many open slots of one provider one right behind the other. */
function openRun(day: Day, wanted: { department: number; date: number; length: number }): number[][] {
  const { appointments: table } = day.state
  const { open } = dayRows(day, wanted.department, wanted.date)
  const isNext = (one: number, other: number): boolean =>
    table.provider.get(other) === table.provider.get(one) &&
    table.start.get(other) === table.start.get(one) + table.minutes.get(one)
  return open.flatMap((start) => {
    const run = [start]
    while (run.length < wanted.length) {
      const last = run.at(-1) ?? start
      const next = open.find((candidate) => isNext(last, candidate))
      if (next === undefined) return []
      run.push(next)
    }
    return [run]
  })
}
