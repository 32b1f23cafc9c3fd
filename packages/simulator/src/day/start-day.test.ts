import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monday } from '../../testing/practice-api.ts'
import {
  assertCalendarIsSound,
  assertFeedsKnowAll,
  assertListsAreSound,
  followFeeds,
} from '../../testing/sound-practice.ts'
import { VirtualClock } from '../clock/virtual-clock.ts'
import { statusOf } from '../practice/appointment-table.ts'
import { dayMs } from '../practice/calendar-date.ts'
import { createPractice, stateOf } from '../practice/create-practice.ts'
import type { PracticeEvent } from '../practice/practice.ts'
import { startDay } from './start-day.ts'

const hourMs = 3_600_000
/** Monday 23 November 2026, midnight in New York. */
const midnight = monday - 10 * hourMs

interface Lived {
  readonly practice: ReturnType<typeof createPractice>
  readonly clock: VirtualClock
  readonly events: PracticeEvent[]
  readonly day: { stop(): void }
}

function begin(options: { seed?: number; patients?: number; ratePerHour?: number; startAt?: number } = {}): Lived {
  const { seed = 7, patients = 300, ratePerHour, startAt = midnight } = options
  const clock = new VirtualClock({ startAt, speed: 0 })
  const practice = createPractice({ id: 195900, seed: 7, patients, now: () => clock.now() })
  const events: PracticeEvent[] = []
  practice.onEvent((event) => events.push(event))
  const day = startDay(practice, { clock, seed, ...(ratePerHour !== undefined && { ratePerHour }) })
  return { practice, clock, events, day }
}

test('the same seed and start make the same day, however time is cut into steps', () => {
  const one = begin()
  const other = begin()
  one.clock.advance(6 * hourMs)
  for (let step = 0; step < 600; step += 1) other.clock.advance(36_000)
  assert.ok(one.events.length > 300)
  assert.deepEqual(one.events, other.events)
  assert.deepEqual(
    [...one.practice.ids('appointments')].map((id) => one.practice.wireRecord('appointments', id)),
    [...other.practice.ids('appointments')].map((id) => other.practice.wireRecord('appointments', id)),
  )
})

test('another seed makes another day of the same practice', () => {
  const [one, other] = [begin({ seed: 1 }), begin({ seed: 2 })]
  one.clock.advance(hourMs)
  other.clock.advance(hourMs)
  assert.notDeepEqual(one.events, other.events)
})

test('two days leave the practice sound and every change announced', () => {
  const { practice, clock, events } = begin({ ratePerHour: 400, patients: 120 })
  const known = followFeeds(practice)
  clock.advance(2 * dayMs)
  assertFeedsKnowAll(practice, known)
  assertCalendarIsSound(stateOf(practice))
  assertListsAreSound(stateOf(practice))
  for (const [index, event] of events.entries()) {
    assert.ok(event.at >= (events[index - 1]?.at ?? 0), 'events come in order of time')
    assert.ok(event.at <= clock.now())
  }
})

test('a day has everything a practice does', () => {
  const { clock, events } = begin()
  clock.advance(dayMs)
  const names = new Set(events.map((event) => event.name))
  for (const name of `ScheduleAppointment CancelAppointment UpdateAppointment CheckIn CheckOut FreezeAppointment
    UnfreezeAppointment AddAppointmentSlot DeleteAppointment AddPatient UpdatePatient MergePatient
    UpdatePatientCustomField DeletePatient ProviderUpdate`.split(/\s+/)) {
    assert.ok(names.has(name), `no ${name}`)
  }
})

test('changes come every few seconds in office hours and a few a minute at night', () => {
  const { clock, events } = begin()
  clock.advance(12 * hourMs)
  const perHour = (hour: number) => events.filter(({ at }) => Math.floor((at - midnight) / hourMs) === hour).length
  // 02:00 and 11:00 in New York.
  assert.ok(perHour(2) >= 120 && perHour(2) < 400, `${perHour(2)} at night`)
  assert.ok(perHour(11) >= 900, `${perHour(11)} in office hours`)
})

test('patients are checked in around the start of their appointment and checked out after it', () => {
  const { practice, clock, events } = begin({ ratePerHour: 0 })
  const { appointments: table, departments } = stateOf(practice)
  clock.advance(dayMs)
  assert.equal(departments.length, 7)
  const checkedIn = events.filter(({ name }) => name === 'CheckIn')
  assert.ok(checkedIn.length > 10, `${checkedIn.length} visits`)
  for (const { id, at } of checkedIn) {
    const position = [...practice.ids('appointments')].indexOf(id)
    assert.equal(at - (at % 1000), table.checkedInAt.get(position) * 1000)
    const late = table.checkedOutAt.get(position) - table.checkedInAt.get(position)
    assert.ok(late > 0 && late < 4 * 3600, 'a visit ends within hours')
    assert.ok(['3', '4'].includes(statusOf(table, position)))
  }
})

test('every night slots of one more day are opened', () => {
  const { practice, clock, events } = begin({ ratePerHour: 0 })
  const state = stateOf(practice)
  const [horizon, count] = [state.openedUntil, state.appointments.count]
  clock.advance(3 * dayMs)
  // The first of the three nights is that of the day the calendar was made, which is opened already.
  assert.equal(state.openedUntil, horizon + 2)
  const added = events.filter(({ name }) => name === 'AddAppointmentSlot')
  assert.ok(added.length > 0)
  assert.equal(state.appointments.count, count + added.length)
})

test('a stopped day makes no more changes, and a later one goes on from there', () => {
  const { practice, clock, events, day } = begin()
  clock.advance(hourMs)
  day.stop()
  const [before, listeners] = [events.length, stateOf(practice).listeners.length]
  clock.advance(dayMs)
  assert.equal(events.length, before)
  const next = startDay(practice, { clock, seed: 7 })
  clock.advance(hourMs)
  assert.ok(events.length > before)
  next.stop()
  assert.equal(stateOf(practice).listeners.length, listeners)
})

test('a rate or share that makes no sense is refused', () => {
  const { practice, clock } = begin()
  for (const wrong of [{ ratePerHour: -1 }, { ratePerHour: Number.NaN }, { nightShare: 2 }]) {
    assert.throws(() => startDay(practice, { clock, seed: 1, ...wrong }), RangeError)
  }
})
