import type { AnswerMeta, AthenaCall, AthenaFetch, AthenaHooks } from '../athena-call.ts'
import { AthenaError } from '../athena-error.ts'
import type { Clock } from '../clock.ts'
import type { AccessToken, TokenSource } from '../token/access-token.ts'
import type { Upload } from '../upload/upload.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import { decideRetry, type RetryDecision } from './decide-retry.ts'
import { exchange, type Taken, tell } from './exchange.ts'
import { judgeContent } from './judge-content.ts'
import { type Failure, type Judgement, judgeResponse } from './judge-response.ts'
import { checkCallLimits } from './limits.ts'
import { type ApiRequest, type Plan, planCall } from './plan-call.ts'
import { raceAbort } from './read-body.ts'
import type { RetryBudget, RetryPolicy } from './retry-policy.ts'
import { watchedStream } from './watched-stream.ts'

/** Limits of waiting, in milliseconds. Infinity switches one off. */
export interface Timeouts {
  /**
   * From sending an attempt to the headers of its answer, connecting included. Default 10,000. Not applied to intensive
   * calls and consuming reads: their first byte waits for the whole query; nor to uploads, which are sent meanwhile. Time
   * a `fetch` of yours waits counts. Of an answer that is a stream: also for each piece that is waited for.
   */
  readonly headersMs: number
  /** For a token request. Default 10,000. */
  readonly tokenMs: number
  /** For a whole call with its waits and attempts. Default 30,000. */
  readonly callMs: number
  /** The same for a call that uploads a file. Default 120,000: 20 MB over a slow line. */
  readonly uploadMs: number
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

/** An answer that is HTTP 2xx and what was asked for: JSON (or, for a write, empty) unless the request says otherwise. */
export interface Answered {
  /** JSON's value; a string, bytes (Uint8Array) or a stream of them where the request asks for that. */
  readonly value: unknown
  /** The body's text; empty where it is bytes or a stream. */
  readonly raw: string
  readonly meta: AnswerMeta
  readonly call: AthenaCall
  /** The `Content-Type` header, where there is one. */
  readonly contentType?: string
}

type Attempt =
  | {
      readonly ok: true
      readonly answered: Answered
      /** Of a stream: how reading it went, when it is over. */
      readonly ended?: Promise<Failure | undefined>
    }
  | { readonly ok: false; readonly failure: Failure; readonly error?: AthenaError; readonly meta?: AnswerMeta }

/**
 * Makes a call: token, attempts, waits, all within its deadline. Rejects with an AthenaError, or with an error of the
 * `fetch` or token source that is none of the network's, unchanged.
 */
export async function sendCall(deps: CallDeps, request: ApiRequest): Promise<Answered> {
  checkCallLimits(request.options)
  const plan = planCall(request, deps)
  deps.budget.earn()
  const { callMs, uploadMs } = deps.timeouts
  const { deadlineMs, signal } = request.options ?? {}
  const deadline = startDeadline(deps.clock, deadlineMs ?? (isUpload(plan.body) ? uploadMs : callMs), signal)
  // A stream goes on under the caller's signal, and under a deadline only where the caller named one.
  const onStream = () => (deadlineMs === undefined ? deadline.lift() : undefined)
  try {
    const answered = await attemptUntilDone(deps, plan, { ...deadline, onStream })
    if (plan.as !== 'stream') deadline.close()
    return answered
  } catch (error) {
    deadline.close()
    throw error
  }
}

/** The whole call's deadline; `onStream` when its answer turns out to be a stream. */
interface CallDeadline extends Deadline {
  onStream(): void
}

function isUpload(body: Plan['body']): body is Upload {
  return typeof body === 'object'
}

async function attemptUntilDone(deps: CallDeps, plan: Plan, deadline: CallDeadline): Promise<Answered> {
  let history: History = { attempts: 0, refused: undefined, renewed: false }
  while (true) {
    const call = { ...plan.call, attempt: history.attempts + 1 }
    const { result, decision, token } = await attemptAndDecide(deps, { plan, call, deadline, history })
    if (result.ok) return result.answered
    if (!decision.retry)
      throw result.error ?? (await givenUp(deps, { plan, call, deadline, history }, { result, token }))
    if (!decision.newToken) {
      deps.budget.spend()
      await pause(deps.clock, { ms: decision.delayMs, deadline, call, failure: result.failure })
    }
    const renewed = history.renewed || decision.newToken
    history = { attempts: call.attempt, refused: decision.newToken ? token : undefined, renewed }
  }
}

/** An attempt that failed for good. */
interface Ended {
  readonly result: Attempt & { readonly ok: false }
  readonly token: AccessToken | undefined
}

/**
 * The error for a call that is not repeated. Where only a stream that is used up stands in the way of a repetition, it
 * says so; and a refused token is renewed all the same, or the next call would be refused for it again.
 */
async function givenUp(deps: CallDeps, step: Step, { result, token }: Ended): Promise<AthenaError> {
  const { call, plan, deadline, history } = step
  const { failure, meta } = result
  if (!isSpent(plan) || failure.executed !== 'no') return failedCall(call, failure, meta)
  const refused = failure.code === 'unauthorized' && !history.renewed
  if (!refused && failure.code !== 'throttled' && failure.code !== 'network') return failedCall(call, failure, meta)
  if (refused && token) await getToken(deps, deadline, token.generation)
  const renewed = refused ? 'the token has been renewed; ' : ''
  const hint = `${renewed}the content was a stream that can be sent once: call again with a new one`
  return failedCall(call, { ...failure, hint }, meta)
}

function isSpent({ body }: Plan): boolean {
  return isUpload(body) && !body.sendable
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
  readonly deadline: CallDeadline
  readonly history: History
}

async function attemptAndDecide(deps: CallDeps, { plan, call, deadline, history }: Step) {
  const got = await getToken(deps, deadline, history.refused?.generation)
  const startedAt = deps.clock.now()
  const result = got.ok ? await attemptOnce(deps, { plan, call, deadline, held: got.held }) : got
  // A token that could not be had is no answer about a token.
  const renewed = history.renewed || !got.ok
  const decision = decide(deps, { call, result, leftMs: deadline.leftMs(), renewed, spent: isSpent(plan) })
  if (result.ok && result.ended) {
    void result.ended.then((failure) => report(deps, { call, result, startedAt, ...(failure && { failure }) }))
  } else if (got.ok) report(deps, { call, result, startedAt, ...(decision.retry && { retryInMs: decision.delayMs }) })
  return { result, decision, token: got.ok ? got.held.token : undefined }
}

interface Decision {
  readonly call: AthenaCall
  readonly result: Attempt
  readonly leftMs: number
  readonly renewed: boolean
  readonly spent: boolean
}

function decide(deps: CallDeps, { call, result, leftMs, renewed, spent }: Decision): RetryDecision {
  if (result.ok) return { retry: false }
  const { policy, budget } = deps
  const { failure, meta } = result
  const facts = { call, failure, policy, leftMs, renewed, spent, affordable: budget.affords, random: deps.random() }
  return decideRetry(meta ? { ...facts, status: meta.status } : facts)
}

type TokenResult = { readonly ok: true; readonly held: HeldToken } | (Attempt & { readonly ok: false })

async function getToken(deps: CallDeps, deadline: Deadline, newerThan: HeldToken['newerThan']): Promise<TokenResult> {
  const { signal } = deadline
  try {
    const asked = deps.tokens.get({ signal, ...(newerThan === undefined ? {} : { newerThan }) })
    return { ok: true, held: { token: await raceAbort(asked, signal), newerThan } }
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
  readonly deadline: CallDeadline
  readonly held: HeldToken
}

/** The token that an attempt carries: another one where `fetch` had it taken again before it sent. */
interface HeldToken {
  token: AccessToken
  /** The generation that athenahealth refused before. */
  readonly newerThan: AccessToken['generation'] | undefined
}

async function attemptOnce(deps: CallDeps, input: AttemptInput): Promise<Attempt> {
  const { plan, call, deadline } = input
  const unlimited = call.intensive || call.consuming || isUpload(plan.body)
  const headersMs = unlimited ? Number.POSITIVE_INFINITY : deps.timeouts.headersMs
  const limit = startDeadline(deps.clock, headersMs, deadline.signal)
  const cause = () => (limit.cause() === 'aborted' ? (deadline.cause() ?? 'aborted') : limit.cause())
  let streaming = false
  try {
    const authorization = () => takeAgain(deps, input)
    const outgoing = { ...outgoingOf(input), authorization, deadline: { ...limit, cause }, onHeaders: limit.lift }
    const taken = await exchange(deps, outgoing)
    if (!taken.ok) return taken
    const { meta, text, contentType, stream } = taken
    const judged = plan.as === 'json' ? judgeResponse({ ...taken, method: call.method }) : judge(plan, call, taken)
    if (!judged.ok) {
      stream?.cancel().catch(() => undefined)
      return { ok: false, failure: judged.failure, meta }
    }
    const answered = { value: judged.value, raw: text, meta, call, ...(contentType !== undefined && { contentType }) }
    if (!stream) return { ok: true, answered }
    streaming = true
    return handOver(deps, input, { answered, stream, limit: { ...limit, cause } })
  } finally {
    if (!streaming) limit.close()
  }
}

function judge({ as, accept }: Plan, { method }: AthenaCall, taken: Taken): Judgement {
  return judgeContent({ method, as, accept, taken })
}

async function takeAgain(deps: CallDeps, { held, deadline }: AttemptInput): Promise<string> {
  const got = await getToken(deps, deadline, held.newerThan)
  if (!got.ok) throw got.error ?? deadline.signal.reason
  held.token = got.held.token
  return bearer(held.token)
}

function bearer({ value }: AccessToken): string {
  return `Bearer ${value}`
}

function outgoingOf({ plan, call, held }: AttemptInput) {
  const { url, body, as, bytesMax, accept } = plan
  const headers = {
    accept,
    authorization: bearer(held.token),
    'x-request-id': call.requestId,
    ...(body !== undefined && { 'content-type': isUpload(body) ? body.contentType : FORM }),
  }
  const sent = isUpload(body) ? { body: body.open(), fields: body.fields } : body === undefined ? {} : { body }
  return { url, headers, call, as, bytesMax, ...sent }
}

const FORM = 'application/x-www-form-urlencoded'

interface Streamed {
  readonly answered: Answered
  readonly stream: ReadableStream<Uint8Array>
  readonly limit: Deadline
}

/** From here on the stream's reader decides how long the call lasts. */
function handOver(deps: CallDeps, input: AttemptInput, { answered, stream, limit }: Streamed): Attempt {
  const { call, deadline, plan } = input
  deadline.onStream()
  let onEnd: (failure: Failure | undefined) => void = () => undefined
  const ended = new Promise<Failure | undefined>((resolve) => {
    onEnd = resolve
  })
  const value = watchedStream(stream, {
    clock: deps.clock,
    deadline: limit,
    pieceMs: deps.timeouts.headersMs,
    bytesMax: plan.bytesMax,
    errorOf: (failure) => failedCall(call, failure, answered.meta),
    onEnd(failure) {
      limit.close()
      deadline.close()
      onEnd(failure)
    },
  })
  return { ok: true, answered: { ...answered, value }, ended }
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
  /** Of a stream that ended badly. */
  readonly failure?: Failure
}

function report(deps: CallDeps, { call, result, startedAt, failure, ...retry }: Report): void {
  const at = deps.clock.now()
  const meta = result.ok ? result.answered.meta : result.meta
  const outcome = result.ok ? (failure?.code ?? 'ok') : result.failure.code
  tell(() =>
    deps.hooks.onResponse?.({ call, outcome, at, durationMs: at - startedAt, ...(meta && { meta }), ...retry }),
  )
}
