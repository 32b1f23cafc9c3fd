import { nextTurn } from '../clock/next-turn.ts'
import { bodyEncoding, type Answer, type Arrival } from './answer.ts'

/**
 * A `fetch` that reaches the simulator without a socket. Any host is taken for the simulator's, so nothing leaves the
 * process. Requests count, are limited and are logged as those over HTTP. An aborted signal rejects before the request
 * is made or, when it comes later, instead of the answer, as on a network.
 */
export function inProcessFetch(
  handle: (arrival: Arrival) => Answer | Promise<Answer>,
  date: () => string,
): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const encoding = bodyEncoding(request.headers.get('content-type') ?? undefined)
    const body = request.body === null ? '' : Buffer.from(await request.arrayBuffer()).toString(encoding)
    request.signal.throwIfAborted()
    const url = new URL(request.url)
    const answer = await handle({
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
    return new Response(bodyOf(answer), { status: answer.status, headers: headersOf(answer, date()) })
  }
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
