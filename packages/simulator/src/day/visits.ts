/** Patients come to their appointments, are checked in, seen, checked out, and charged; a few never come. */
import { appointmentAt, statusOf } from '../practice/appointment-table.ts'
import { startOf } from '../practice/populate-schedule.ts'
import { cancelAppointment } from '../practice/booking-changes.ts'
import type { PracticeEvent } from '../practice/practice.ts'
import { listed } from '../practice/practice-state.ts'
import { SeededRandom } from '../practice/seeded-random.ts'
import { checkOut, completeCheckIn, enterCharges, startCheckIn } from '../practice/visit-changes.ts'
import { instantOf } from '../practice/zone-time.ts'
import { schedule, staffStamp, type Day } from './day.ts'
import { localDay } from './pick-rows.ts'

const minuteMs = 60_000
const noShowShare = 0.05
/** Share of the patients who do not come that the desk marks so, within an hour and a half; the rest is forgotten. */
const notedShare = 0.8
const noShowReasonId = '2'
/** Share of visits that take a good deal longer than planned: everybody after them waits. */
const longVisitShare = 0.08
/** Local second after midnight at which the day's visits are looked up. */
const planSecond = 60

interface VisitTimes {
  /** Epoch ms at which the patient arrives; undefined when the patient never does. */
  readonly arrivesAt: number | undefined
  readonly deskMs: number
  readonly overrunMs: number
  readonly billingMs: number
}

/** How the visit of an appointment goes: a function of seed and appointment, so it does not depend on when it is asked. */
function visitTimes(day: Day, position: number): VisitTimes {
  const random = new SeededRandom(day.state.seed ^ 0x5eed_0007, position)
  const comes = !random.chance(noShowShare)
  const arrivesAt = startOf(day.state, position) + random.between(-720, 240) * 1000
  const deskMs = random.between(40, 240) * 1000
  const overrun = random.chance(longVisitShare) ? random.between(600, 1500) : random.between(-300, 240)
  const billingMs = random.between(20, 600) * minuteMs
  return { arrivesAt: comes ? arrivesAt : undefined, deskMs, overrunMs: overrun * 1000, billingMs }
}

/** Plans the visits of today in every department, and of each next day when it begins; follows bookings made meanwhile. */
export function planVisits(day: Day): (event: PracticeEvent) => void {
  for (const department of day.state.departments) {
    planToday(day, department.index)
    planNextDay(day, department.index)
  }
  return (event) => {
    if (event.feed !== 'appointments') return
    const position = appointmentAt(day.state.appointments, event.id)
    if (position === undefined) return
    if (event.name === 'ScheduleAppointment') expectArrival(day, position)
    else if (event.name === 'CheckIn') expectCheckOut(day, position)
    else if (event.name === 'CheckOut') expectCharges(day, position)
  }
}

function planNextDay(day: Day, department: number): void {
  const { zone } = listed(day.state.departments, department)
  const at = instantOf(zone, { day: localDay(day, department) + 1, seconds: planSecond })
  schedule(day, at, () => {
    planToday(day, department)
    planNextDay(day, department)
  })
}

/** Takes up every visit of the local day at the point it has reached. */
function planToday(day: Day, department: number): void {
  const { appointments: table } = day.state
  const today = localDay(day, department)
  for (const position of table.liveByDay.get(today) ?? []) {
    if (table.department.get(position) !== department) continue
    const status = statusOf(table, position)
    if (status === 'f') expectArrival(day, position)
    else if (status === '2') expectCheckOut(day, position)
    else if (status === '3') expectCharges(day, position)
  }
}

function expectArrival(day: Day, position: number): void {
  const { state, clock } = day
  const { arrivesAt, deskMs } = visitTimes(day, position)
  const isToday = state.appointments.day.get(position) === localDay(day, state.appointments.department.get(position))
  if (!isToday || startOf(state, position) < clock.now()) return
  if (arrivesAt === undefined) {
    expectNobody(day, position)
    return
  }
  schedule(day, arrivesAt, () => {
    if (statusOf(state.appointments, position) !== 'f') return
    startCheckIn(state, position, staffStamp(day))
    schedule(day, clock.now() + deskMs, () => completeCheckIn(state, position, staffStamp(day)))
  })
}

/** Nobody comes: the desk cancels the appointment as missed, which leaves its time as it is. */
function expectNobody(day: Day, position: number): void {
  const { state } = day
  const random = new SeededRandom(state.seed ^ 0x5eed_0022, position)
  if (!random.chance(notedShare)) return
  schedule(day, startOf(state, position) + random.between(20, 90) * minuteMs, () => {
    if (statusOf(state.appointments, position) !== 'f') return
    const patient = state.appointments.patient.get(position)
    cancelAppointment(state, { position, patient, reasonId: noShowReasonId }, staffStamp(day))
  })
}

/** A visit begins when the patient is there and the provider is done with those before: delays add up over the day. */
function expectCheckOut(day: Day, position: number): void {
  const { appointments: table } = day.state
  const lengthMs = table.minutes.get(position) * minuteMs
  const checkedInMs = table.checkedInAt.get(position) * 1000
  const provider = table.provider.get(position)
  const begins = Math.max(startOf(day.state, position), checkedInMs, day.busyUntil.get(provider) ?? 0)
  const ends = begins + Math.max(5 * minuteMs, lengthMs + visitTimes(day, position).overrunMs)
  day.busyUntil.set(provider, ends)
  schedule(day, ends, () => checkOut(day.state, position, staffStamp(day)))
}

function expectCharges(day: Day, position: number): void {
  const { state } = day
  const leftMs = state.appointments.checkedOutAt.get(position) * 1000
  const at = leftMs + visitTimes(day, position).billingMs
  schedule(day, at, () => enterCharges(state, position, staffStamp(day)))
}
