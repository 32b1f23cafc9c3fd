import { Agent, request } from 'undici'
import { type Clock, systemClock } from '../clock/clock.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { isErrorCode } from '../errors/is-error-code.ts'
import type { TlsIdentity } from '../http/http-app.ts'
import { type TokenAsk, type TokenLease, tokenLease, tokenPath } from './token-api.ts'

/** Where the key server is: a host with mutual TLS, or a socket file of this machine. */
export type KeyServerAt = { readonly url: string; readonly tls: TlsIdentity } | { readonly path: string }

/** The way to a key server in another process. */
export interface KeyServerLink {
  /**
   * What it answers, within `timeoutMs`. Its refusals are AegisErrors of its codes; no answer is `key-server.unreachable`. A
   * question without `held` may take as long as athenahealth does; meanwhile the key server is asked whether it lives, and
   * one that stands still is `key-server.unreachable` within four seconds.
   */
  ask(ask: TokenAsk, timeoutMs: number): Promise<TokenLease>
  /** From the next question on, it proves itself with this; of no effect on a socket. */
  renew(tls: TlsIdentity): void
  close(): Promise<void>
}

const connectMs = 3_000
/** Whoever waits for a token is not to wait for a key server that does not even say that there is none. */
const sign = { everyMs: 1_000, timeoutMs: 3_000 }
const answerBytesMax = 64 * 1024

/** Opens nothing before it is asked. `clock`: of the time that answers may take. */
export function keyServerLink(at: KeyServerAt, clock: Clock = systemClock): KeyServerLink {
  let agent = agentFor(at)
  const origin = 'path' in at ? 'http://localhost' : at.url
  return {
    ask(ask, timeoutMs) {
      const way = { agent, origin, clock }
      return ask.held === undefined ? askWatched(way, ask, timeoutMs) : exchange(way, ask, { timeoutMs })
    },
    renew(tls) {
      if ('path' in at) return
      const before = agent
      agent = agentFor({ ...at, tls })
      // Questions under way are answered.
      void before.close().catch(() => undefined)
    },
    close: () => agent.destroy(),
  }
}

function agentFor(at: KeyServerAt): Agent {
  return new Agent({
    connections: 4,
    pipelining: 1,
    maxResponseSize: answerBytesMax,
    connect:
      'path' in at
        ? { socketPath: at.path, timeout: connectMs }
        : { ...at.tls, minVersion: 'TLSv1.2', rejectUnauthorized: true, timeout: connectMs },
  })
}

interface Way {
  readonly agent: Agent
  readonly origin: string
  readonly clock: Clock
}

/** Asks, and gives up as soon as the key server gives no sign of life. */
async function askWatched(way: Way, ask: TokenAsk, timeoutMs: number): Promise<TokenLease> {
  const over = new AbortController()
  const silent = untilSilent(way, ask, over.signal)
  silent.catch(() => undefined)
  try {
    return await Promise.race([exchange(way, ask, { timeoutMs, signal: over.signal }), silent])
  } finally {
    over.abort(new Error('the question is over'))
  }
}

/** Rejects when the key server gives no sign of life. */
async function untilSilent(way: Way, { newerThan, ...ask }: TokenAsk, signal: AbortSignal): Promise<never> {
  void newerThan
  while (true) {
    await way.clock.sleep(sign.everyMs, signal)
    // Answered at once, whether there is a token or not: no token has this number.
    await exchange(way, { ...ask, held: 0 }, { timeoutMs: sign.timeoutMs, signal }).catch((error: unknown) => {
      if (isAegisError(error, 'key-server.unreachable')) throw error
    })
  }
}

async function exchange(
  { agent, origin, clock }: Way,
  ask: TokenAsk,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
): Promise<TokenLease> {
  const late = Promise.withResolvers<never>()
  const leaving = new AbortController()
  // A request that waits for its connection does not hear the signal before that one is open, or given up.
  const leave = (error: Error) => {
    leaving.abort(error)
    late.reject(error)
  }
  const timer = clock.timer(timeoutMs, () => leave(new Error('no answer in time')))
  const heard = () => leave(new Error('nobody waits'))
  signal?.addEventListener('abort', heard, { once: true })
  const asked = async () => {
    const { statusCode, body } = await request(`${origin}${tokenPath}`, {
      dispatcher: agent,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ask),
      signal: leaving.signal,
    })
    return { status: statusCode, body: parsed(await body.text()) }
  }
  let answer: { status: number; body: unknown }
  try {
    answer = await Promise.race([asked(), late.promise])
  } catch (error) {
    throw new AegisError('key-server.unreachable', { reason: reasonOf(error) }, { cause: error })
  } finally {
    timer.cancel()
    signal?.removeEventListener('abort', heard)
  }
  const lease = answer.status === 200 ? tokenLease.safeParse(answer.body) : undefined
  if (lease?.success) return lease.data
  throw refusal(answer)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The key server's own error, told again, with when it makes sense to ask anew; anything else answers in its place. */
function refusal({ status, body }: { status: number; body: unknown }): AegisError {
  const { code, retryAfter } = memberOf(body)
  if (typeof code !== 'string' || !isErrorCode(code)) {
    return new AegisError('key-server.unreachable', { reason: `status ${status}` })
  }
  const isTold = typeof retryAfter === 'number' && retryAfter > 0 && retryAfter < Number.POSITIVE_INFINITY
  return new AegisError(code, { from: 'key server', ...(isTold && { retryAfterMs: retryAfter * 1_000 }) })
}

function memberOf(body: unknown): { readonly code?: unknown; readonly retryAfter?: unknown } {
  return typeof body === 'object' && body !== null ? body : {}
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z_0-9]+$/.test(code) ? code : 'no answer'
}
