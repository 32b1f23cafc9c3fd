import { setTimeout as sleep } from 'node:timers/promises'
import type { Simulator } from '@aegis/simulator'

/** A process was killed, paused or stopped at this virtual instant. */
export interface Outage {
  readonly what: string
  readonly at: number
}

export interface Silence {
  /** Real ms. */
  readonly ms: number
  /** What was not read, and after what. */
  readonly of: string
}

/**
 * The longest time from the death of a process to the next read of any feed that was live: what the others took to take over.
 * Consuming reads count, as the simulator's log of pages has them, also empty ones. A feed that only looks whether another reads
 * it is not live yet: its snapshot comes first, and takes what it takes.
 */
export function longestSilence(
  truth: Simulator['truth'],
  { outages, practices, speed }: { outages: readonly Outage[]; practices: readonly number[]; speed: number },
): Silence {
  const reads = drainsOf(truth, practices)
  let longest: Silence = { ms: 0, of: 'nothing' }
  for (const { what, at } of outages)
    for (const [feed, times] of reads) {
      const next = times.find((time) => time > at)
      const ms = times.some((time) => time <= at) && next !== undefined ? Math.round((next - at) / speed) : 0
      if (ms > longest.ms) longest = { ms, of: `${feed} after the ${what} at ${new Date(at).toISOString()}` }
    }
  return longest
}

/** Until so many feeds of a practice are live and read, for as long as `maxMs` (real ms); then throws. */
export async function untilRead(
  truth: Simulator['truth'],
  { practice, feeds, maxMs }: { practice: number; feeds: number; maxMs: number },
): Promise<void> {
  let read = 0
  for (const until = performance.now() + maxMs; performance.now() < until; await sleep(250)) {
    read = drainsOf(truth, [practice]).size
    if (read >= feeds) return
  }
  throw new Error(`only ${read} of ${feeds} feeds of practice ${practice} were read after ${maxMs} ms`)
}

/** When each feed was read so that it was marked as processed, in order. */
function drainsOf(truth: Simulator['truth'], practices: readonly number[]): Map<string, number[]> {
  const reads = new Map<string, number[]>()
  for (let since = 0, more = true; more; ) {
    const { pages, next } = truth.pages({ since, limit: 1_000 })
    for (const { feed, practice, at, mode } of pages) {
      if (mode !== 'consume' || !practices.includes(practice)) continue
      const key = `${practice} ${feed}`
      reads.set(key, [...(reads.get(key) ?? []), at])
    }
    more = pages.length > 0
    since = next
  }
  return reads
}
