import type { AthenaCall, AthenaFetch, AthenaRequestInit } from '../src/athena-call.ts'

/** What a scripted fetch saw. */
export interface Sent {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  /** A streamed body is read to its end before the reply is given. */
  readonly body: string | undefined
  readonly init: AthenaRequestInit
  readonly call: AthenaCall
  readonly signal: AbortSignal
}

/** One answer: a body (text as it is, anything else as JSON) with status 200, a Response, an error, or a function of the request. */
export type Reply =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | Response
  | Error
  | ((sent: Sent) => Promise<Response> | Response)

export interface ScriptedFetch {
  readonly fetch: AthenaFetch
  /** Calls of the API, in order. */
  readonly sent: Sent[]
  /** Token requests, in order. */
  readonly tokens: Sent[]
}

/**
 * A `fetch` that answers the calls of the API from a list, in order, and fails when it runs out; the last reply of a
 * list that ends with `'repeat'` is given for ever. Token requests get a new token each, or replies of their own.
 */
export function scriptedFetch(
  replies: readonly (Reply | 'repeat')[],
  tokenReplies: readonly Reply[] = [],
): ScriptedFetch {
  const sent: Sent[] = []
  const tokens: Sent[] = []
  const list = replies.filter((reply) => reply !== 'repeat')
  return {
    sent,
    tokens,
    async fetch(url, init, call) {
      const { method, headers, signal } = init
      const body = typeof init.body === 'object' ? await new Response(init.body).text() : init.body
      const seen = { url: new URL(url), method, headers, body, init, call, signal }
      if (call.kind === 'token') {
        tokens.push(seen)
        const own = tokenReplies[tokens.length - 1]
        return answer(own ?? { body: { access_token: `token-${tokens.length}`, expires_in: '3600' } }, seen)
      }
      sent.push(seen)
      const chosen = list[sent.length - 1] ?? (replies.at(-1) === 'repeat' ? list.at(-1) : undefined)
      if (chosen === undefined) throw new Error(`the script has no reply number ${sent.length}`)
      return answer(chosen, seen)
    },
  }
}

async function answer(reply: Reply, sent: Sent): Promise<Response> {
  if (reply instanceof Error) throw reply
  if (reply instanceof Response) return reply
  if (typeof reply === 'function') return reply(sent)
  const { status = 200, headers = {}, body } = reply
  const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
  return new Response(text ?? null, { status, headers: { 'content-type': 'application/json', ...headers } })
}

/** The error a runtime's fetch gives for a system error. */
export function fetchError(code: string, members: object = {}): TypeError {
  const cause = Object.assign(new Error(`connect ${code} https://host/v1/1/patients?lastname=SECRET`), {
    code,
    ...members,
  })
  return new TypeError('fetch failed', { cause })
}

/** A reply that never comes; the request is only ended by its signal. */
export function never(): Promise<Response> {
  return new Promise(() => undefined)
}
