import type { AnswerMeta, AthenaCall, AthenaFetch, AthenaHooks } from '../athena-call.ts'
import { AthenaError } from '../athena-error.ts'
import { type Deadline, startDeadline } from '../call/deadline.ts'
import { exchange, tell } from '../call/exchange.ts'
import type { Failure } from '../call/judge-response.ts'
import { raceAbort } from '../call/read-body.ts'
import { requestIdOf } from '../call/request-id.ts'
import { type Clock, systemClock } from '../clock.ts'
import { type BaseUrlOptions, type Environment, resolveBaseUrl } from '../environment.ts'
import { judgeTokenResponse, type TokenGrant, type TokenJudgement } from './judge-token-response.ts'

/** An app's client id and secret. `secret` may be a function, so that the secret need not be held between uses. */
export interface Credential {
  readonly clientId: string
  readonly secret: string | (() => Promise<string>)
  /** The environment the app was made in; if named, it must be the client's. */
  readonly environment?: Environment
}

export interface TokenRequest extends BaseUrlOptions {
  readonly credential: Credential
  /** Default `athena/service/Athenanet.MDP.*`: everything the app was granted. athenahealth refuses a request without. */
  readonly scope?: string
  readonly fetch: AthenaFetch
  readonly clock?: Clock
  readonly hooks?: AthenaHooks
  /** For the whole request. Default 10,000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  readonly context?: unknown
}

const TOKEN_ROUTE = '/oauth2/v1/token'
const SCOPE_DEFAULT = 'athena/service/Athenanet.MDP.*'
const TIMEOUT_MS_DEFAULT = 10_000
/** A token answer has a few hundred bytes. */
const TOKEN_BYTES_MAX = 64 * 1024

/**
 * Asks athenahealth for a token: one POST, never repeated (preview grants five a minute). Resolves to the grant, rejects
 * with an AthenaError: `configuration` when the credential is refused, `throttled` with the time to wait, `network`,
 * `timeout`, `server-error`, `malformed-response`, and `environment` before anything is sent.
 */
export async function requestToken(request: TokenRequest): Promise<TokenGrant> {
  const { clock = systemClock, fetch, hooks = {} } = request
  const url = checkEnvironment(request) + TOKEN_ROUTE
  const call = tokenCall(request.context)
  const deadline = startDeadline(clock, request.timeoutMs ?? TIMEOUT_MS_DEFAULT, request.signal)
  try {
    const headers = await inTime(tokenHeaders(request.credential, call), deadline, call)
    const sentAt = clock.now()
    const outgoing = { url, headers, body: tokenBody(request.scope), call, deadline, bytesMax: TOKEN_BYTES_MAX }
    const taken = await exchange({ fetch, clock, hooks }, outgoing)
    const judged: TokenJudgement = taken.ok ? judgeTokenResponse({ ...taken, sentAt }) : taken
    const at = clock.now()
    const outcome = judged.ok ? 'ok' : judged.failure.code
    tell(() =>
      hooks.onResponse?.({ call, outcome, at, durationMs: at - sentAt, ...(taken.meta && { meta: taken.meta }) }),
    )
    if (judged.ok) return judged.grant
    throw tokenError(call, judged.failure, taken.meta)
  } finally {
    deadline.close()
  }
}

/** The secret may come from afar: waiting for it counts as waiting for the token. */
async function inTime<T>(work: Promise<T>, deadline: Deadline, call: AthenaCall): Promise<T> {
  try {
    return await raceAbort(work, deadline.signal)
  } catch (error) {
    const code = deadline.cause()
    throw code ? tokenError(call, { code, executed: 'no', hint: 'while waiting for the secret' }, undefined) : error
  }
}

function tokenCall(context: unknown): AthenaCall {
  return {
    method: 'POST',
    route: TOKEN_ROUTE,
    attempt: 1,
    kind: 'token',
    consuming: false,
    intensive: false,
    idempotent: true,
    requestId: requestIdOf(),
    ...(context === undefined ? {} : { context }),
  }
}

function tokenBody(scope = SCOPE_DEFAULT): string {
  return new URLSearchParams({ grant_type: 'client_credentials', scope }).toString()
}

function tokenError(call: AthenaCall, failure: Failure, meta: AnswerMeta | undefined): AthenaError {
  return new AthenaError(failure.code, {
    ...failure,
    // A token request changes nothing, whatever became of it.
    executed: 'no',
    method: call.method,
    route: call.route,
    requestId: call.requestId,
    ...(meta && { meta, status: meta.status }),
    ...(meta?.athenaRequestId && { athenaRequestId: meta.athenaRequestId }),
  })
}

function checkEnvironment(request: TokenRequest): string {
  const { credential, environment } = request
  if (credential.environment !== undefined && credential.environment !== environment) {
    throw new AthenaError('environment', {
      hint: `the credential is for ${credential.environment}, not ${environment}`,
    })
  }
  return resolveBaseUrl(request)
}

async function tokenHeaders({ clientId, secret }: Credential, call: AthenaCall): Promise<Record<string, string>> {
  const pair = `${clientId}:${typeof secret === 'function' ? await secret() : secret}`
  const bytes = new TextEncoder().encode(pair)
  return {
    accept: 'application/json',
    authorization: `Basic ${btoa(String.fromCharCode(...bytes))}`,
    'content-type': 'application/x-www-form-urlencoded',
    'x-request-id': call.requestId,
  }
}
