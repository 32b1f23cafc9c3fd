import type { AnswerMeta, AthenaCall, AthenaFetch, AthenaHooks } from '../athena-call.ts'
import type { Clock } from '../clock.ts'
import { readMeta } from './answer-meta.ts'
import type { Deadline } from './deadline.ts'
import type { Failure } from './judge-response.ts'
import { discard, raceAbort, readBody } from './read-body.ts'
import { judgeTransportError } from './transport-fault.ts'

export interface ExchangeDeps {
  readonly fetch: AthenaFetch
  readonly clock: Clock
  readonly hooks: AthenaHooks
}

export interface Outgoing {
  readonly url: string
  readonly headers: Record<string, string>
  readonly body?: string
  readonly call: AthenaCall
  readonly deadline: Deadline
  readonly bytesMax: number
  /** Called when the headers have come and the body is still to come. */
  readonly onHeaders?: () => void
}

export type Exchange =
  | { readonly ok: true; readonly text: string; readonly meta: AnswerMeta; readonly gatewayError?: string }
  | { readonly ok: false; readonly failure: Failure; readonly meta?: AnswerMeta }

/**
 * One attempt: sends and reads the whole body, or says why there is none. Rejects only with errors of the `fetch` itself
 * that are not of the network.
 */
export async function exchange(deps: ExchangeDeps, outgoing: Outgoing): Promise<Exchange> {
  const { call, deadline } = outgoing
  tell(() => deps.hooks.onAttempt?.({ call, at: deps.clock.now() }))
  let meta: AnswerMeta | undefined
  try {
    const response = await send(deps.fetch, outgoing)
    outgoing.onHeaders?.()
    const receivedAt = deps.clock.now()
    const { status, headers } = response
    meta = readMeta({ status, headers, receivedAt, requestId: call.requestId, attempts: call.attempt })
    const body = await readBody(response, outgoing.bytesMax, deadline.signal)
    if (!body.ok) return { ok: false, failure: unreadable(body.problem, meta.status), meta }
    const gatewayError = headers.get('x-mashery-error-code') ?? headers.get('x-error-detail-header')
    return { ok: true, text: body.text, meta, ...(gatewayError === null ? {} : { gatewayError }) }
  } catch (error) {
    const failure = judgeError(error, deadline)
    if (!meta) return { ok: false, failure }
    // Headers came: whatever the error's code, the request has been seen.
    return { ok: false, failure: { ...failure, executed: 'unknown' }, meta }
  }
}

/** Calls a hook; one that throws must not break the call it watches. */
export function tell(hook: () => void): void {
  try {
    hook()
  } catch {
    // Documented: a hook that throws is ignored.
  }
}

async function send(fetch: AthenaFetch, { url, headers, body, call, deadline }: Outgoing): Promise<Response> {
  const { signal } = deadline
  signal.throwIfAborted()
  const init = {
    method: call.method,
    headers,
    signal,
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  } as const
  const sent = fetch(url, init, call)
  try {
    return await raceAbort(sent, signal)
  } catch (error) {
    // A fetch that does not heed the signal may still answer: nobody waits for that body.
    if (signal.aborted) sent.then(discard, () => undefined)
    throw error
  }
}

function judgeError(error: unknown, deadline: Deadline): Failure {
  const ended = deadline.cause()
  if (ended === 'timeout') return { code: 'timeout', executed: 'unknown' }
  if (ended === 'aborted') return { code: 'aborted', executed: 'unknown' }
  const failure = judgeTransportError(error)
  if (!failure) throw error
  return failure
}

function unreadable(problem: 'too-large' | 'charset', status: number): Failure {
  if (problem === 'charset') return { code: 'malformed-response', executed: 'unknown', hint: 'unknown character set' }
  return { code: 'response-too-large', executed: status >= 200 && status < 300 ? 'yes' : 'unknown' }
}
