import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { FastifyRequest } from 'fastify'
import { AegisError } from '../errors/aegis-error.ts'
import { httpApp, type HttpAppOptions, type TlsIdentity } from './http-app.ts'
import { listenError } from './http-server.ts'

/** Where other processes of the installation reach this one: over the network with mutual TLS, or by a socket file. */
export type ServiceAt =
  | { readonly host: string; readonly port: number; readonly tls: TlsIdentity }
  | { readonly path: string; readonly service: string }

export interface ServiceServer {
  /** `https://10.0.0.5:7421`, or the path of the socket. */
  readonly at: string
  /** See `HttpApp.renew`; of no effect on a socket. */
  renew(tls: TlsIdentity): void
  stop(): Promise<void>
}

/** Names that stand in the certificate of who asks, or the one that the socket is for: who may open it, is it. */
export type ServiceNames = (request: FastifyRequest) => readonly string[]

/** The owner and the group of its directory may connect. */
const socketMode = 0o660

/**
 * Starts a listener for other processes of the installation. `routes` is told how to learn who asks. Errors:
 * `http.port-taken`, `http.port-refused`, `http.socket-refused`.
 */
export async function startServiceServer(
  at: ServiceAt,
  {
    routes,
    ...options
  }: Omit<HttpAppOptions, 'admit' | 'tls' | 'routes'> & {
    routes: (names: ServiceNames) => HttpAppOptions['routes']
  },
): Promise<ServiceServer> {
  if ('path' in at) return startOnSocket(at, { routes, ...options })
  const { host, port, tls } = at
  const app = httpApp({ ...options, tls, admit: () => undefined, routes: routes(certificateNames) })
  await app.listen({ host, port }).catch((error: unknown) => {
    throw listenError(error, port)
  })
  const shown = host.includes(':') ? `[${host}]` : host
  return {
    at: `https://${shown}:${app.bound()?.port ?? port}`,
    renew: (renewed) => app.renew(renewed),
    stop: () => app.stop(),
  }
}

async function startOnSocket(
  { path, service }: { path: string; service: string },
  { routes, ...options }: Parameters<typeof startServiceServer>[1],
): Promise<ServiceServer> {
  const app = httpApp({ ...options, admit: () => undefined, routes: routes(() => [service]) })
  try {
    await removeStale(path)
    await app.listen({ path })
    chmodSync(path, socketMode)
  } catch (error) {
    await app.stop()
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new AegisError('http.socket-refused', { path, reason }, { cause: error })
  }
  return { at: path, renew: () => undefined, stop: () => app.stop() }
}

/** A process that was killed leaves its socket behind; one that somebody listens on stays. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return
  if (!found.isSocket()) throw Object.assign(new Error('not a socket'), { code: 'EEXIST' })
  const answers = await new Promise<boolean>((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
  if (answers) throw Object.assign(new Error('in use'), { code: 'EADDRINUSE' })
  unlinkSync(path)
}

/**
 * DNS names of the certificate, else its common name. The authority was checked by TLS. Node puts a name that holds a comma
 * or a quote into quotes and writes the comma in another way: it cannot pass for two, and no such name is a service's.
 */
function certificateNames(request: FastifyRequest): readonly string[] {
  const { socket } = request.raw
  if (!(socket instanceof TLSSocket) || !socket.authorized) return []
  const { subjectaltname = '', subject } = socket.getPeerCertificate()
  const names = [...subjectaltname.matchAll(/(?:^|, )DNS:([^,\s"]+)/g)].map(([, name = '']) => name)
  const common = subject?.CN
  return names.length > 0 || typeof common !== 'string' ? names : [common]
}
