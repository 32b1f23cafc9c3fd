import type { AnswerMeta, AthenaCall, AthenaFetch, AthenaHooks } from '../athena-call.ts'
import { AthenaError } from '../athena-error.ts'
import { type Deadline, startDeadline } from '../call/deadline.ts'
import { exchange, tell } from '../call/exchange.ts'
import type { Failure } from '../call/judge-response.ts'
import { raceAbort } from '../call/read-body.ts'
import { requestIdOf } from '../call/request-id.ts'
import { type Clock, systemClock } from '../clock.ts'
import { type BaseUrlOptions, resolveBaseUrl } from '../environment.ts'
import { makeAssertion } from './client-assertion.ts'
import { checkCredential, type Credential, hasPrivateKey, type SecretCredential } from './credential.ts'
import { judgeTokenResponse, type TokenGrant, type TokenJudgement } from './judge-token-response.ts'

/** How a token is asked for. */
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

/** RFC 7523, section 2.2. */
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/**
 * Asks athenahealth for a token: one POST, never repeated (preview grants five a minute), with a new assertion where the
 * credential is a private key. Resolves to the grant, rejects with an AthenaError: `configuration` when the credential is
 * refused or its key cannot be used, `throttled` with the time to wait, `network`, `timeout`, `server-error`,
 * `malformed-response`, and `environment` or `invalid-argument` before anything is sent. An error of a function of the
 * credential's reaches the caller as it is.
 */
export async function requestToken(request: TokenRequest): Promise<TokenGrant> {
  const { clock = systemClock, fetch, hooks = {} } = request
  const url = checkEnvironment(request) + TOKEN_ROUTE
  const call = tokenCall(request.context)
  const deadline = startDeadline(clock, request.timeoutMs ?? TIMEOUT_MS_DEFAULT, request.signal)
  try {
    const { headers, body } = await inTime(tokenMessage(request, { call, url, now: clock.now() }), deadline, call)
    const sentAt = clock.now()
    const outgoing = { url, headers, body, call, deadline, bytesMax: TOKEN_BYTES_MAX }
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

/** The secret or signature may come from afar: waiting for it counts as waiting for the token. */
async function inTime<T>(work: Promise<T>, deadline: Deadline, call: AthenaCall): Promise<T> {
  try {
    return await raceAbort(work, deadline.signal)
  } catch (error) {
    const code = deadline.cause()
    throw code ? tokenError(call, { code, executed: 'no', hint: 'while waiting for the credential' }, undefined) : error
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
  checkCredential(request.credential, request.environment)
  return resolveBaseUrl(request)
}

interface TokenMessage {
  readonly headers: Record<string, string>
  readonly body: string
}

interface MessageInput {
  readonly call: AthenaCall
  readonly url: string
  readonly now: number
}

async function tokenMessage(request: TokenRequest, { call, url, now }: MessageInput): Promise<TokenMessage> {
  const { credential, scope = SCOPE_DEFAULT } = request
  const form = { grant_type: 'client_credentials', scope }
  const headers = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
    'x-request-id': call.requestId,
  }
  if (hasPrivateKey(credential)) {
    const assertion = await makeAssertion({ credential, tokenUrl: url, now })
    return message(headers, { ...form, client_assertion_type: ASSERTION_TYPE, client_assertion: assertion })
  }
  const { clientId, authMethod } = credential
  const secret = await secretOf(credential)
  if (authMethod === 'client_secret_post') {
    return message(headers, { ...form, client_id: clientId, client_secret: secret })
  }
  const bytes = new TextEncoder().encode(`${clientId}:${secret}`)
  return message({ ...headers, authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` }, form)
}

function message(headers: Record<string, string>, form: Record<string, string>): TokenMessage {
  return { headers, body: new URLSearchParams(form).toString() }
}

/** The secret without the line break that a file of one line ends with, which no secret of athenahealth's does. */
async function secretOf({ secret }: SecretCredential): Promise<string> {
  const given: unknown = typeof secret === 'function' ? await secret() : secret
  const text = typeof given === 'string' ? given.replace(/\r?\n$/, '') : ''
  if (text !== '') return text
  throw new AthenaError('invalid-argument', { invalidFields: ['secret'], hint: 'the secret is empty or no text' })
}
