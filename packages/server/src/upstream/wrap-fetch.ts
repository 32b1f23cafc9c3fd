import type { AthenaCall, AthenaFetch, AthenaRequestInit, ResponseEvent } from '@aegis/client'
import { type Clock, systemClock } from '../clock/clock.ts'
import { RemoteClock, SKEW_ALARM_MS } from '../clock/remote-clock.ts'
import { checkedUrl, type EgressRule } from '../egress/egress-rule.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import type { Log } from '../log/log.ts'
import { type CallContext, contextOf, UnrecordedOutcome } from './call-context.ts'
import { type Connection, type Connections, isNotSent } from './connections.ts'
import { type Permit, permit, type PermitDeps } from './permit.ts'
import { watchedResponse } from './watched-body.ts'

export interface WayOutDeps {
  readonly permit: PermitDeps
  readonly connections: Connections
  readonly rule: EgressRule
  readonly clock: Clock
  readonly log: Log
  /** athenahealth's clock, where others are to know it too. */
  readonly theirs?: RemoteClock
  readonly timeouts?: Partial<SendTimeouts>
  /** How long a token was looked for, in the database or on another host, is told by this one. Default: the machine's. */
  readonly machine?: Pick<Clock, 'steady'>
}

/** Limits of one attempt, in real ms, from the permission on. */
export interface SendTimeouts {
  /** To the headers of the answer. Default 10,000. */
  readonly headersMs: number
  /** To the last byte. Default 30,000. */
  readonly totalMs: number
  /** To its headers for intensive calls and reads of feeds, whose first byte waits for the whole query. Default 30,000. */
  readonly slowHeadersMs: number
  /** To their last byte. Default 90,000: a page of megabytes begins when the query is done. */
  readonly slowTotalMs: number
}

const TIMEOUTS: SendTimeouts = { headersMs: 10_000, totalMs: 30_000, slowHeadersMs: 30_000, slowTotalMs: 90_000 }

/** Whether its first byte waits for the whole query. A feed is read again as slowly as it is for the first time. */
function isSlow({ intensive, consuming, route }: AthenaCall): boolean {
  return intensive || consuming || route.endsWith('/changed')
}

/** An open outcome that nobody recorded is closed after this. */
const OUTCOME_MS = 600_000

/** Permissions that find no open connection before a call keeps one to itself, or no token at hand before it waits for one. */
const MISSES_MAX = 3

/** What a permission may wait for a token: little, against how late a call may leave (`ratePlan`). */
const AT_ONCE_MS = 10

/** The way to athenahealth: what the client's `fetch` is. */
export interface WayOut {
  /**
   * Sends what may be sent, and nothing that is not in the audit log. Rejects with an AegisError only if nothing was
   * sent; with the network's errors otherwise. Token requests pass without policy, quota and audit: they are the key
   * server's, which sees to all three.
   */
  readonly fetch: AthenaFetch
  /** athenahealth's clock. */
  readonly theirs: RemoteClock
  /** To be told what the client made of each answer (its hook `onResponse`). */
  judged(event: ResponseEvent): void
  /** Closes every connection. */
  close(): Promise<void>
}

/** Builds the way out: allow-list, permit, connection, timeouts, outcome; and learns from every answer. */
export function wrapFetch(deps: WayOutDeps): WayOut {
  const way: Way = {
    deps,
    theirs: deps.theirs ?? new RemoteClock(deps.clock),
    open: new Map(),
    sentAt: new WeakMap(),
    timeouts: { ...TIMEOUTS, ...deps.timeouts },
  }
  return {
    theirs: way.theirs,
    fetch: (url, init, call) =>
      call.kind === 'token' ? sendToken(way, url, { init, call }) : sendCall(way, url, { init, call }),
    judged: (event) => judged(way, event),
    close: () => deps.connections.close(),
  }
}

interface Way {
  readonly deps: WayOutDeps
  readonly theirs: RemoteClock
  readonly timeouts: SendTimeouts
  /** Answered calls whose outcome a caller has to record, by request id and attempt. */
  readonly open: Map<string, Permit>
  /** When a call left, of the steady clock. */
  readonly sentAt: WeakMap<AthenaCall, number>
}

interface Outgoing {
  readonly init: AthenaRequestInit
  readonly call: AthenaCall
}

async function sendToken(way: Way, url: string, { init, call }: Outgoing): Promise<Response> {
  const target = checkedUrl(way.deps.rule, url)
  const connection = await way.deps.connections.open()
  const done = () => connection.destroy()
  try {
    const { response, sent, close } = await exchange(way, { init, call, target, connection })
    // Without a date it says nothing: API calls may still have one.
    if (response.headers.has('date')) learnTime(way, response, sent.steadyAt)
    const ended = async () => {
      close()
      done()
    }
    return await watchedResponse(response, { ended, brokeOff: done })
  } catch (error) {
    done()
    throw error
  }
}

