/** A practice works through its days: bookings, cancellations, visits, edits, new patients, merges, new slots. */
import { stateOf } from '../practice/create-practice.ts'
import type { Practice } from '../practice/practice.ts'
import type { Department } from '../practice/department.ts'
import { mixSeed, SeededRandom } from '../practice/seeded-random.ts'
import {
  adjustSlots,
  bookOrCancel,
  changeProvider,
  freezeOrThaw,
  reschedule,
  writeNote,
  type Action,
} from './calendar-actions.ts'
import { attempt, schedule, type Day, type DayClock } from './day.ts'
import { busyness } from './office-hours.ts'
import { openDays } from './open-days.ts'
import {
  editPatient,
  mergeDuplicate,
  register,
  retirePatient,
  setCustomField,
  toggleNewPatients,
} from './patient-actions.ts'
import { planVisits } from './visits.ts'

export interface DayOptions {
  readonly clock: DayClock
  /** The same practice, seed and start make the same days, as long as nobody else changes the practice. */
  readonly seed: number
  /**
   * Changes an hour of all departments together at their busiest, visits not counted. By default 1,200, one every three
   * seconds for those who watch, and 20 for every thousand patients beyond 60,000.
   */
  readonly ratePerHour?: number
  /** Share of that rate at night and on Sundays; 0.15 by default, three changes a minute. */
  readonly nightShare?: number
}

const ratePerHourMin = 1200
const ratePerPatientHour = 0.02
const nightShareDefault = 0.15
const hourMs = 3_600_000

/** Starts the practice's days and goes on until stopped. Throws RangeError for a rate or share that makes no sense. */
export function startDay(practice: Practice, options: DayOptions): { stop(): void } {
  const state = stateOf(practice)
  const { clock, seed } = options
  const rate = options.ratePerHour ?? Math.max(ratePerHourMin, state.patients.seeded * ratePerPatientHour)
  const night = options.nightShare ?? nightShareDefault
  if (!Number.isFinite(rate) || rate < 0) throw new RangeError('ratePerHour: give 0 or a positive number')
  if (!(night >= 0 && night <= 1)) throw new RangeError('nightShare: give a share from 0 to 1')
  const random = new SeededRandom(mixSeed(seed, state.id), Math.floor(clock.now() / 1000))
  const day: Day = { state, clock, random, duplicates: [], frozen: [], pending: new Set() }
  const listener = planVisits(day)
  state.listeners.push(listener)
  openDays(day)
  if (rate > 0) act(day, { rate, night })
  return {
    stop() {
      for (const pending of day.pending) pending.cancel()
      day.pending.clear()
      const position = state.listeners.indexOf(listener)
      if (position >= 0) state.listeners.splice(position, 1)
    },
  }
}

interface Pace {
  readonly rate: number
  readonly night: number
}

/** Waits for the next moment of a Poisson process at the peak rate, acts there if that hour is busy enough, goes on. */
function act(day: Day, pace: Pace): void {
  const waitMs = -Math.log(1 - day.random.fraction()) * (hourMs / pace.rate)
  schedule(day, day.clock.now() + Math.max(1, waitMs), () => {
    const department = pickDepartment(day)
    if (day.random.chance(busyness(department.zone, day.clock.now(), pace.night))) actOnce(day, department.index)
    act(day, pace)
  })
}

function pickDepartment({ state, random }: Day): Department {
  let left = random.fraction()
  for (const department of state.departments) {
    left -= department.share
    if (left < 0) return department
  }
  return random.pick(state.departments)
}

/** Kinds of changes with their weights; where one is not possible at the moment a patient is edited. */
const actions: readonly (readonly [weight: number, action: Action])[] = [
  [50, bookOrCancel],
  [9, reschedule],
  [17, editPatient],
  [1.5, register],
  [1, mergeDuplicate],
  [4, freezeOrThaw],
  [5, writeNote],
  [3, changeProvider],
  [5, adjustSlots],
  [2, setCustomField],
  [0.4, retirePatient],
  [0.4, toggleNewPatients],
]
const totalWeight = actions.reduce((sum, [weight]) => sum + weight, 0)

function actOnce(day: Day, department: number): void {
  let left = day.random.fraction() * totalWeight
  const [, chosen = bookOrCancel] = actions.find(([weight]) => (left -= weight) < 0) ?? []
  let made = false
  attempt(() => {
    made = chosen(day, department)
  })
  if (!made && chosen !== editPatient) attempt(() => void editPatient(day, department))
}
