import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { RefusalCounter } from '../audit/refusal-counter.ts'
import { systemClock } from '../clock/clock.ts'
import type { Random } from '../clock/random.ts'
import type { KeyServerConfig } from '../config/read-key-server.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { RefusedRequest } from '../http/http-app.ts'
import { type ServiceAt, type ServiceServer, startServiceServer } from '../http/service-server.ts'
import type { ServiceGrants } from '../key-server/service-grants.ts'
import type { TokenBroker } from '../key-server/token-broker.ts'
import { tokenRoutes } from '../key-server/token.routes.ts'
import type { Log } from '../log/log.ts'

export interface ServeDeps {
  /** Answers by these grants, as they are at the time. */
  readonly brokerOf: (grants: () => ServiceGrants) => TokenBroker
  /** Writes down who has no certificate of the authority. */
  readonly refusals: Pick<RefusalCounter, 'note'>
  readonly log: Log
  readonly random: Random
}

/** The listeners of a key server. */
export interface TokenListeners {
  /** `https://…` of the port; undefined with sockets, or where nobody is served. */
  at(): string | undefined
  /**
   * Goes on with these services and certificates, and says whether anything was new. Whoever is on the list no longer is
   * refused from now on. Throws when they do not fit, or when the place itself is another, and then leaves all as it was.
   */
  use(config: KeyServerConfig): Promise<boolean>
  stop(): Promise<void>
}

/** Listens for other processes of the installation where the configuration says so; perhaps nowhere. */
export async function serveTokens(deps: ServeDeps, config: KeyServerConfig): Promise<TokenListeners> {
  const listeners = new Listeners(deps, config)
  try {
    await listeners.start()
  } catch (error) {
    await listeners.stop()
    throw error
  }
  return listeners
}

class Listeners implements TokenListeners {
  readonly #deps: ServeDeps
  readonly #routes: ReturnType<typeof tokenRoutes>
  readonly #servers = new Map<string, ServiceServer>()
  #config: KeyServerConfig

  constructor(deps: ServeDeps, config: KeyServerConfig) {
    this.#deps = deps
    this.#config = config
    this.#routes = tokenRoutes(deps.brokerOf(() => this.#config.services))
  }

  async start(): Promise<void> {
    for (const [name, at] of placesOf(this.#config)) this.#servers.set(name, await this.#serve(at))
  }

  at(): string | undefined {
    return this.#servers.get(ONE_PORT)?.at
  }

  async use(config: KeyServerConfig): Promise<boolean> {
    const before = this.#config
    if (isDeepStrictEqual(config, before)) return false
    if (placeOf(config) !== placeOf(before)) {
      throw new AegisError('key-server.settings-unusable', { reason: 'a new keyServer.listen takes a new start' })
    }
    const places = placesOf(config)
    const added = await this.#serveAll([...places].filter(([name]) => !this.#servers.has(name)))
    const { listen } = config
    if (listen && 'tls' in listen && before.listen && 'tls' in before.listen) {
      if (!isDeepStrictEqual(listen.tls, before.listen.tls)) this.#servers.get(ONE_PORT)?.renew(listen.tls)
    }
    this.#config = config
    const gone = [...this.#servers].filter(([name]) => !places.has(name))
    for (const [name, server] of added) this.#servers.set(name, server)
    for (const [name, server] of gone) {
      this.#servers.delete(name)
      await server.stop()
    }
    return true
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.stop()))
  }

  /** All of them, or none. */
  async #serveAll(places: readonly (readonly [string, ServiceAt])[]): Promise<Map<string, ServiceServer>> {
    const started = new Map<string, ServiceServer>()
    try {
      for (const [name, at] of places) started.set(name, await this.#serve(at))
    } catch (error) {
      for (const server of started.values()) await server.stop()
      throw error
    }
    return started
  }

  async #serve(at: ServiceAt): Promise<ServiceServer> {
    const { refusals, log, random } = this.#deps
    const onRefused = (refused: RefusedRequest) => refusals.note({ ...strangerAtTheDoor, ...refused })
    // Sockets live in the machine's time.
    const server = await startServiceServer(at, { routes: this.#routes, onRefused, log, random, clock: systemClock })
    log.info('key-server.listening', { tls: 'tls' in at })
    return server
  }
}

/** Who has no certificate has no name either. */
const strangerAtTheDoor = {
  type: 'access',
  subtype: 'connection-refused',
  actor: { kind: 'caller', id: 'unknown' },
} as const

/** The name of the listener that is for all services. */
const ONE_PORT = ''

/** Where to listen, by service, or for all of them. */
function placesOf({ listen, services }: KeyServerConfig): ReadonlyMap<string, ServiceAt> {
  if (!listen) return new Map()
  if ('host' in listen) return new Map([[ONE_PORT, listen]])
  const path = (service: string) => join(listen.directory, `${service}.sock`)
  return new Map(Object.keys(services).map((service) => [service, { path: path(service), service }]))
}

function placeOf({ listen }: KeyServerConfig): string | undefined {
  return listen && ('host' in listen ? `${listen.host} ${listen.port}` : listen.directory)
}
