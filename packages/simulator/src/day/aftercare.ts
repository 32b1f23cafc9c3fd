/** What follows from a visit and comes before one: the next appointment, and the call that reminds of it. */
import { appointmentAt, statusOf } from '../practice/appointment-table.ts'
import { confirmedId } from '../practice/appointment-reference.ts'
import { addReminder } from '../practice/appointment-reminders.ts'
import { setDetails, type ReminderCall } from '../practice/appointment-details.ts'
import { addReminderCall } from '../practice/detail-changes.ts'
import { bookAppointment } from '../practice/booking-changes.ts'
import type { PracticeEvent } from '../practice/practice.ts'
import { listed } from '../practice/practice-state.ts'
import { SeededRandom } from '../practice/seeded-random.ts'
import { instantOf } from '../practice/zone-time.ts'
import { cancelRow } from './calendar-actions.ts'
import { schedule, staffStamp, type Day } from './day.ts'
import { dayRows, localDay, mayBook, pickType } from './pick-rows.ts'

const minuteMs = 60_000
/** Share of visits after which the next appointment is made at the desk, and after which a recall is noted instead. */
const followUpShare = 0.22
const recallShare = 0.08
const daysTried = 5
/** Appointments are called about two days before, from 10:00 on the department's clock, over three hours. */
const callAheadDays = 2
const callSecond = 10 * 3600
const callSpanMs = 180 * minuteMs
/** What becomes of calls; the rest reaches nobody. */
const callShares = { confirmed: 0.62, message: 0.22, cancel: 0.025 } as const

/** Lets what follows from visits happen, and every day's calls; answers who must be told of the practice's changes. */
export function planAftercare(day: Day): (event: PracticeEvent) => void {
  for (const { index } of day.state.departments) callNext(day, index)
  return (event) => {
    if (event.name !== 'CheckOut') return
    const position = appointmentAt(day.state.appointments, event.id)
    if (position !== undefined) followUp(day, position)
  }
}

/** A function of seed and appointment, so that it does not depend on what else happens. */
function diceOf(day: Day, position: number): SeededRandom {
  return new SeededRandom(day.state.seed ^ 0x5eed_0021, position)
}

function followUp(day: Day, position: number): void {
  const dice = diceOf(day, position).fraction()
  if (dice >= followUpShare + recallShare) return
  schedule(day, day.clock.now() + day.random.between(1, 6) * minuteMs, () => {
    if (dice < followUpShare) bookFollowUp(day, position)
    else noteRecall(day, position)
  })
}

/** Two to eight weeks later, with the same provider where there is time. */
function bookFollowUp(day: Day, position: number): void {
  const { state, random } = day
  const { appointments: table } = state
  const department = table.department.get(position)
  const patient = table.patient.get(position)
  for (let attempt = 0; attempt < daysTried; attempt += 1) {
    const date = localDay(day, department) + random.between(14, 56)
    const { open } = dayRows(day, department, date)
    const own = open.filter((slot) => table.provider.get(slot) === table.provider.get(position))
    if (own.length === 0 || !mayBook(day, patient, date)) continue
    const slot = random.pick(own)
    const booking = { position: slot, patient, type: pickType(day, slot, patient) }
    bookAppointment(state, booking, staffStamp(day))
    return
  }
}

function noteRecall(day: Day, position: number): void {
  const { state, random } = day
  const { appointments: table } = state
  const department = table.department.get(position)
  const reminder = {
    patient: table.patient.get(position),
    department,
    approximateDay: localDay(day, department) + random.pick([90, 180, 365]),
    provider: table.provider.get(position),
    type: table.type.get(position),
    note: 'Call to make the next appointment.',
  }
  addReminder(state, reminder, staffStamp(day))
}

function callNext(day: Day, department: number): void {
  const { zone } = listed(day.state.departments, department)
  const today = localDay(day, department)
  const at = instantOf(zone, { day: today, seconds: callSecond })
  const next = at > day.clock.now() ? at : instantOf(zone, { day: today + 1, seconds: callSecond })
  schedule(day, next, () => {
    callAbout(day, department)
    callNext(day, department)
  })
}

/** Calls about every appointment of the department on the day that is called about today. */
function callAbout(day: Day, department: number): void {
  const date = localDay(day, department) + callAheadDays
  for (const position of dayRows(day, department, date).booked) {
    const spread = Math.floor(diceOf(day, position).fraction() * callSpanMs)
    schedule(day, day.clock.now() + spread, () => call(day, position))
  }
}

function resultOf(dice: SeededRandom): ReminderCall['result'] {
  let left = dice.fraction()
  if ((left -= callShares.confirmed) < 0) return 'CONFIRMED'
  if ((left -= callShares.message) < 0) return 'LEFT MESSAGE'
  return (left -= callShares.cancel) < 0 ? 'CANCEL REQUESTED' : 'NO ANSWER'
}

/** Whoever cannot come says so now, and the appointment is cancelled within the hour. */
function call(day: Day, position: number): void {
  const { state, random, clock } = day
  if (statusOf(state.appointments, position) !== 'f') return
  const dice = diceOf(day, position)
  dice.fraction()
  const result = resultOf(dice)
  if (result === 'CONFIRMED') setDetails(state, position, { confirmation: confirmedId })
  const method = dice.pick(['PHONE', 'TEXT', 'TEXT', 'EMAIL'] as const)
  addReminderCall(state, { position, call: { method, result } }, staffStamp(day))
  if (result !== 'CANCEL REQUESTED') return
  schedule(day, clock.now() + random.between(5, 55) * minuteMs, () => {
    if (statusOf(state.appointments, position) === 'f') cancelRow(day, position)
  })
}
