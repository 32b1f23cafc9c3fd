import type { Reply, Route } from '../route.ts'
import { refused } from './reply.ts'

/** Which practices have the endpoints that athenahealth opens practice by practice. */
export interface RolloutOptions {
  /** Practices that have them; all others do not. */
  readonly practices: readonly number[]
  /**
   * Endpoints that are rolled out so beside those the simulator knows of, as `GET /patients/{patientid}/photo`: method and
   * path under `/v1/{practiceid}`, names in braces as in the documentation.
   */
  readonly endpoints?: readonly string[]
  /** What a practice without answers; 403 if absent. Neither status nor body is known. */
  readonly status?: 403 | 404
}

/** The refusal for a route in a practice that does not have it, undefined where it has. */
export type Rollout = (route: Route, practiceId: number) => Reply | undefined

export interface RolloutDeps {
  readonly rollout: RolloutOptions
  readonly routes: readonly Route[]
  /** Whether athenahealth rolls a route out practice by practice. */
  readonly isBeta: (route: Pick<Route, 'method' | 'path'>) => boolean
}

/** The rule for a rollout. Throws TypeError for an endpoint that is not served, or options that make no sense. */
export function createRollout({ rollout, routes, isBeta }: RolloutDeps): Rollout {
  const { practices, endpoints = [], status = 403 } = rollout
  if (!practices.every(Number.isSafeInteger)) throw new TypeError('rollout: practices must be whole numbers')
  const named = endpoints.map((endpoint) => {
    const found = routes.find((route) => nameOf(route) === nameOf({ ...splitName(endpoint) }))
    if (found === undefined)
      throw new TypeError(`rollout: ${endpoint} is not simulated; write GET /patients/{patientid}`)
    return found
  })
  const behind = new Set([...named, ...routes.filter(isBeta)])
  const having = new Set(practices)
  const refusal =
    status === 403
      ? refused(403, 'Incorrect permissions.', 'This endpoint is not enabled for the practice.')
      : refused(404, 'The endpoint is not available.', 'This endpoint is not enabled for the practice.')
  return (route, practiceId) => (behind.has(route) && !having.has(practiceId) ? refusal : undefined)
}

function splitName(endpoint: string): { method: string; path: string } {
  const [method = '', path = ''] = endpoint.trim().split(/\s+/)
  return { method: method.toUpperCase(), path }
}

/** The same for any names of the parameters. */
function nameOf({ method, path }: { method: string; path: string }): string {
  return `${method} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`
}
