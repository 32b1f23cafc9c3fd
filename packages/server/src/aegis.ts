/** What a started Aegis offers to the CLI, the terminal view and tests. Built by `startAegis` in main.ts. */
import type { Clock } from './clock/clock.ts'
import type { Random } from './clock/random.ts'
import type { Log } from './log/log.ts'
import type { Operations } from './ops/operations.ts'

/** What the outside may replace: tests, the demo and the rig hand these in; production uses the defaults. */
export interface Seams {
  /** The way to athenahealth. Default: undici with the timeouts and rules of upstream/. */
  readonly fetch?: typeof globalThis.fetch
  readonly clock?: Clock
  readonly random?: Random
  readonly log?: Log
  /** Base URL of a simulator started by the caller, shown in status; also where a slaved clock looks. */
  readonly simulatorUrl?: string
}

export interface RunningAegis extends Operations {
  /** Base URL of this instance's own API (loopback). */
  readonly url: string
  /** Resolves when something ended the run by itself (a second deployment found, the database gone); with the error. */
  readonly ended: Promise<Error | undefined>
  /** Stops everything in reverse order of starting; nothing is lost that was stored. */
  stop(): Promise<void>
}
