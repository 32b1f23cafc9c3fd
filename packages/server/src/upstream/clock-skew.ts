import { ClockOffset } from '../clock/clock-offset.ts'

/** `Date` headers tell whole seconds, cut off. */
const DATE_RESOLUTION_MS = 1_000

/** A clock further off than this is not to be trusted with windows of seconds (decision on time and clocks). */
export const SKEW_ALARM_MS = 2_000

/** How far our clock is from athenahealth's, measured by the `Date` of its answers. Positive: ours is ahead. */
export class ClockSkew {
  readonly #offset = new ClockOffset()

  /** Takes an answer's `Date` header into account; one that is missing or unreadable says nothing. */
  observe(answer: { sentAt: number; receivedAt: number; date: string | null }): void {
    const remoteFrom = answer.date === null ? Number.NaN : Date.parse(answer.date)
    if (Number.isNaN(remoteFrom)) return
    const { sentAt, receivedAt } = answer
    this.#offset.observe({ sentAt, receivedAt, remoteFrom, remoteTo: remoteFrom + DATE_RESOLUTION_MS })
  }

  /** The most it can be either way, in ms; 0 before the first answer. */
  get atMostMs(): number {
    const { lowMs, highMs } = this.#offset.bounds ?? { lowMs: 0, highMs: 0 }
    return Math.max(Math.abs(lowMs), Math.abs(highMs))
  }

  /** The least it must be either way, in ms: what an alarm can be raised for. */
  get atLeastMs(): number {
    const { lowMs, highMs } = this.#offset.bounds ?? { lowMs: 0, highMs: 0 }
    return Math.max(0, lowMs, -highMs)
  }
}
