import type { PracticeVerdict } from './judge-practice.ts'
import type { Mirrored } from './one-practice.ts'

/** What can be done to a running Aegis from outside, beside killing it: `graceful` is a stop that it is asked for. */
export type Fault = 'postgres' | 'disk' | 'clock' | 'partition' | 'graceful' | 'crash-loop'

export interface FaultRunOptions {
  readonly seed: number
  /** How many faults are made, one after the other. */
  readonly count: number
  readonly patients: number
  readonly mirrored: Mirrored
}

export interface FaultRunResult extends PracticeVerdict {
  /** How often each kind of fault was made. */
  readonly faults: Readonly<Record<string, number>>
  /** What else was counted, for the totals. */
  readonly counted: Readonly<Record<string, number>>
  /** What Aegis ought to have said or done and did not; empty when all was as promised. */
  readonly missed: readonly string[]
}

/** The fault is not to be had on this machine; the message says why and what to run. */
export class FaultUnavailable extends Error {}

/** Each kind of fault in turn, and another one first for the next seed. */
export function inTurn<T extends string>(
  kinds: readonly [T, ...T[]],
  { seed, done }: { seed: number; done: number },
): T {
  return kinds[(seed + done) % kinds.length] ?? kinds[0]
}
