import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Clock } from '../clock/clock.ts'
import type { Random } from '../clock/random.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { Log } from '../log/log.ts'
import { authenticateBearer } from './bearer.ts'
import { problemOf, sendProblem } from './problem.ts'

/** Registers the routes of a slice. */
export type Routes = (app: FastifyInstance) => void

export interface HttpServerOptions {
  /** A loopback address; anything else is refused: there is no TLS here. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** The token every request must carry as `Authorization: Bearer …`, except to routes with `config.open`. */
  readonly token: string
  readonly routes: Routes
  readonly log: Log
  readonly random: Pick<Random, 'uuid' | 'bytes'>
  /** The machine's clock: connections live in its time. */
  readonly clock: Clock
}

export interface HttpServer {
  /** `http://127.0.0.1:7420` */
  readonly url: string
  /** Takes no more requests, lets the running ones end for up to 5 s, closes every socket. May be called twice. */
  stop(): Promise<void>
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without a token: for what tells nothing. */
    readonly open?: boolean
    /** May be asked for under any name: for what is public, and reached through a proxy. */
    readonly anyHost?: boolean
  }
}

/** Larger than any request of an operator; a statement of SQL is the longest. */
const BODY_BYTES_MAX = 256 * 1024
const HEADER_BYTES_MAX = 16 * 1024
/** For the whole request to arrive; an answer may take longer. */
const REQUEST_TIMEOUT_MS = 10_000
const KEEP_ALIVE_MS = 5_000
const STOP_WAIT_MS = 5_000

/**
 * Starts a listener on the loopback interface. Errors: `http.tls-required`, `http.port-taken`, `http.port-refused`.
 * What a handler throws is answered as a problem (RFC 9457) and logged with the request's id.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, routes, clock } = options
  if (!['127.0.0.1', '::1', 'localhost'].includes(host)) throw new AegisError('http.tls-required', { host })
  const app = buildApp(options)
  let stopping: Promise<void> | undefined
  app.addHook('onSend', async (_request, reply) => {
    // Kept alive, the connection of a request that was running would hold up the end.
    if (stopping) reply.header('connection', 'close')
  })
  routes(app)
  try {
    await app.listen({ host, port })
  } catch (error) {
    await app.close()
    throw listenError(error, port)
  }
  const bound = app.server.address()
  const taken = typeof bound === 'object' && bound !== null ? bound.port : port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    stop() {
      stopping ??= stop(app, clock)
      return stopping
    },
  }
}

function buildApp(options: HttpServerOptions): FastifyInstance {
  const { token, log, random } = options
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    http: { maxHeaderSize: HEADER_BYTES_MAX, insecureHTTPParser: false },
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    trustProxy: false,
    genReqId: () => random.uuid(),
    requestIdHeader: false,
    exposeHeadRoutes: false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    clientErrorHandler: (_error, socket) => socket.destroy(),
  })
  app.addHook('onRequest', async (request, reply) => {
    secureHeaders(request, reply)
    if (!request.routeOptions.config.anyHost) checkHost(request)
    if (!request.routeOptions.config.open) authenticateBearer(request.headers.authorization, token)
  })
  app.setNotFoundHandler(() => {
    throw new AegisError('http.not-found')
  })
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, request.id)
    if (problem.status >= 500) log.error('http.request-failed', error, { status: problem.status })
    return sendProblem(reply, problem)
  })
  return app
}

/** Answers are for the one who asked: not for caches, not for frames, not for pages of other origins. */
function secureHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({
    'x-request-id': request.id,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
  })
}

const LOCAL_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i

/** A page in a browser may have its own name point here; such a request carries that name as its host. */
function checkHost(request: FastifyRequest): void {
  if (!LOCAL_HOST.test(request.headers.host ?? '')) throw new AegisError('http.wrong-host')
}

function listenError(error: unknown, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') return new AegisError('http.port-taken', { port }, { cause: error })
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
    return new AegisError('http.port-refused', { port }, { cause: error })
  return error
}

async function stop(app: FastifyInstance, clock: Clock): Promise<void> {
  const force = clock.timer(STOP_WAIT_MS, () => app.server.closeAllConnections())
  await app.close()
  force.cancel()
}
