import type { Log } from '../log/log.ts'

/** What was started, to be stopped in reverse order. */
export class StopStack {
  readonly #stops: (() => void | Promise<void>)[] = []
  #stopping: Promise<void> | undefined

  /** Remembers how to stop what was just started. */
  push(stop: () => void | Promise<void>): void {
    this.#stops.push(stop)
    // What was still being started when everything was stopped is stopped as soon as it is there.
    if (this.#stopping) void this.#stopping.then(async () => stop()).catch(() => undefined)
  }

  /** Stops everything, last first. A part that fails to stop does not keep the others from it. May be called twice. */
  run(log?: Log): Promise<void> {
    this.#stopping ??= this.#run(log)
    return this.#stopping
  }

  async #run(log: Log | undefined): Promise<void> {
    for (const stop of this.#stops.toReversed()) {
      try {
        await stop()
      } catch (error) {
        log?.error('aegis.stop-failed', error)
      }
    }
  }
}
