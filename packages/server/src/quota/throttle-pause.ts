import type { Clock } from '../clock/clock.ts'
import type { Log } from '../log/log.ts'
import { PAUSE_MS_MAX, PAUSE_MS_MIN, type Timetable } from './timetable.ts'

/**
 * The pause after athenahealth throttled a call: nobody calls for a while. Without the database only this process pauses,
 * and the others as soon as it can tell them.
 */
export class ThrottlePause {
  readonly #deps: { readonly clock: Clock; readonly log: Log }
  readonly #timetable: Pick<Timetable, 'pause'>
  /** By the steady clock. */
  #until = Number.NEGATIVE_INFINITY
  /** It could not be told to the others yet. */
  #isOwed = false

  constructor(deps: { readonly clock: Clock; readonly log: Log }, timetable: Pick<Timetable, 'pause'>) {
    this.#deps = deps
    this.#timetable = timetable
  }

  /** How long it still lasts; 0 when it is over. */
  get leftMs(): number {
    return Math.max(0, this.#until - this.#deps.clock.steady())
  }

  /** Begins, for everybody. `retryAfterMs`: what athenahealth said. */
  async begin(retryAfterMs: number | undefined): Promise<void> {
    const { clock, log } = this.#deps
    // No wait at all, or a date that has passed by our clock: the limit of a second says otherwise.
    const toldMs = retryAfterMs === undefined || retryAfterMs < PAUSE_MS_MIN ? undefined : retryAfterMs
    const hereMs = Math.min(toldMs ?? PAUSE_MS_MIN, PAUSE_MS_MAX)
    this.#until = Math.max(this.#until, clock.steady() + hereMs)
    this.#isOwed = true
    const pausedMs = await this.#timetable.pause(toldMs)
    this.#isOwed = false
    this.#until = clock.steady() + pausedMs
    log.warn('quota.throttled', { pausedMs: Math.round(pausedMs) })
  }

  /** Tells the others what could not be told when it began. */
  async tell(): Promise<void> {
    if (!this.#isOwed) return
    const { leftMs } = this
    if (leftMs > 0) await this.#timetable.pause(leftMs)
    this.#isOwed = false
  }
}
