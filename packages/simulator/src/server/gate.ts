import type { VirtualClock } from '../clock/virtual-clock.ts'
import type { Limiter, Verdict } from '../limits/limiter.ts'
import type { Basis } from '../route.ts'
import type { RegisteredApp } from '../tokens/apps.ts'
import { answerOauth, fetchedFirst, type Oauth } from '../tokens/oauth.ts'
import { opens } from '../tokens/scopes.ts'
import type { IssuedToken, TokenStore } from '../tokens/token-store.ts'
import type { RateWitness } from '../truth/rate-witness.ts'
import { fieldNames, type RequestLog } from '../truth/request-log.ts'
import { intentOf } from '../truth/write-log.ts'
import { formOf, type Answer, type Arrival } from './answer.ts'
import type { Backend } from './backend.ts'
import { disguiseAnswer } from './disguise-answer.ts'
import {
  invalidScopeAnswer,
  rateLimitHeaders,
  throttledAnswer,
  unauthorizedAnswer,
  unroutedAnswer,
  type ThrottleStyle,
} from './gateway.ts'
import type { Whims } from './quirky-body.ts'
import { effectiveQuirks } from './quirks.ts'

export interface GateDeps {
  readonly clock: VirtualClock
  readonly oauth: Oauth
  readonly limiter: Limiter
  readonly throttle: ThrottleStyle
  readonly backend: Backend
  readonly requests: RequestLog
  readonly witness: RateWitness
  readonly whims: Whims
}

/** An answer and what the log says about the request beside its method and status. */
interface Outcome {
  readonly answer: Answer
  readonly route: string | undefined
  readonly practice?: number
  readonly app?: RegisteredApp | undefined
  /** Of an answer from behind the gate. */
  readonly basis?: Basis | undefined
}

const apiPath = /^\/v1\/(\d{1,15})(\/.*)$/

/**
 * athenahealth's front door: every request outside the administration passes here, at the same instant, in order of
 * arrival, and is logged with what it was answered.
 * A request that cannot be judged before something is fetched arrives when that is there; others pass it meanwhile.
 */
export function answerAtGate(deps: GateDeps, arrival: Arrival): Answer | Promise<Answer> {
  const fetched = fetchedFirst(deps.oauth, arrival)
  const answerNow = () => deps.clock.still((at) => answerAt(deps, arrival, at))
  return fetched === undefined ? answerNow() : fetched.then(answerNow)
}

function answerAt(deps: GateDeps, arrival: Arrival, at: number): Answer {
  const { answer, route, practice, app, basis } = decide(deps, arrival, at)
  const number = deps.requests.add({
    at,
    realAt: deps.clock.realTime(),
    method: arrival.method,
    route: route ?? 'unrouted',
    practice,
    app: app?.clientId,
    status: answer.status,
    basis,
    query: arrival.query,
    // What authorizes is not even kept out of sight.
    form: practice === undefined ? fieldNames(formOf(arrival)) : formOf(arrival),
    intent: intentOf(arrival.requestId),
  })
  const quirks = app === undefined ? effectiveQuirks(deps.oauth.apps.quirks, undefined) : app.quirks
  const given = quirks === undefined ? answer : disguiseAnswer(answer, quirks, deps.whims.next())
  return { ...given, headers: [...given.headers, 'X-Request-Id', `rrt-${number}-sim-1`] }
}

function decide(deps: GateDeps, arrival: Arrival, at: number): Outcome {
  const api = apiPath.exec(arrival.path)
  if (api !== null) return decideCall(deps, { arrival, practiceId: Number(api[1]), resource: api[2] ?? '', at })
  const outcome = answerOauth(deps.oauth, arrival, at)
  if (outcome === undefined) return { answer: unroutedAnswer(), route: undefined }
  if (outcome.app !== undefined) deps.witness.token(outcome.app.clientId, at)
  return outcome
}

interface ApiRequest {
  readonly arrival: Arrival
  readonly practiceId: number
  readonly resource: string
  readonly at: number
}

function decideCall(deps: GateDeps, request: ApiRequest): Outcome {
  const { arrival, practiceId: practice, resource, at } = request
  const { route, answer, basis } = deps.backend.find(arrival, resource)
  const token = bearer(deps.oauth.tokens, arrival.authorization, at)
  if (typeof token === 'string') return { answer: unauthorizedAnswer(token), route, practice }
  const { app, reach } = token
  deps.witness.call(app.clientId, at)
  const verdict = deps.limiter.admitCall(app, practice, at)
  const known = { route, practice, app }
  const refusal =
    verdict.refusedBy !== undefined
      ? throttledAnswer(verdict.refusedBy, deps.throttle)
      : opens(reach, resource)
        ? undefined
        : invalidScopeAnswer()
  if (refusal !== undefined) return { answer: withRateLimit(refusal, verdict), ...known }
  const given = answer({ app, practiceId: practice, arrival, now: Math.floor(at) })
  return { answer: withRateLimit(given, verdict), ...known, basis }
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
): IssuedToken | 'absent' | 'unknown' | 'expired' {
  if (authorization === undefined) return 'absent'
  const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1]
  return token === undefined ? 'unknown' : tokens.look(token, at)
}
