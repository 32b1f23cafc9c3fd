import type { AnswerMeta, AthenaCall, AthenaFetch, AthenaHooks, AthenaRequestInit } from '../athena-call.ts'
import type { Clock } from '../clock.ts'
import type { OutgoingBody } from '../upload/outgoing-body.ts'
import { readMeta } from './answer-meta.ts'
import type { Deadline } from './deadline.ts'
import type { Failure } from './judge-response.ts'
import type { AnswerKind } from './plan-call.ts'
import { discard, raceAbort, readBody, readBytes } from './read-body.ts'
import { judgeTransportError } from './transport-fault.ts'

export interface ExchangeDeps {
  readonly fetch: AthenaFetch
  readonly clock: Clock
  readonly hooks: AthenaHooks
}

export interface Outgoing {
  readonly url: string
  readonly headers: Record<string, string>
  /** The `Authorization` header as it is right by now. */
  readonly authorization?: () => Promise<string>
  readonly body?: string | OutgoingBody
  /** With a streamed body: the other parameters, for wrappers of `fetch`. */
  readonly fields?: string
  /** What a successful answer is read as. Default `json`, whose text is read. */
  readonly as?: AnswerKind
  readonly call: AthenaCall
  readonly deadline: Deadline
  readonly bytesMax: number
  /** Called when the headers have come and the body is still to come. */
  readonly onHeaders?: () => void
}

export type Exchange = Taken | { readonly ok: false; readonly failure: Failure; readonly meta?: AnswerMeta }

/** An answer with a body that was read, or can be. */
export interface Taken {
  readonly ok: true
  /** Empty where the body is bytes or a stream. */
  readonly text: string
  readonly bytes?: Uint8Array
  readonly stream?: ReadableStream<Uint8Array>
  readonly contentType?: string
  readonly meta: AnswerMeta
  readonly gatewayError?: string
}

/**
 * One attempt: sends and reads the whole body, or says why there is none; a stream is handed over unread. Rejects only
 * with errors of the `fetch` itself that are not of the network.
 */
export async function exchange(deps: ExchangeDeps, outgoing: Outgoing): Promise<Exchange> {
  const { call, deadline, body: sent } = outgoing
  tell(() => deps.hooks.onAttempt?.({ call, at: deps.clock.now() }))
  let meta: AnswerMeta | undefined
  try {
    const response = await send(deps.fetch, outgoing)
    outgoing.onHeaders?.()
    const receivedAt = deps.clock.now()
    const { status, headers } = response
    meta = readMeta({ status, headers, receivedAt, requestId: call.requestId, attempts: call.attempt })
    const taken = await take(response, outgoing)
    if (!taken.ok) return { ok: false, failure: unreadable(taken.problem, meta.status), meta }
    if (meta.status < 300 && isCutShort(sent)) return { ok: false, failure: answeredEarly(sent), meta }
    const gatewayError = headers.get('x-mashery-error-code') ?? headers.get('x-error-detail-header')
    const contentType = headers.get('content-type')
    return { ...taken, meta, ...(contentType && { contentType }), ...(gatewayError !== null && { gatewayError }) }
  } catch (error) {
    const failure = judgeError(error, deadline, sent)
    if (!meta) return { ok: false, failure }
    // Headers came: whatever the error's code, the request has been seen.
    return { ok: false, failure: { ...failure, executed: 'unknown' }, meta }
  } finally {
    if (isStreamed(sent)) sent.close()
  }
}

type Body = Pick<Taken, 'ok' | 'text' | 'bytes' | 'stream'>

/** Only what was asked for is read as such: an error's body is text, whatever the call is. */
async function take(
  response: Response,
  { as = 'json', bytesMax, deadline: { signal } }: Outgoing,
): Promise<Body | { readonly ok: false; readonly problem: 'too-large' | 'charset' }> {
  if (!response.ok || as === 'json' || as === 'text') return readBody(response, bytesMax, signal)
  if (as === 'stream') return { ok: true, text: '', stream: response.body ?? emptyStream() }
  const read = await readBytes(response, bytesMax, signal)
  return read.ok ? { ...read, text: '' } : read
}

function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() })
}

function isStreamed(body: Outgoing['body']): body is OutgoingBody {
  return typeof body === 'object'
}

function isCutShort(body: Outgoing['body']): body is OutgoingBody {
  return isStreamed(body) && !body.whole
}

/** A yes to a request that was not whole yet is a yes to something else. */
function answeredEarly({ failure }: OutgoingBody): Failure {
  const hint = 'it came before the whole content was sent'
  return failure ? { ...failure, executed: 'unknown' } : { code: 'malformed-response', executed: 'unknown', hint }
}

/** Calls a hook; one that throws, at once or as a promise, must not break the call it watches, nor the process. */
export function tell(hook: () => unknown): void {
  try {
    const told = hook()
    if (told instanceof Promise) told.catch(() => undefined)
  } catch {
    // Documented: a hook that throws is ignored.
  }
}

async function send(fetch: AthenaFetch, outgoing: Outgoing): Promise<Response> {
  const { url, call, deadline, authorization } = outgoing
  const { signal } = deadline
  signal.throwIfAborted()
  const sendable = bodyOf(outgoing)
  const authorize = async () => {
    if (authorization) sendable.headers['authorization'] = await authorization()
  }
  const init = { method: call.method, signal, ...sendable, ...(authorization && { authorize }) }
  const sent = fetch(url, init, call)
  try {
    return await raceAbort(sent, signal)
  } catch (error) {
    // A fetch that does not heed the signal may still answer: nobody waits for that body.
    if (signal.aborted) sent.then(discard, () => undefined)
    throw error
  }
}

function bodyOf({ body, fields, headers }: Outgoing): Omit<AthenaRequestInit, 'method' | 'signal'> {
  if (!isStreamed(body)) return { headers, redirect: 'manual', ...(body === undefined ? {} : { body }) }
  const { stream, bytes } = body
  return {
    headers: { ...headers, ...(bytes !== undefined && { 'content-length': String(bytes) }) },
    body: stream,
    duplex: 'half',
    redirect: 'error',
    window: null,
    ...(fields === undefined ? {} : { fields }),
  }
}

function judgeError(error: unknown, deadline: Deadline, sent: Outgoing['body']): Failure {
  const ended = deadline.cause()
  if (ended === 'timeout') return { code: 'timeout', executed: 'unknown' }
  if (ended === 'aborted') return { code: 'aborted', executed: 'unknown' }
  // What broke was the content, whatever the connection says of it.
  if (isStreamed(sent) && sent.failure) return sent.failure
  const failure = judgeTransportError(error)
  if (!failure) throw error
  return failure
}

function unreadable(problem: 'too-large' | 'charset', status: number): Failure {
  if (problem === 'charset') return { code: 'malformed-response', executed: 'unknown', hint: 'unknown character set' }
  return { code: 'response-too-large', executed: status >= 200 && status < 300 ? 'yes' : 'unknown' }
}
