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
 * The longest time from the death of a process to the next read of any feed that was being read before: what
 * the others took to take over. As the simulator's log of pages has it.
 */
export function longestSilence(
  truth: Simulator['truth'],
  { outages, practices, speed }: { outages: readonly Outage[]; practices: readonly number[]; speed: number },
): Silence {
  const reads = readsOf(truth, practices)
  let longest: Silence = { ms: 0, of: 'nothing' }
  for (const { what, at } of outages)
    for (const [feed, times] of reads) {
      const next = times.find((time) => time > at)
      const ms = times.some((time) => time <= at) && next !== undefined ? Math.round((next - at) / speed) : 0
      if (ms > longest.ms) longest = { ms, of: `${feed} after the ${what} at ${new Date(at).toISOString()}` }
    }
  return longest
}

/** When each feed was read, consuming or not, in order; empty answers count. */
function readsOf(truth: Simulator['truth'], practices: readonly number[]): Map<string, number[]> {
  const reads = new Map<string, number[]>()
  for (let since = 0, more = true; more; ) {
    const { requests, next } = truth.requests({ since, limit: 1_000 })
    for (const { route, practice, at } of requests) {
      if (practice === undefined || !practices.includes(practice) || !route.endsWith('/changed')) continue
      const key = `${practice} ${route}`
      reads.set(key, [...(reads.get(key) ?? []), at])
    }
    more = requests.length > 0
    since = next
  }
  return reads
}
