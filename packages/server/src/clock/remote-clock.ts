import type { Clock } from './clock.ts'
import { ClockOffset } from './clock-offset.ts'

/** `Date` headers tell whole seconds, cut off. */
const DATE_RESOLUTION_MS = 1_000

/** A clock further off than this is not to be trusted with windows of seconds. */
export const SKEW_ALARM_MS = 2_000

/** What a clock shows at the earliest and at the latest, epoch ms. */
export interface Reading {
  readonly earliest: number
  readonly latest: number
}

/**
 * What the clock of another machine shows, known by the `Date` of its answers. It is counted on by the steady clock, which
 * nobody sets: whatever is done to the clock of this machine, or to the database's, is seen and changes nothing here.
 */
export class RemoteClock {
  readonly #clock: Pick<Clock, 'now' | 'steady'>
  readonly #offset = new ClockOffset()
  #heard = false

  constructor(clock: Pick<Clock, 'now' | 'steady'>) {
    this.#clock = clock
  }

  /** Takes an answer's `Date` header into account; instants are of the steady clock. One that is missing says nothing. */
  observe(answer: { sentAt: number; receivedAt: number; date: string | null }): void {
    this.#heard = true
    const remoteFrom = answer.date === null ? Number.NaN : Date.parse(answer.date)
    if (Number.isNaN(remoteFrom)) return
    const { sentAt, receivedAt } = answer
    this.#offset.observe({ sentAt, receivedAt, remoteFrom, remoteTo: remoteFrom + DATE_RESOLUTION_MS })
  }

  /** Whether there was any answer, also one that says nothing of the time. */
  get isHeard(): boolean {
    return this.#heard
  }

  /** What it shows now; undefined before an answer told. */
  get reading(): Reading | undefined {
    const { bounds } = this.#offset
    const steady = this.#clock.steady()
    return bounds && { earliest: steady - bounds.highMs, latest: steady - bounds.lowMs }
  }

  /** The least that our clock must be off, either way, in ms: what an alarm can be raised for. 0 before an answer told. */
  get skewAtLeastMs(): number {
    const now = this.#clock.now()
    const { earliest, latest } = this.reading ?? { earliest: now, latest: now }
    return Math.max(0, now - latest, earliest - now)
  }
}
