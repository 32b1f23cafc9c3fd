import type { Clock } from '../clock/clock.ts'
import type { Log } from '../log/log.ts'
import { PAUSE_MS_MAX, PAUSE_MS_MIN, type Timetable } from './timetable.ts'

/** What is known of an answer that throttled. */
export interface Throttling {
  /** What athenahealth said how long to wait. */
  readonly retryAfterMs?: number | undefined
  /** How long ago the call was sent. Default 0: just now. */
  readonly sentMsAgo?: number
}

/**
 * The pause after athenahealth throttled a call: nobody calls for a while. Without the database only this process pauses,
 * and the others as soon as it can tell them.
 */
export class ThrottlePause {
  readonly #deps: { readonly clock: Clock; readonly log: Log }
  readonly #timetable: Pick<Timetable, 'pause' | 'databaseNow'>
  /** By the steady clock. */
  #until = Number.NEGATIVE_INFINITY
  /** It could not be told to the others yet: when its call was sent, in the database's time. Of each failure one of its own. */
  #owed: { readonly sentAt: number } | undefined

  constructor(deps: { readonly clock: Clock; readonly log: Log }, timetable: Pick<Timetable, 'pause' | 'databaseNow'>) {
    this.#deps = deps
    this.#timetable = timetable
  }

  /** How long it still lasts; 0 when it is over. */
  get leftMs(): number {
    return Math.max(0, this.#until - this.#deps.clock.steady())
  }

  /** Begins, for everybody. See `pauseRow` for what of it is new. */
  async begin({ retryAfterMs, sentMsAgo = 0 }: Throttling): Promise<void> {
    const { clock, log } = this.#deps
    // No wait at all, or a date that has passed by our clock: the limit of a second says otherwise.
    const toldMs = retryAfterMs === undefined || retryAfterMs < PAUSE_MS_MIN ? undefined : retryAfterMs
    const hereMs = Math.min(toldMs ?? PAUSE_MS_MIN, PAUSE_MS_MAX)
    this.#until = Math.max(this.#until, clock.steady() + hereMs)
    const sentAt = this.#timetable.databaseNow() - sentMsAgo
    const pausedMs = await this.#timetable.pause({ pauseMs: toldMs, sentAt }).catch((error: unknown) => {
      this.#owed = { sentAt: Math.max(this.#owed?.sentAt ?? sentAt, sentAt) }
      throw error
    })
    // What is owed of another may be longer.
    this.#until = Math.max(this.#until, clock.steady() + pausedMs)
    log.warn('quota.throttled', { pausedMs: Math.round(pausedMs) })
  }

  /** Tells the others what could not be told when it began. */
  async tell(): Promise<void> {
    const owed = this.#owed
    if (owed === undefined) return
    const { leftMs } = this
    if (leftMs > 0) await this.#timetable.pause({ pauseMs: leftMs, sentAt: owed.sentAt })
    // Meanwhile another may have come to be owed.
    if (this.#owed === owed) this.#owed = undefined
  }
}
