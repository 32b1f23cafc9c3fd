import type { Clock } from '../clock/clock.ts'

/** After so long it is asked again how long a practice rests: once a clock was set back, that may be less. */
const REST_MS_MAX = 2_000

/**
 * With a limit per practice: those that have no call left just now, and for how long. By the steady clock, so that none
 * rests for longer when a clock is set back.
 */
export class RestingPractices {
  readonly #clock: Clock
  readonly #until = new Map<number, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Notes for how long from now, in ms, each of these practices rests. */
  note(restsMs: ReadonlyMap<number, number>): void {
    const now = this.#clock.steady()
    for (const [practice, ms] of restsMs) this.#until.set(practice, now + Math.min(ms, REST_MS_MAX))
  }

  has(practice: number): boolean {
    return (this.#until.get(practice) ?? Number.NEGATIVE_INFINITY) > this.#clock.steady()
  }

  /** How long until one of them rests no more, ms; `mostMs` at most. */
  waitMs(mostMs: number): number {
    const now = this.#clock.steady()
    for (const [practice, until] of this.#until) if (until <= now) this.#until.delete(practice)
    return Math.max(1, Math.min(mostMs, ...[...this.#until.values()].map((until) => until - now)))
  }
}
