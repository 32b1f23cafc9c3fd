import type { AnswerMeta, AthenaCall, AthenaFetch, AthenaHooks } from '../athena-call.ts'
import { AthenaError } from '../athena-error.ts'
import type { Clock } from '../clock.ts'
import type { AccessToken, TokenSource } from '../token/access-token.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import { decideRetry, type RetryDecision } from './decide-retry.ts'
import { exchange, tell } from './exchange.ts'
import { type Failure, judgeResponse } from './judge-response.ts'
import { type ApiRequest, type Plan, planCall } from './plan-call.ts'
import { raceAbort } from './read-body.ts'
import type { RetryBudget, RetryPolicy } from './retry-policy.ts'

/** Limits of waiting, in milliseconds. Infinity switches one off. */
export interface Timeouts {
  /**
   * From sending an attempt to the headers of its answer, connecting included. Default 10,000. Not applied to intensive
   * calls and consuming reads: their first byte waits for the whole query. Time a `fetch` of yours waits counts.
   */
  readonly headersMs: number
  /** For a token request. Default 10,000. */
  readonly tokenMs: number
  /** For a whole call with its waits and attempts. Default 30,000. */
  readonly callMs: number
}

/** What every call of one client shares. */
export interface CallDeps {
  readonly fetch: AthenaFetch
  readonly clock: Clock
  readonly random: () => number
  readonly hooks: AthenaHooks
  readonly tokens: TokenSource
  /** Up to and with the version, without a trailing slash. */
  readonly apiUrl: string
  readonly timeouts: Timeouts
  readonly policy: RetryPolicy
  readonly budget: RetryBudget
  readonly responseBytesMax: number
}

/** An answer that is HTTP 2xx and JSON (or, for a write, empty). */
export interface Answered {
  readonly value: unknown
  readonly raw: string
  readonly meta: AnswerMeta
  readonly call: AthenaCall
}

type Attempt =
  | { readonly ok: true; readonly answered: Answered }
  | { readonly ok: false; readonly failure: Failure; readonly error?: AthenaError; readonly meta?: AnswerMeta }

/**
 * Makes a call: token, attempts, waits, all within its deadline. Rejects with an AthenaError, or with an error of the
 * `fetch` or token source that is none of the network's, unchanged.
 */
export async function sendCall(deps: CallDeps, request: ApiRequest): Promise<Answered> {
  const plan = planCall(request, deps)
  deps.budget.earn()
  const { deadlineMs = deps.timeouts.callMs, signal } = request.options ?? {}
  const deadline = startDeadline(deps.clock, deadlineMs, signal)
  try {
    return await attemptUntilDone(deps, plan, deadline)
  } finally {
    deadline.close()
  }
}

async function attemptUntilDone(deps: CallDeps, plan: Plan, deadline: Deadline): Promise<Answered> {
  let history: History = { attempts: 0, refused: undefined, renewed: false }
  while (true) {
    const call = { ...plan.call, attempt: history.attempts + 1 }
    const { result, decision, token } = await attemptAndDecide(deps, { plan, call, deadline, history })
    if (result.ok) return result.answered
    if (!decision.retry) throw result.error ?? failedCall(call, result.failure, result.meta)
    if (!decision.newToken) {
      deps.budget.spend()
      await pause(deps.clock, { ms: decision.delayMs, deadline, call, failure: result.failure })
    }
    const renewed = history.renewed || decision.newToken
    history = { attempts: call.attempt, refused: decision.newToken ? token : undefined, renewed }
  }
}

/** What a call has been through. */
interface History {
  readonly attempts: number
  /** The token that the last attempt was refused for. */
  readonly refused: AccessToken | undefined
  /** Whether the call has had its one newer token. */
  readonly renewed: boolean
}

interface Step {
  readonly plan: Plan
  readonly call: AthenaCall
  readonly deadline: Deadline
  readonly history: History
}

async function attemptAndDecide(deps: CallDeps, { plan, call, deadline, history }: Step) {
  const got = await getToken(deps, deadline, history.refused?.generation)
  const startedAt = deps.clock.now()
  const result = got.ok ? await attemptOnce(deps, { plan, call, deadline, token: got.token }) : got
  // A token that could not be had is no answer about a token.
  const renewed = history.renewed || !got.ok
  const decision = decide(deps, { call, result, leftMs: deadline.leftMs(), renewed })
  if (got.ok) report(deps, { call, result, startedAt, ...(decision.retry && { retryInMs: decision.delayMs }) })
  return { result, decision, token: got.ok ? got.token : undefined }
}

