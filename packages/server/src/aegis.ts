/** What a started Aegis offers to the CLI, the terminal view and tests. Built by `startAegis` in main.ts. */
import type { Clock } from './clock/clock.ts'
import type { Random } from './clock/random.ts'
import type { Log } from './log/log.ts'
import type { StatusReport } from './ops/status-report.ts'

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

export interface SqlQuery {
  readonly practice: number
  readonly text: string
  /** Opens sealed values in the result; needs a reason, which is audited with the query's practice. */
  readonly unseal?: { readonly reason: string; readonly actor: string }
}

export interface SqlResult {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  readonly truncated: boolean
}

export interface RunningAegis {
  /** Base URL of this instance's own API (loopback). */
  readonly url: string
  /** Resolves when something ended the run by itself (a second deployment found, the database gone); with the error. */
  readonly ended: Promise<Error | undefined>
  status(): Promise<StatusReport>
  /** Makes a practice's feeds (or one) due at once. */
  syncNow(practice: number, feed?: string): Promise<void>
  /** Asks for a new authoritative snapshot of a practice's feeds (or one). */
  resnapshot(practice: number, feed?: string): Promise<void>
  /** Runs one read-only statement through the mirror's views. */
  sql(query: SqlQuery): Promise<SqlResult>
  /** Stops everything in reverse order of starting; nothing is lost that was stored. */
  stop(): Promise<void>
}
