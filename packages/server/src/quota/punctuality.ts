import type { RatePlan } from './rate-plan.ts'

/** A tolerance past this would stop the app for longer than a caller waits. */
export const TOLERANCE_MS_MAX = 15_000

/** Bookings missed one after another before it is taken for how things are, and not for a stall that has passed. */
const MISSED_MAX = 3

/**
 * How late this process has to be allowed to be. As planned, as long as it keeps to it: instants that a stall lets pass
 * are lost, which costs less than slowing down for them. A process that misses booking after booking (a clock run at
 * high speed, a machine with far too much to do) asks for twice what it missed by, and gives it back bit by bit.
 */
export class Punctuality {
  readonly #timetable: { readonly plan: RatePlan }
  #toleranceMs: number
  #missed = 0
  #lastMissed = -1

  constructor(timetable: { readonly plan: RatePlan }) {
    this.#timetable = timetable
    this.#toleranceMs = timetable.plan.toleranceMs
  }

  /** The tolerance to book with. */
  get toleranceMs(): number {
    return Math.max(this.#timetable.plan.toleranceMs, this.#toleranceMs)
  }

  kept(): void {
    this.#missed = 0
    this.#toleranceMs = Math.max(this.#timetable.plan.toleranceMs, this.#toleranceMs * 0.95)
  }

  /** An instant was missed by `lateMs`; several of one booking count once. */
  missed(booking: number, lateMs: number): void {
    if (booking === this.#lastMissed) return
    this.#lastMissed = booking
    this.#missed++
    if (this.#missed < MISSED_MAX) return
    this.#missed = 0
    this.#toleranceMs = Math.min(2 * lateMs, TOLERANCE_MS_MAX)
  }
}
