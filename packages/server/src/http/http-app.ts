import { createServer, Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerFactory,
  fastify,
} from 'fastify'
import type { Clock } from '../clock/clock.ts'
import type { Random } from '../clock/random.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { ErrorCode } from '../errors/error-table.ts'
import type { Log } from '../log/log.ts'
import { type PeerClass, peerClass } from './peer-class.ts'
import { problemOf, sendProblem } from './problem.ts'

/** Registers the routes of a slice. */
export type Routes = (app: FastifyInstance) => void

/** What both sides of a connection prove themselves with, as PEM. */
export interface TlsIdentity {
  readonly cert: string
  readonly key: string
  /** Certificates of the other side must come from this authority. */
  readonly ca: string
}

/** What was asked for by somebody who may not, and why not. Nothing that was sent is in it. */
export interface RefusedRequest {
  /** `GET /aegis/v1/status`, as it was registered; absent where there is nothing at the address, or nothing was asked yet. */
  readonly route?: string
  readonly code: ErrorCode
  /** Absent where the connection was over before that was known. */
  readonly peer?: PeerClass
}

export interface HttpAppOptions {
  readonly routes: Routes
  /** Throws for a request that is not to be answered. */
  readonly admit: (request: FastifyRequest) => void
  /** Told of each of those before they are answered, and of connections without a certificate of the authority. */
  readonly onRefused: (refused: RefusedRequest) => Promise<void>
  readonly log: Log
  readonly random: Pick<Random, 'uuid' | 'bytes'>
  /** The machine's clock: connections live in its time. */
  readonly clock: Clock
  /** Mutual TLS, 1.2 or newer; without it plain HTTP. */
  readonly tls?: TlsIdentity
  /** Others than usual; for tests. */
  readonly limits?: Partial<ConnectionLimits>
}

/** Of what anybody may do who can reach the port. */
export interface ConnectionLimits {
  /** Open at a time; further ones are closed at once. */
  readonly connections: number
  /** From a connection to the end of its hand-shake. */
  readonly handshakeMs: number
  /** For a request to arrive, from the connection or the request before on; an answer may take longer. */
  readonly requestMs: number
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
const TLS_LEAST = 'TLSv1.2'
const REQUEST_MS = 10_000
/** How often Node looks for requests that take longer; by itself every 30 s. */
const LOOK_EVERY_MS = 1_000
const KEEP_ALIVE_MS = 5_000
/** A process of the installation has four at most: enough for hundreds of them, and far fewer than a process may have files. */
const CONNECTIONS_MAX = 1_000
const HANDSHAKE_MS = 10_000
const STOP_WAIT_MS = 5_000

/** New certificates are for connections, too, whose beginning they fell into: longer than one may take to begin. */
const RENEWING_MS = 150_000

/** A listener that is not open yet. */
export interface HttpApp {
  listen(at: { host: string; port: number } | { path: string }): Promise<void>
  /** The address and port that were taken. */
  bound(): AddressInfo | undefined
  /**
   * From the next connection on, mutual TLS is with this; connections of before end. Throws what Node says of material
   * that does not fit together, and goes on with the one of before.
   */
  renew(tls: TlsIdentity): void
  /** Takes no more requests, lets the running ones end for up to 5 s, closes every socket. May be called twice. */
  stop(): Promise<void>
}

/**
 * Builds a listener with its limits. What a handler throws is answered as a problem (RFC 9457) and logged with the
 * request's id.
 */
export function httpApp(options: HttpAppOptions): HttpApp {
  const app = buildApp(options)
  let stopping: Promise<void> | undefined
  let renewingUntil = 0
  app.addHook('onSend', async (_request, reply) => {
    // Kept alive, the connection of a request that was running would hold up the end, or live on with a certificate of before.
    if (stopping || options.clock.steady() < renewingUntil) reply.header('connection', 'close')
  })
  options.routes(app)
  return {
    async listen(at) {
      try {
        await app.listen(at)
      } catch (error) {
        await app.close()
        throw error
      }
    },
    bound() {
      const bound = app.server.address()
      return typeof bound === 'object' && bound !== null ? bound : undefined
    },
    renew(tls) {
      const server: unknown = app.server
      if (!(server instanceof TlsServer)) return
      server.setSecureContext({ ...tls, minVersion: TLS_LEAST })
      renewingUntil = options.clock.steady() + RENEWING_MS
      server.closeIdleConnections()
    },
    stop() {
      stopping ??= stop(app, options.clock)
      return stopping
    },
  }
}

function buildApp({ admit, onRefused, log, random, tls, limits = {} }: HttpAppOptions): FastifyInstance {
  const plain = serverOptions(limits)
  const arrived = async (request: FastifyRequest, reply: FastifyReply) => {
    secureHeaders(request, reply)
    try {
      admit(request)
    } catch (error) {
      if (isAegisError(error)) await onRefused({ ...askedFor(request), code: error.code })
      throw error
    }
  }
  const answerError = (error: unknown, { id }: FastifyRequest, reply: FastifyReply) => {
    const problem = problemOf(error, id)
    if (problem.status >= 500) log.error('http.request-failed', error, { status: problem.status })
    return sendProblem(reply, problem)
  }
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    http: plain,
    requestTimeout: plain.requestTimeout,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    trustProxy: false,
    genReqId: () => random.uuid(),
    requestIdHeader: false,
    exposeHeadRoutes: false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    clientErrorHandler: (_error, socket) => socket.destroy(),
    // For an address that it cannot read the framework asks no hook, and would answer with that address.
    frameworkErrors(_error, request, reply) {
      const malformed = arrived(request, reply).then(() => Promise.reject(new AegisError('http.malformed-request')))
      malformed.catch((error: unknown) => answerError(error, request, reply))
    },
    ...(tls && { serverFactory: tlsServer({ tls, onRefused, limits }) }),
  })
  app.server.maxConnections = limits.connections ?? CONNECTIONS_MAX
  app.addHook('onRequest', arrived)
  app.setNotFoundHandler(() => {
    throw new AegisError('http.not-found')
  })
  app.setErrorHandler(answerError)
  return app
}

