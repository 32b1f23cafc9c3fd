import type { VirtualClock } from '../clock/virtual-clock.ts'
import type { FaultBook, Hit } from '../faults/fault-book.ts'
import type { MetRequest } from '../faults/fault-kind.ts'
import { listOf } from '../faults/json-body.ts'
import type { Limiter, Verdict } from '../limits/limiter.ts'
import type { Basis } from '../route.ts'
import type { RegisteredApp } from '../tokens/apps.ts'
import { answerOauth, fetchedFirst, type Oauth } from '../tokens/oauth.ts'
import { opens } from '../tokens/scopes.ts'
import type { RateWitness } from '../truth/rate-witness.ts'
import { fieldNames, type RequestLog } from '../truth/request-log.ts'
import { intentOf } from '../truth/write-log.ts'
import { formOf, type Answer, type Arrival } from './answer.ts'
import { apiPath, bearer } from './api-request.ts'
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
import { parseInput } from './input.ts'
import { metRequest } from './met-request.ts'
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
  readonly faults: FaultBook
}

/** An answer and what the log says about the request beside its method and status. */
interface Outcome {
  readonly answer: Answer
  readonly route: string | undefined
  readonly practice?: number | undefined
  readonly app?: RegisteredApp | undefined
  /** Of an answer from behind the gate. */
  readonly basis?: Basis | undefined
}

/** A request that rules of faults were asked about, and the one that fires. */
interface Met {
  readonly request: MetRequest
  readonly hit: Hit | undefined
}

/**
 * athenahealth's front door: every request outside the administration passes here, at the same instant, in order of
 * arrival, and is logged with what it was answered.
 * A request that cannot be judged before something is fetched arrives when that is there; others pass it meanwhile.
 */
export function answerAtGate(deps: GateDeps, arrival: Arrival): Answer | Promise<Answer> {
  const fetched = fetchedFirst(deps.oauth, arrival)
  const answerNow = () =>
    deps.faults.isArmed ? answerAmidFaults(deps, arrival) : deps.clock.still((at) => answerAt(deps, { arrival, at }))
  return fetched === undefined ? answerNow() : fetched.then(answerNow)
}

function answerAmidFaults(deps: GateDeps, arrival: Arrival): Answer {
  const { clock, faults } = deps
  const met = clock.still((at): Met => {
    const request = metRequest(deps, arrival, at)
    return { request, hit: faults.meet(request) }
  })
  // Time can only be moved while it does not stand still.
  if (met.hit !== undefined && met.hit.jumpMs > 0) clock.advance(met.hit.jumpMs)
  return clock.still((at) => answerAt(deps, { arrival, at, met }))
}

interface Arrived {
  readonly arrival: Arrival
  readonly at: number
  readonly met?: Met
}

function answerAt(deps: GateDeps, { arrival, at, met }: Arrived): Answer {
  const unserved = met?.hit?.isServed === false ? met.request : undefined
  const { answer, route, practice, app, basis } =
    unserved === undefined ? decide(deps, arrival, at) : countOnly(deps, unserved, at)
  const quirks = app === undefined ? effectiveQuirks(deps.oauth.apps.quirks, undefined) : app.quirks
  const disguised =
    quirks === undefined || unserved !== undefined ? answer : disguiseAnswer(answer, quirks, deps.whims.next())
  const given = met === undefined ? { answer: disguised } : settle(deps, met, disguised)
  const number = deps.requests.add({
    at,
    realAt: deps.clock.realTime(),
    method: arrival.method,
    route: route ?? 'unrouted',
    practice,
    app: app?.clientId,
    status: given.answer.status,
    basis,
    query: arrival.query,
    // What authorizes is not even kept out of sight.
    form: practice === undefined ? fieldNames(formOf(arrival)) : formOf(arrival),
    intent: intentOf(arrival.requestId),
    fault: given.fault,
  })
  return { ...given.answer, headers: [...given.answer.headers, 'X-Request-Id', `rrt-${number}-sim-1`] }
}

/** The answer as the fault leaves it, if any. */
function settle({ faults, witness }: GateDeps, met: Met, given: Answer): ReturnType<FaultBook['settle']> {
  const settled = faults.settle(met, given)
  if (settled.fault !== undefined) noteLongPage(witness, met.request, settled.answer)
  return settled
}

/** A fault can make a page of a feed as long as was asked for: by records that are in it twice, or as another page than was due. */
function noteLongPage(witness: RateWitness, { arrival, app, practice, feed, reads }: MetRequest, answer: Answer): void {
  if (reads !== 'consume' || app === undefined || practice === undefined || feed === undefined) return
  const asked = Number(parseInput(arrival.query, '').text('limit'))
  const sent = listOf(answer)?.items.length ?? 0
  if (sent >= asked) witness.goOn({ app: app.clientId, practice, feed })
}

/** A request that a fault keeps from being served is counted all the same: its caller has sent it. */
function countOnly({ limiter, witness }: GateDeps, request: MetRequest, at: number): Outcome {
  const { app, practice, route } = request
  const nothing = { status: 0, headers: [], body: '' }
  if (app === undefined) return { answer: nothing, route, practice }
  if (practice === undefined) witness.token(app.clientId, at)
  else witness.call(app.clientId, at)
  const verdict = practice === undefined ? limiter.admitToken(app, at) : limiter.admitCall(app, practice, at)
  return { answer: { ...nothing, headers: rateLimitHeaders(verdict) }, route, practice, app }
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
