import { nextTurn } from '../clock/next-turn.ts'
import { bodyEncoding, type Answer, type Arrival } from './answer.ts'
import { connectionEnded, connectionReset } from './connection-reset.ts'
import type { Line } from './line.ts'

export interface InProcessOptions {
  readonly handle: (arrival: Arrival) => Answer | Promise<Answer>
  readonly date: () => string
  readonly line: Line
  /** Aborted when the simulator stops: who still waits gets its reason. */
  readonly hungUp: AbortSignal
}

/**
 * A `fetch` that reaches the simulator without a socket. Any host is taken for the simulator's, so nothing leaves the
 * process. Requests count, are limited and are logged as those over HTTP. An aborted signal rejects before the request
 * is made or, when it comes later, instead of the answer, as on a network.
 */
export function inProcessFetch(options: InProcessOptions): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const encoding = bodyEncoding(request.headers.get('content-type') ?? undefined)
    const body = request.body === null ? '' : Buffer.from(await request.arrayBuffer()).toString(encoding)
    request.signal.throwIfAborted()
    const url = new URL(request.url)
    const answer = await options.handle({
      method: request.method,
      path: url.pathname,
      query: url.search.slice(1),
      authorization: request.headers.get('authorization') ?? undefined,
      contentType: request.headers.get('content-type') ?? undefined,
      requestId: request.headers.get('x-request-id') ?? undefined,
      accept: request.headers.get('accept') ?? undefined,
      body,
    })
    // A turn of the event loop, as any real answer takes: callers must not depend on an answer that is already there.
    await nextTurn()
    request.signal.throwIfAborted()
    if (answer.delivery !== undefined) return deliver(options, answer, request.signal)
    return new Response(bodyOf(answer), { status: answer.status, headers: headersOf(answer, options.date()) })
  }
}

/** An answer that does not come at once and whole. */
function deliver({ date, line, hungUp }: InProcessOptions, answer: Answer, signal: AbortSignal): Promise<Response> {
  const { dueAt = -Infinity, isReset } = answer.delivery ?? {}
  const given = AbortSignal.any([signal, hungUp])
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      timer.cancel()
      reject(given.reason)
    }
    if (given.aborted) return reject(given.reason)
    given.addEventListener('abort', giveUp)
    const timer = line.at(dueAt, () => {
      given.removeEventListener('abort', giveUp)
      if (isReset) return reject(connectionReset())
      const { status } = answer
      resolve(new Response(lateBody(answer, line, given), { status, headers: headersOf(answer, date()) }))
    })
  })
}

/** A body that comes piece by piece, or in part only. */
function lateBody(answer: Answer, line: Line, signal: AbortSignal): ReturnType<typeof bodyOf> {
  const { body, delivery } = answer
  const { cutAt, dribble } = delivery ?? {}
  if (!Buffer.isBuffer(body) || (cutAt === undefined && dribble === undefined)) return bodyOf(answer)
  if (cutAt !== undefined) return cutBody(body.subarray(0, cutAt))
  const { pieceBytes, everyMs } = dribble ?? { pieceBytes: body.length, everyMs: 0 }
  let timer: { cancel(): void } | undefined
  let sent = 0
  return new ReadableStream({
    start(controller) {
      const next = () => {
        controller.enqueue(new Uint8Array(body.subarray(sent, sent + pieceBytes)))
        sent += pieceBytes
        if (sent < body.length) timer = line.after(everyMs, next)
        else controller.close()
      }
      timer = line.after(everyMs, next)
      signal.addEventListener('abort', () => {
        timer?.cancel()
        controller.error(signal.reason)
      })
    },
    cancel: () => timer?.cancel(),
  })
}

function cutBody(bytes: Buffer): ReadableStream<Uint8Array> {
  let isSent = false
  return new ReadableStream({
    pull(controller) {
      if (isSent) controller.error(connectionEnded())
      else controller.enqueue(new Uint8Array(bytes))
      isSent = true
    },
  })
}

function headersOf({ headers }: Answer, date: string): Headers {
  const result = new Headers({ Date: date })
  for (let index = 0; index + 1 < headers.length; index += 2)
    result.append(headers[index] ?? '', headers[index + 1] ?? '')
  return result
}

function bodyOf({ status, body }: Answer): string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null {
  if (status === 204 || status === 304) return null
  if (typeof body === 'string') return body
  if (Buffer.isBuffer(body)) return new Uint8Array(body)
  const encoder = new TextEncoder()
  const pieces = body[Symbol.iterator]()
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.next()
      if (piece.done) controller.close()
      else controller.enqueue(encoder.encode(piece.value))
    },
  })
}