/** How long a request may take to arrive, and how large its head may be. */
function serverOptions(limits: Partial<ConnectionLimits>) {
  const requestTimeout = limits.requestMs ?? REQUEST_MS
  return {
    maxHeaderSize: HEADER_BYTES_MAX,
    insecureHTTPParser: false,
    requestTimeout,
    headersTimeout: requestTimeout,
    connectionsCheckingInterval: LOOK_EVERY_MS,
  }
}

/** Whoever has no certificate of the authority does not get as far as sending a request. */
function tlsServer({
  tls,
  onRefused,
  limits,
}: { tls: TlsIdentity; limits: Partial<ConnectionLimits> } & Pick<HttpAppOptions, 'onRefused'>): FastifyServerFactory {
  return (handler) => {
    const server = createServer(
      {
        ...tls,
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: TLS_LEAST,
        handshakeTimeout: limits.handshakeMs ?? HANDSHAKE_MS,
        ...serverOptions(limits),
        keepAliveTimeout: KEEP_ALIVE_MS,
      },
      handler,
    )
    server.on('tlsClientError', (error, socket) => {
      if (!isCertificateRefused(error, socket)) return
      const { remoteAddress } = socket
      void onRefused({ code: 'http.certificate-refused', ...(remoteAddress && { peer: peerClass(remoteAddress) }) })
    })
    // fastify names the type of plain servers; it uses of them what both have.
    return server as unknown as ReturnType<FastifyServerFactory>
  }
}

/** What is not so is a connection that was given up, or something else than TLS: whoever looks whether a port is open. */
function isCertificateRefused(error: Error, { authorizationError }: TLSSocket): boolean {
  const code = 'code' in error ? error.code : undefined
  return Boolean(authorizationError) || code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE'
}

/** The route as it was registered, and from where it was asked for. */
function askedFor({ method, routeOptions, raw }: FastifyRequest): Pick<RefusedRequest, 'route' | 'peer'> {
  const template = routeOptions.url?.replaceAll(/:(\w+)/g, '{$1}')
  return { peer: peerClass(raw.socket.remoteAddress), ...(template && { route: `${method} ${template}` }) }
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

async function stop(app: FastifyInstance, clock: Clock): Promise<void> {
  const force = clock.timer(STOP_WAIT_MS, () => app.server.closeAllConnections())
  await app.close()
  force.cancel()
}