interface Decision {
  readonly call: AthenaCall
  readonly result: Attempt
  readonly leftMs: number
  readonly renewed: boolean
}

function decide(deps: CallDeps, { call, result, leftMs, renewed }: Decision): RetryDecision {
  if (result.ok) return { retry: false }
  const { policy, budget } = deps
  const { failure, meta } = result
  const facts = { call, failure, policy, leftMs, renewed, affordable: budget.affords, random: deps.random() }
  return decideRetry(meta ? { ...facts, status: meta.status } : facts)
}

type TokenResult = { readonly ok: true; readonly token: AccessToken } | (Attempt & { readonly ok: false })

async function getToken(deps: CallDeps, deadline: Deadline, newerThan?: string | number): Promise<TokenResult> {
  const { signal } = deadline
  try {
    const asked = deps.tokens.get({ signal, ...(newerThan === undefined ? {} : { newerThan }) })
    return { ok: true, token: await raceAbort(asked, signal) }
  } catch (error) {
    const ended = deadline.cause()
    if (ended) return { ok: false, failure: { code: ended, executed: 'no', hint: 'while waiting for a token' } }
    if (!(error instanceof AthenaError)) throw error
    const { code, retryAfterMs } = error
    return {
      ok: false,
      error,
      failure: { code, executed: 'no', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    }
  }
}

interface AttemptInput {
  readonly plan: Plan
  readonly call: AthenaCall
  readonly deadline: Deadline
  readonly token: AccessToken
}

async function attemptOnce(deps: CallDeps, { plan, call, deadline, token }: AttemptInput): Promise<Attempt> {
  const headersMs = call.intensive || call.consuming ? Number.POSITIVE_INFINITY : deps.timeouts.headersMs
  const limit = startDeadline(deps.clock, headersMs, deadline.signal)
  const headers: Record<string, string> = {
    accept: 'application/json',
    authorization: `Bearer ${token.value}`,
    'x-request-id': call.requestId,
    ...(plan.body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
  }
  const cause = () => (limit.cause() === 'aborted' ? (deadline.cause() ?? 'aborted') : limit.cause())
  try {
    const taken = await exchange(deps, {
      url: plan.url,
      headers,
      call,
      bytesMax: plan.bytesMax,
      deadline: { ...limit, cause },
      onHeaders: limit.lift,
      ...(plan.body === undefined ? {} : { body: plan.body }),
    })
    if (!taken.ok) return taken
    const judged = judgeResponse({ ...taken, method: call.method })
    if (!judged.ok) return { ok: false, failure: judged.failure, meta: taken.meta }
    return { ok: true, answered: { value: judged.value, raw: taken.text, meta: taken.meta, call } }
  } finally {
    limit.close()
  }
}

/** The error for a failed call. Plain reads change nothing upstream, so nothing of theirs can have been executed. */
export function failedCall(call: AthenaCall, failure: Failure, meta?: AnswerMeta): AthenaError {
  const { method, route, practice, requestId } = call
  return new AthenaError(failure.code, {
    ...failure,
    executed: call.idempotent ? 'no' : failure.executed,
    method,
    route,
    requestId,
    ...(practice === undefined ? {} : { practice }),
    ...(meta && { meta, status: meta.status }),
    ...(meta?.athenaRequestId && { athenaRequestId: meta.athenaRequestId }),
  })
}

interface Pause {
  readonly ms: number
  readonly deadline: Deadline
  readonly call: AthenaCall
  readonly failure: Failure
}

async function pause(clock: Clock, { ms, deadline, call, failure }: Pause): Promise<void> {
  try {
    await raceAbort(clock.sleep(ms, deadline.signal), deadline.signal)
  } catch (error) {
    const code = deadline.cause()
    if (!code) throw error
    throw failedCall(call, {
      code,
      executed: failure.executed,
      hint: `while waiting to repeat it after ${failure.code}`,
    })
  }
}

interface Report {
  readonly call: AthenaCall
  readonly result: Attempt
  readonly startedAt: number
  readonly retryInMs?: number
}

function report(deps: CallDeps, { call, result, startedAt, ...retry }: Report): void {
  const at = deps.clock.now()
  const meta = result.ok ? result.answered.meta : result.meta
  const outcome = result.ok ? 'ok' : result.failure.code
  tell(() =>
    deps.hooks.onResponse?.({ call, outcome, at, durationMs: at - startedAt, ...(meta && { meta }), ...retry }),
  )
}
