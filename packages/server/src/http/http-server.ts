import type { FastifyRequest } from 'fastify'
import { AegisError } from '../errors/aegis-error.ts'
import { authenticateBearer } from './bearer.ts'
import { httpApp, type HttpAppOptions } from './http-app.ts'

export interface HttpServerOptions extends Omit<HttpAppOptions, 'admit' | 'tls'> {
  /** A loopback address; anything else is refused: there is no TLS here. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** The token every request must carry as `Authorization: Bearer …`, except to routes with `config.open`. */
  readonly token: string
}

export interface HttpServer {
  /** `http://127.0.0.1:7420` */
  readonly url: string
  /** Takes no more requests, lets the running ones end for up to 5 s, closes every socket. May be called twice. */
  stop(): Promise<void>
}

/**
 * Starts a listener on the loopback interface. Errors: `http.tls-required`, `http.port-taken`, `http.port-refused`.
 * What a handler throws is answered as a problem (RFC 9457) and logged with the request's id.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, token } = options
  if (!['127.0.0.1', '::1', 'localhost'].includes(host)) throw new AegisError('http.tls-required', { host })
  const app = httpApp({
    ...options,
    admit(request) {
      const { config } = request.routeOptions
      if (!config.anyHost) checkHost(request)
      if (!config.open) authenticateBearer(request.headers.authorization, token)
    },
  })
  await app.listen({ host, port }).catch((error: unknown) => {
    throw listenError(error, port)
  })
  // Not the name: of the addresses that "localhost" stands for, others may have the port at one.
  const at = app.bound() ?? { address: host, port }
  return {
    url: `http://${at.address.includes(':') ? `[${at.address}]` : at.address}:${at.port}`,
    stop: () => app.stop(),
  }
}

const LOCAL_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i

/** A page in a browser may have its own name point here; such a request carries that name as its host. */
function checkHost(request: FastifyRequest): void {
  if (!LOCAL_HOST.test(request.headers.host ?? '')) throw new AegisError('http.wrong-host')
}

/** Why a port cannot be listened on, as the operator can mend it. */
export function listenError(error: unknown, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') return new AegisError('http.port-taken', { port }, { cause: error })
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
    return new AegisError('http.port-refused', { port }, { cause: error })
  return error
}
