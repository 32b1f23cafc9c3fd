/** What the parts of a simulated day share: the practice, its clock, its dice, and what is still to happen. */
import { staffUsers } from '../practice/populate-schedule.ts'
import type { PracticeState, Stamp } from '../practice/practice-state.ts'
import { Refusal } from '../practice/refusal.ts'
import type { SeededRandom } from '../practice/seeded-random.ts'

/** Virtual time; a timer's `fire` runs when it is due, and `now` is then the time it was due at. */
export interface DayClock {
  /** Epoch ms. */
  now(): number
  timer(ms: number, fire: () => void): { cancel(): void }
}

export interface Day {
  readonly state: PracticeState
  readonly clock: DayClock
  readonly random: SeededRandom
  /** Pairs of a duplicate registration and the patient it duplicates, waiting to be merged. */
  readonly duplicates: { readonly from: number; readonly into: number }[]
  /** Positions of slots frozen in the course of the day. */
  readonly frozen: number[]
  readonly pending: Set<{ cancel(): void }>
  /** Until when (epoch ms) each provider, by index, is busy with patients who came before. */
  readonly busyUntil: Map<number, number>
}

/** Who books for patients when nobody is at work: they do it themselves, through the practice's website. */
const portalUser = 'PORTAL'

/** Lets something happen at a time (epoch ms), at once if it has passed. What the practice refuses simply does not happen. */
export function schedule(day: Day, at: number, happen: () => void): void {
  const handle = day.clock.timer(Math.max(0, at - day.clock.now()), () => {
    day.pending.delete(handle)
    attempt(happen)
  })
  day.pending.add(handle)
}

/** Runs a change; false when the practice refuses it, because something else was quicker. */
export function attempt(change: () => void): boolean {
  try {
    change()
    return true
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}

/** Now, by one of the practice's staff. */
export function staffStamp(day: Day): Stamp {
  return { at: day.clock.now(), by: day.random.pick(staffUsers) }
}

/** Now, by a patient on the practice's website. */
export function portalStamp(day: Day): Stamp {
  return { at: day.clock.now(), by: portalUser }
}
