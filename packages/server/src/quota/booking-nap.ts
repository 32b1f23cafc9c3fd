import type { Clock } from '../clock/clock.ts'
import { type Priority, priorities } from './priorities.ts'
import type { RestingPractices } from './resting-practices.ts'

/** For whom it is that booking rests, and whether only the limits of practices are waited for. */
export interface NapOf {
  readonly priority: Priority
  readonly isOfPractices: boolean
}

/** Booking rests no longer than this at a time: what is waited for may be nearer once a clock was set back. */
const NAP_MS_MAX = 2_000

/** The rest between two bookings, which ends at once for who need not wait for what it waits for. */
export class BookingNap {
  readonly #clock: Clock
  readonly #resting: RestingPractices
  #nap: (NapOf & { readonly wake: AbortController }) | undefined

  constructor(clock: Clock, resting: RestingPractices) {
    this.#clock = clock
    this.#resting = resting
  }

  /** Resolves after `ms`, earlier when woken, and after two seconds at the latest. */
  async take(ms: number, of: NapOf): Promise<void> {
    const wake = new AbortController()
    this.#nap = { ...of, wake }
    await this.#clock.sleep(Math.min(ms, NAP_MS_MAX), wake.signal).catch(() => undefined)
    this.#nap = undefined
  }

  wake(): void {
    this.#nap?.wake.abort()
  }

  /** Wakes it for somebody more urgent or, where practices are waited for, for one that need not rest. */
  wakeFor({ priority, practice }: { priority: Priority; practice: number | undefined }): void {
    if (!this.#nap) return
    const isUrgent = priorities.indexOf(priority) < priorities.indexOf(this.#nap.priority)
    const isOther = this.#nap.isOfPractices && practice !== undefined && !this.#resting.has(practice)
    if (isUrgent || isOther) this.wake()
  }
}
