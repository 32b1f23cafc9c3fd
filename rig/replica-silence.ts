import type { Simulator } from '@aegis/simulator'

/** A process was killed or paused at this virtual instant. */
export interface Outage {
  readonly at: number
}

/**
 * The longest time, real ms, from the death of a process to the next read of any feed that was being read before: what
 * the others took to take over. As the simulator's log of pages has it.
 */
export function longestSilenceMs(
  truth: Simulator['truth'],
  { outages, practices, speed }: { outages: readonly Outage[]; practices: readonly number[]; speed: number },
): number {
  const reads = readsOf(truth, practices)
  const silences = outages.flatMap(({ at }) =>
    [...reads.values()].map((times) => {
      const next = times.find((time) => time > at)
      const wasRead = times.some((time) => time <= at)
      return wasRead && next !== undefined ? (next - at) / speed : 0
    }),
  )
  return Math.max(0, ...silences)
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