async function sendCall(way: Way, url: string, { init, call }: Outgoing): Promise<Response> {
  const { deps } = way
  const context = contextOf(call)
  const target = checkedTarget(deps.rule, url, call)
  const { practice } = call
  if (practice === undefined) throw new AegisError('upstream.no-context', { call: `${call.method} ${call.route}` })
  // A write or a consuming read never meets a connection that athenahealth is just closing.
  const fresh = call.idempotent ? undefined : await deps.connections.open()
  const permitted = await permit(deps.permit, {
    call: { ...call, practice },
    url: target,
    context,
    signal: init.signal,
    ...formOf(init),
  }).catch((error: unknown) => {
    fresh?.destroy()
    throw error
  })
  const connection = await readyToSend(deps, { permitted, fresh, init })
  return answered(way, { init, call, target, context, permitted, connection })
}

/** What a call says of itself in its body: the form, or of an upload what stands beside the file. */
function formOf({ body, fields }: AthenaRequestInit): { body?: string } {
  const form = typeof body === 'string' ? body : fields
  return form === undefined ? {} : { body: form }
}

interface Readying {
  readonly permitted: Permit
  readonly fresh: Connection | undefined
  readonly init: AthenaRequestInit
}

/** A connection, and the token that is right, at the very moment of a permission; else it is given back. */
async function readyToSend(deps: WayOutDeps, { permitted, fresh, init }: Readying): Promise<Connection> {
  let connection: Connection | undefined
  try {
    connection = await connected(deps, permitted, fresh)
    for (let looks = 0; !(await isAuthorizedAtOnce(deps, init)) && looks < MISSES_MAX; looks++) {
      // What was looked for is at hand when the next permission comes, unless that takes long.
      await permitted.again()
      if (!connection.usable) connection = await connected(deps, permitted, fresh)
    }
    permitted.confirm()
    return connection
  } catch (error) {
    connection?.destroy()
    await permitted.unused()
    await permitted.settle({ outcome: 'failure' }).catch(() => undefined)
    throw error
  }
}

/** Puts the token of now into the headers: the call may have waited long. Whether nothing had to be looked up for it. */
async function isAuthorizedAtOnce({ machine = systemClock }: WayOutDeps, init: AthenaRequestInit): Promise<boolean> {
  const askedAt = machine.steady()
  await init.authorize?.()
  return machine.steady() - askedAt < AT_ONCE_MS
}

/** A connection that is open at the very moment of a permission. */
function connected(deps: WayOutDeps, permitted: Permit, fresh: Connection | undefined): Promise<Connection> {
  return fresh ? ownConnection(deps, permitted, fresh) : sharedConnection(deps, permitted)
}

async function sharedConnection({ connections }: WayOutDeps, permitted: Permit): Promise<Connection> {
  for (let misses = 0; misses < MISSES_MAX; misses++) {
    const idle = connections.idle()
    if (idle) return idle
    // Whoever gets the next permission takes it, and this call the one that is free when its own comes.
    const opened = await connections.open()
    opened.release()
    await permitted.again()
  }
  return connections.idle() ?? ownConnection({ connections }, permitted, undefined)
}

async function ownConnection(
  { connections }: Pick<WayOutDeps, 'connections'>,
  permitted: Permit,
  made: Connection | undefined,
): Promise<Connection> {
  let connection = made
  for (let misses = 0; !connection?.usable && misses < MISSES_MAX; misses++) {
    const opened = await connections.open()
    connection = opened
    await permitted.again().catch((error: unknown) => {
      opened.destroy()
      throw error
    })
  }
  return connection ?? connections.open()
}

interface Permitted extends Outgoing {
  readonly target: URL
  readonly context: CallContext
  readonly permitted: Permit
  readonly connection: Connection
}

async function answered(way: Way, { permitted, context, ...sent }: Permitted): Promise<Response> {
  const { connection, call } = sent
  const brokeOff = (error?: unknown) => {
    connection.destroy()
    if (isNotSent(error)) void permitted.unused()
    // What cannot be recorded now is closed as unknown by the audit log itself.
    void permitted.settle({ outcome: 'unknown' }).catch(() => undefined)
  }
  try {
    const { response, sent: left, close } = await exchange(way, sent)
    way.sentAt.set(call, left.steadyAt)
    learn(way, response, left)
    const upstreamRequestId = response.headers.get('x-request-id') ?? undefined
    const known = upstreamRequestId === undefined ? {} : { upstreamRequestId }
    const taken = response.ok && context.outcome !== undefined
    if (taken) handOver(way, { call, permitted, context, status: response.status, known })
    const ended = async () => {
      close()
      if (call.idempotent) connection.release()
      else connection.destroy()
      if (!taken) await recorded(permitted.settle({ outcome: response.ok ? 'success' : 'failure', ...known }))
    }
    return await watchedResponse(response, {
      ended,
      brokeOff: () => {
        close()
        brokeOff()
      },
    })
  } catch (error) {
    brokeOff(error)
    throw error
  }
}

function recorded(outcome: Promise<void>): Promise<void> {
  return outcome.catch((error: unknown) => {
    throw new UnrecordedOutcome(error)
  })
}

