/** What the simulator's log of requests says of the calls of a drill. */
import type { RequestEntry, Simulator } from '@aegis/simulator'
import { allRequests } from '../judge-limits.ts'

/** Everything but token requests, in the order in which it arrived. */
export function apiCalls(simulator: Simulator): RequestEntry[] {
  return allRequests(simulator).filter(({ route }) => !route.endsWith('/token'))
}

export function tokenRequests(simulator: Simulator): RequestEntry[] {
  return allRequests(simulator).filter(({ route }) => route.endsWith('/token'))
}

/** The requests of one call. */
export function attemptsOf(calls: readonly RequestEntry[], id: string): RequestEntry[] {
  return calls.filter(({ intent }) => intent === id)
}

/** Requests that are not the first of their call. */
export function repeats(calls: readonly RequestEntry[]): RequestEntry[] {
  const seen = new Set<string | undefined>()
  return calls.filter(({ intent }) => {
    const isRepeat = seen.has(intent)
    seen.add(intent)
    return isRepeat
  })
}
