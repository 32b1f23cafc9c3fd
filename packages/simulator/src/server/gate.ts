import type { VirtualClock } from '../clock/virtual-clock.ts'
import type { Limiter, Verdict } from '../limits/limiter.ts'
import type { RegisteredApp } from '../tokens/apps.ts'
import { answerTokenRequest, type TokenEndpoint } from '../tokens/token-endpoint.ts'
import type { TokenStore } from '../tokens/token-store.ts'
import type { RateWitness } from '../truth/rate-witness.ts'
import type { RequestLog } from '../truth/request-log.ts'
import { formOf, type Answer, type Arrival } from './answer.ts'
import type { Backend } from './backend.ts'
import { rateLimitHeaders, throttledAnswer, unauthorizedAnswer, unroutedAnswer, type ThrottleStyle } from './gateway.ts'

export interface GateDeps {
  readonly clock: VirtualClock
  readonly tokens: TokenStore
  readonly tokenEndpoint: TokenEndpoint
  readonly limiter: Limiter
  readonly throttle: ThrottleStyle
  readonly backend: Backend
  readonly requests: RequestLog
  readonly witness: RateWitness
}

/** An answer and what the log says about the request beside its method and status. */
interface Outcome {
  readonly answer: Answer
  readonly route: string | undefined
  readonly practice?: number
  readonly app?: string
}

const tokenPath = '/oauth2/v1/token'
const apiPath = /^\/v1\/(\d{1,15})(\/.*)$/

/**
 * athenahealth's front door: every request outside the administration passes here, at the same instant, in order of
 * arrival, and is logged with what it was answered.
 */
export function answerAtGate(deps: GateDeps, arrival: Arrival): Answer {
  return deps.clock.still((at) => answerAt(deps, arrival, at))
}

function answerAt(deps: GateDeps, arrival: Arrival, at: number): Answer {
  const { answer, route, practice, app } = decide(deps, arrival, at)
  const number = deps.requests.add({
    at,
    realAt: deps.clock.realTime(),
    method: arrival.method,
    route: route ?? 'unrouted',
    practice,
    app,
    status: answer.status,
    query: arrival.query,
    form: formOf(arrival),
  })
  return { ...answer, headers: [...answer.headers, 'X-Request-Id', `rrt-${number}-sim-1`] }
}

function decide(deps: GateDeps, arrival: Arrival, at: number): Outcome {
  const api = apiPath.exec(arrival.path)
  if (api !== null) return decideCall(deps, { arrival, practiceId: Number(api[1]), resource: api[2] ?? '', at })
  if (arrival.path === tokenPath && arrival.method === 'POST') {
    const { answer, app } = answerTokenRequest(deps.tokenEndpoint, arrival, at)
    if (app === undefined) return { answer, route: tokenPath }
    deps.witness.token(app.clientId, at)
    return { answer, route: tokenPath, app: app.clientId }
  }
  return { answer: unroutedAnswer(), route: undefined }
}

interface ApiRequest {
  readonly arrival: Arrival
  readonly practiceId: number
  readonly resource: string
  readonly at: number
}

function decideCall(deps: GateDeps, request: ApiRequest): Outcome {
  const { arrival, practiceId: practice, resource, at } = request
  const { route, answer } = deps.backend.find(arrival, resource)
  const app = bearer(deps.tokens, arrival.authorization, at)
  if (typeof app === 'string') return { answer: unauthorizedAnswer(app), route, practice }
  deps.witness.call(app.clientId, at)
  const verdict = deps.limiter.admitCall(app, practice, at)
  const given =
    verdict.refusedBy === undefined
      ? answer({ app, practiceId: practice, arrival, now: Math.floor(at) })
      : throttledAnswer(verdict.refusedBy, deps.throttle)
  return { answer: withRateLimit(given, verdict), route, practice, app: app.clientId }
}

/** Adds the quota headers unless the answer brings its own. */
function withRateLimit(answer: Answer, verdict: Verdict): Answer {
  if (answer.ownRateLimit) return answer
  return { ...answer, headers: [...answer.headers, ...rateLimitHeaders(verdict)] }
}

function bearer(
  tokens: TokenStore,
  authorization: string | undefined,
  at: number,
): RegisteredApp | 'absent' | 'unknown' | 'expired' {
  if (authorization === undefined) return 'absent'
  const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1]
  return token === undefined ? 'unknown' : tokens.look(token, at)
}