interface HandOver {
  readonly call: AthenaCall
  readonly permitted: Permit
  readonly context: CallContext
  readonly status: number
  readonly known: { upstreamRequestId?: string }
}

/** The caller records the outcome; if it does not, it is closed all the same. */
function handOver(way: Way, { call, permitted, context, status, known }: HandOver): void {
  const key = keyOf(call)
  const close = async (outcome: Parameters<Permit['settle']>[0]) => {
    timer.cancel()
    way.open.delete(key)
    await permitted.settle({ ...known, ...outcome })
  }
  const timer = way.deps.clock.timer(OUTCOME_MS, () => void close({ outcome: 'unknown' }).catch(() => undefined))
  way.open.set(key, { ...permitted, settle: close })
  context.outcome?.({
    status,
    ...known,
    record: (facts) => recorded(close({ outcome: 'success', ...facts })),
  })
}

function keyOf(call: AthenaCall): string {
  return `${call.requestId}/${call.attempt}`
}

/** What the client found out by reading the body: throttling in a gateway's words, answers that cannot be used. */
function judged(way: Way, { call, outcome, meta }: ResponseEvent): void {
  const {
    log,
    clock,
    permit: { quota, app },
  } = way.deps
  if (call.kind === 'token') return
  if (outcome === 'throttled') {
    const now = clock.steady()
    const sentMsAgo = now - (way.sentAt.get(call) ?? now)
    quota
      .throttled(app, { retryAfterMs: meta?.retryAfterMs, sentMsAgo })
      .catch((error: unknown) => log.error('upstream.throttling-not-shared', error))
  }
  if (outcome !== 'ok') {
    way.open
      .get(keyOf(call))
      ?.settle({ outcome: 'failure' })
      .catch(() => undefined)
  }
}

interface Exchange extends Outgoing {
  readonly target: URL
  readonly connection: Connection
}

/** Sends within the limits of time; `close` when the body has been read. */
async function exchange(way: Way, { init, call, target, connection }: Exchange) {
  const { headersMs, totalMs, slowHeadersMs, slowTotalMs } = way.timeouts
  const slow = isSlow(call)
  // Not `AbortSignal.any`: Node keeps such a signal for ever while anybody listens to it, and so one for every call made.
  const ending = new AbortController()
  const { signal } = ending
  const end = (reason: unknown) => {
    close()
    ending.abort(reason)
  }
  const follow = () => end(init.signal.reason)
  const late = () => end(new DOMException('athenahealth took too long to answer', 'TimeoutError'))
  // Real time, whatever clock the installation runs on: these are sockets.
  const total = systemClock.timer(slow ? slowTotalMs : totalMs, late)
  const headers = systemClock.timer(slow ? slowHeadersMs : headersMs, late)
  const close = () => {
    total.cancel()
    init.signal.removeEventListener('abort', follow)
  }
  if (init.signal.aborted) follow()
  init.signal.addEventListener('abort', follow, { once: true })
  const sent: Sent = { at: way.deps.clock.now(), steadyAt: way.deps.clock.steady() }
  try {
    await failpoint('upstream.before-send')
    const { method, headers: fields, body } = init
    const request = { method, headers: fields, signal, ...(body === undefined ? {} : { body }) }
    const response = await connection.send(target, request)
    await failpoint('upstream.after-headers')
    return { response, sent, close }
  } catch (error) {
    close()
    throw error
  } finally {
    headers.cancel()
  }
}

/** When a request left, of our two clocks. */
interface Sent {
  readonly at: number
  readonly steadyAt: number
}

/** Every answer says how athenahealth's clock and count stand. */
function learn(way: Way, response: Response, { at, steadyAt }: Sent): void {
  const { quota, app } = way.deps.permit
  learnTime(way, response, steadyAt)
  const limit = countOf(response.headers.get('x-ratelimit-limit'))
  const remaining = countOf(response.headers.get('x-ratelimit-remaining'))
  quota.observe({
    app,
    at,
    isRefusal: !response.ok,
    ...(limit === undefined ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
  })
}

function learnTime({ deps: { clock, log }, theirs }: Way, response: Response, sentAt: number): void {
  const wasOff = theirs.skewAtLeastMs > SKEW_ALARM_MS
  theirs.observe({ sentAt, receivedAt: clock.steady(), headers: response.headers })
  const offMs = theirs.skewAtLeastMs
  if (offMs > SKEW_ALARM_MS && !wasOff) log.warn('upstream.clock-skew', { skewMs: Math.round(offMs) })
}

function countOf(header: string | null): number | undefined {
  return header !== null && /^\d{1,12}$/.test(header.trim()) ? Number(header) : undefined
}

/** The allowed origin, and the path of the very practice that the permit will be for. */
function checkedTarget(rule: EgressRule, url: string, call: AthenaCall): URL {
  const target = checkedUrl(rule, url)
  const end = call.route.split('/').length
  const practice = target.pathname.split('/').at(-end)
  if (practice !== String(call.practice)) throw new AegisError('egress.refused', { allowed: rule.origin })
  return target
}
