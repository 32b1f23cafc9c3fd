/** How far local time is ahead of a remote clock: local − remote lies between `lowMs` and `highMs`. */
export interface OffsetBounds {
  readonly lowMs: number
  readonly highMs: number
}

/** One exchange with the remote: somewhere between sending and receiving its clock read between `from` and `to`. */
export interface OffsetSample {
  /** Local epoch ms before the question left. */
  readonly sentAt: number
  /** Local epoch ms when the answer was there. */
  readonly receivedAt: number
  /** The remote's reading, epoch ms; `remoteTo` is later where the remote tells only whole seconds. */
  readonly remoteFrom: number
  readonly remoteTo?: number
}

/** Two machines' crystals part by at most this much of the time passed (a bad one is off by 100 ppm). */
const DRIFT_SHARE = 200e-6

/** `Clock.now()` cuts to whole milliseconds, so the true time of receiving is up to this much later. */
const LOCAL_RESOLUTION_MS = 1

/**
 * Bounds the difference between the local clock and a remote one, without ever guessing: each exchange leaves the
 * difference somewhere in an interval, and every interval must hold the truth, so it lies where all of them overlap.
 * The fastest exchanges narrow it to about their round trip; a slow one does no harm. When an interval does not
 * overlap with what was known, one of the clocks was set: all but the newest is forgotten.
 */
export class ClockOffset {
  #bounds: OffsetBounds | undefined
  #asOf = 0

  /** Undefined before the first sample. */
  get bounds(): OffsetBounds | undefined {
    return this.#bounds
  }

  /** By how much the remote may have been set ahead since it was last observed; back where negative. */
  setAhead(sample: OffsetSample): OffsetBounds {
    const { lowMs, highMs } = boundsOf(sample)
    const known = this.#widened(sample.receivedAt) ?? { lowMs, highMs }
    return { lowMs: known.lowMs - highMs, highMs: known.highMs - lowMs }
  }

  /** Takes an exchange into account and returns the bounds after it. */
  observe(sample: OffsetSample): OffsetBounds {
    const { lowMs, highMs } = boundsOf(sample)
    const known = this.#widened(sample.receivedAt)
    const narrowed = known && { lowMs: Math.max(lowMs, known.lowMs), highMs: Math.min(highMs, known.highMs) }
    this.#bounds = narrowed && narrowed.lowMs <= narrowed.highMs ? narrowed : { lowMs, highMs }
    this.#asOf = sample.receivedAt
    return this.#bounds
  }

  #widened(now: number): OffsetBounds | undefined {
    if (!this.#bounds) return undefined
    const driftMs = Math.max(0, now - this.#asOf) * DRIFT_SHARE
    return { lowMs: this.#bounds.lowMs - driftMs, highMs: this.#bounds.highMs + driftMs }
  }
}

function boundsOf({ sentAt, receivedAt, remoteFrom, remoteTo = remoteFrom }: OffsetSample): OffsetBounds {
  return { lowMs: sentAt - remoteTo, highMs: receivedAt + LOCAL_RESOLUTION_MS - remoteFrom }
}
