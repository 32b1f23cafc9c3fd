import type { Clock } from './clock.ts'
import { ClockOffset } from './clock-offset.ts'

export interface FollowOptions {
  /** Time and timers of this machine. */
  readonly machine: Clock
  /** Reads the clock to follow, epoch ms. */
  readonly read: () => Promise<number>
  /** Between two readings, in ms. Default 5,000. */
  readonly everyMs?: number
}

/** A clock that tells another one's time. */
export interface FollowedClock extends Clock {
  /** How far the machine's own clock is from the followed one at least, in ms. */
  readonly machineOffMs: number
  stop(): void
}

const EVERY_MS = 5_000

/**
 * Tells the time of the clock that `read` reads. Between two readings it counts on by the machine's steady clock, so what
 * the machine's own clock shows, or is set to, has no part in it. Resolves after the first reading; rejects with its error.
 * Where a later reading fails, it counts on.
 */
export async function followClock(options: FollowOptions): Promise<FollowedClock> {
  const clock = new Following(options)
  await clock.look()
  clock.lookAgain()
  return clock
}

class Following implements FollowedClock {
  readonly #options: FollowOptions
  readonly #offset = new ClockOffset()
  #timer: { cancel(): void } | undefined
  #stopped = false

  constructor(options: FollowOptions) {
    this.#options = options
  }

  now(): number {
    const { lowMs, highMs } = this.#offset.bounds ?? { lowMs: 0, highMs: 0 }
    return Math.floor(this.steady() - (lowMs + highMs) / 2)
  }

  steady(): number {
    return this.#options.machine.steady()
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#options.machine.sleep(ms, signal)
  }

  timer(ms: number, fire: () => void): { cancel(): void } {
    return this.#options.machine.timer(ms, fire)
  }

  get machineOffMs(): number {
    const { lowMs, highMs } = this.#offset.bounds ?? { lowMs: 0, highMs: 0 }
    const machine = this.#options.machine.now()
    return Math.max(0, machine - (this.steady() - lowMs), this.steady() - highMs - machine)
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  lookAgain(): void {
    this.#timer = this.#options.machine.timer(this.#options.everyMs ?? EVERY_MS, () => {
      void this.look()
        .catch(() => undefined)
        .finally(() => {
          if (!this.#stopped) this.lookAgain()
        })
    })
  }

  async look(): Promise<void> {
    const sentAt = this.steady()
    const remoteFrom = await this.#options.read()
    this.#offset.observe({ sentAt, receivedAt: this.steady(), remoteFrom })
  }
}
