import type { Basis, Route } from '../route.ts'
import type { RequestTotals } from './request-log.ts'

/** A route and what athenahealth's documents say of it. */
export interface ServedEndpoint {
  readonly route: Pick<Route, 'method' | 'path' | 'basis'>
  readonly documented: { readonly beta: boolean; readonly intensive: boolean } | undefined
}

/** An endpoint as the truth lists it. */
export interface EndpointEntry {
  /** `GET /v1/{practiceid}/departments`, as in the totals of the requests. */
  readonly endpoint: string
  /** What its answers stand on. */
  readonly basis: Basis
  /** Rolled out practice by practice. */
  readonly beta: boolean
  /** athenahealth asks to call it sparingly. */
  readonly intensive: boolean
  /** Calls, refused ones among them. */
  readonly requests: number
}

/** The endpoints by name, with how often each was called. */
export function listEndpoints(served: readonly ServedEndpoint[], { byRoute }: RequestTotals): EndpointEntry[] {
  return served
    .map(({ route, documented }) => {
      const endpoint = `${route.method} /v1/{practiceid}${route.path}`
      const { beta = false, intensive = false } = documented ?? {}
      return { endpoint, basis: route.basis ?? 'stateful', beta, intensive, requests: byRoute[endpoint] ?? 0 }
    })
    .sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1))
}
