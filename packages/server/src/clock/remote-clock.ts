import type { Clock } from './clock.ts'
import { ClockOffset, type OffsetSample } from './clock-offset.ts'

/** `Date` headers tell whole seconds, cut off. */
const DATE_RESOLUTION_MS = 1_000

/** A clock further off than this is not to be trusted with windows of seconds. */
export const SKEW_ALARM_MS = 2_000

/** An answer that may tell the time in its headers; when it was asked for and came is of the steady clock. */
export interface Told {
  readonly sentAt: number
  readonly receivedAt: number
  readonly headers: Headers
}

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
  #offset = new ClockOffset()
  /** What the newest answer told, while it contradicts what is known and nothing has confirmed it. */
  #doubted: ClockOffset | undefined
  #heard = false

  constructor(clock: Pick<Clock, 'now' | 'steady'>) {
    this.#clock = clock
  }

  /**
   * Takes an answer's `Date` into account. One that is missing says nothing, nor does that of an answer out of a store (`Age`
   * above 0). One that contradicts what is known is believed when the next one agrees with it: of several machines that answer, one may
   * be off, and what is charged to its day could be refused before any other is asked.
   */
  observe({ sentAt, receivedAt, headers }: Told): void {
    this.#heard = true
    // Some stores say of what they have just fetched that it is 0 seconds old.
    const isStored = Number.parseInt(headers.get('age') ?? '', 10) > 0
    const remoteFrom = Date.parse(headers.get('date') ?? '')
    if (isStored || Number.isNaN(remoteFrom)) return
    const sample = { sentAt, receivedAt, remoteFrom, remoteTo: remoteFrom + DATE_RESOLUTION_MS }
    if (!contradicts(this.#offset, sample)) this.#doubted = undefined
    else if (this.#doubted && !contradicts(this.#doubted, sample)) {
      this.#offset = this.#doubted
      this.#doubted = undefined
    } else {
      this.#doubted = new ClockOffset()
      this.#doubted.observe(sample)
      return
    }
    this.#offset.observe(sample)
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

function contradicts(known: ClockOffset, sample: OffsetSample): boolean {
  const { lowMs, highMs } = known.setAhead(sample)
  return lowMs > 0 || highMs < 0
}
