/** A practice works through its days: bookings, cancellations, visits, edits, new patients, merges, new slots. */
import { stateOf } from '../practice/create-practice.ts'
import type { Practice } from '../practice/practice.ts'
import type { Department } from '../practice/department.ts'
import { mixSeed, SeededRandom } from '../practice/seeded-random.ts'
import { planAftercare } from './aftercare.ts'
import {
  bookOrCancel,
  cancelLate,
  changeProvider,
  refill,
  reschedule,
  writeNote,
  type Action,
} from './calendar-actions.ts'
import { writeChart } from './chart-actions.ts'
import { planClaimRuns } from './claim-run.ts'
import { attempt, schedule, type Day, type DayClock } from './day.ts'
import { marry, moveHouse, registerNewborn, restrictChart } from './family-actions.ts'
import { busyness, isOpen } from './office-hours.ts'
import { openDays } from './open-days.ts'
import { planPaperwork, requestRenewal, takeCall, writeToOffice } from './paperwork.ts'
import {
  editPatient,
  mergeDuplicate,
  register,
  retirePatient,
  setCustomField,
  toggleNewPatients,
} from './patient-actions.ts'
import { changeReferral } from './referral-actions.ts'
import { adjustSlots, changeSession, freezeOrThaw } from './template-actions.ts'
import { planVisits } from './visits.ts'
import { bookFamily, joinWaitlist, overbook, walkIn } from './waiting-actions.ts'

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
  const day: Day = { state, clock, random, duplicates: [], frozen: [], pending: new Set(), busyUntil: new Map() }
  // Without changes of their own accord, visits are all that happens.
  const listeners = rate > 0 ? [planVisits(day), planAftercare(day), planPaperwork(day)] : [planVisits(day)]
  state.listeners.push(...listeners)
  openDays(day)
  if (rate > 0) {
    planClaimRuns(day)
    act(day, { rate, night })
  }
  return {
    stop() {
      for (const pending of day.pending) pending.cancel()
      day.pending.clear()
      for (const listener of listeners) {
        const position = state.listeners.indexOf(listener)
        if (position >= 0) state.listeners.splice(position, 1)
      }
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
    const { zone, index } = department
    if (day.random.chance(busyness(zone, day.clock.now(), pace.night))) {
      actOnce(day, index, isOpen(zone, day.clock.now()) ? deskActions : websiteActions)
    }
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

type Actions = readonly (readonly [weight: number, action: Action])[]

/** Kinds of changes with their weights; where one is not possible at the moment a patient is edited. */
const deskActions: Actions = [
  [46, bookOrCancel],
  [2.5, cancelLate],
  [3, refill],
  [2, bookFamily],
  [1, walkIn],
  [0.4, overbook],
  [1.5, joinWaitlist],
  [0.15, changeSession],
  [9, reschedule],
  [15, editPatient],
  [1.2, moveHouse],
  [0.3, marry],
  [0.3, registerNewborn],
  [0.02, restrictChart],
  [1.5, register],
  [1, mergeDuplicate],
  [4, freezeOrThaw],
  [5, writeNote],
  [3, changeProvider],
  [5, adjustSlots],
  [2, setCustomField],
  [0.4, retirePatient],
  [0.4, toggleNewPatients],
  [0.4, changeReferral],
  [2.5, takeCall],
  [1, requestRenewal],
  [1.5, writeChart],
]
/** What patients do themselves while nobody is at work. */
const websiteActions: Actions = [
  [60, bookOrCancel],
  [12, reschedule],
  [28, editPatient],
  [5, writeToOffice],
]

function actOnce(day: Day, department: number, actions: Actions): void {
  const chosen = day.random.pickWeighted(actions)
  let made = false
  attempt(() => {
    made = chosen(day, department)
  })
  if (!made && chosen !== editPatient) attempt(() => void editPatient(day, department))
}
