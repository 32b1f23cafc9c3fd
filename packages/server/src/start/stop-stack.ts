import { type Clock, systemClock } from '../clock/clock.ts'
import type { Log } from '../log/log.ts'

/** A service manager usually allows 30 s for everything: what is left then has to do without those who do not answer. */
const lastResortMs = 24_000

/** What was started, to be stopped in reverse order. */
export class StopStack {
  readonly #clock: Clock
  readonly #stops: (() => void | Promise<void>)[] = []
  readonly #lastResorts: (() => void)[] = []
  #stopping: Promise<void> | undefined
  readonly #late = new Set<Promise<void>>()

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  /** Remembers how to stop what was just started. */
  push(stop: () => void | Promise<void>): void {
    this.#stops.push(stop)
    // What was still being started when everything was stopped is stopped as soon as it is there.
    if (this.#stopping) this.#late.add(this.#stopping.then(async () => stop()).catch(() => undefined))
  }

  /** Remembers what ends all waiting for something outside: done when stopping takes too long, because nobody answers. */
  pushLastResort(giveUp: () => void): void {
    this.#lastResorts.push(giveUp)
  }

  /** Stops everything, last first. A part that fails to stop does not keep the others from it. May be called twice. */
  async run(log?: Log): Promise<void> {
    this.#stopping ??= this.#run(log)
    await this.#stopping
    await Promise.all(this.#late)
  }

  async #run(log: Log | undefined): Promise<void> {
    const late = this.#clock.timer(lastResortMs, () => {
      log?.warn('aegis.stop-late')
      for (const giveUp of this.#lastResorts) giveUp()
    })
    for (const stop of this.#stops.toReversed()) {
      try {
        await stop()
      } catch (error) {
        log?.error('aegis.stop-failed', error)
      }
    }
    late.cancel()
  }
}
