import { type BaseUrlOptions, type Environment, isAthenaError, resolveBaseUrl } from '@aegis/client'
import { ClockOffset } from '../clock/clock-offset.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { type AppRef, scopesOf, type TokenKey } from './app-ref.ts'
import type { KeyServerDeps } from './fetch-token.ts'
import { keyDesk, type KeyDesk } from './key-desk.ts'
import { offerCredential, type Offer, type OfferResult } from './offer-credential.ts'
import { type KeptTokenSource, TokenKeeper } from './token-keeper.ts'

/** Where and for what a token is wanted. */
export interface TokenSourceOptions extends BaseUrlOptions {
  readonly credential: AppRef
  /** Default: everything the app was granted. */
  readonly scope?: string
}

export interface KeyServerOptions {
  /** Token requests per minute and app that athenahealth allows. Default: preview 5, production 50, local 50. */
  readonly requestsPerMinute?: Readonly<Partial<Record<Environment, number>>>
}

/**
 * The one place where credentials are: takes secrets in, hands out tokens, and gives no secret back. Every change of a
 * credential and every use of one is in the audit log.
 */
export interface KeyServer {
  /** What the configuration, or the vault that it names, gives at a start: see `offerCredential`. The secret is wiped. */
  offerCredential(app: AppRef, offer: Offer): Promise<OfferResult>
  /** The credentials of an app, as a person changes them. */
  desk(app: AppRef): KeyDesk
  /**
   * Tokens of a credential for one environment and host. One request serves all callers of all processes; it is stored
   * and survives a restart. Throws before any I/O: `key-server.environment-crossed` when the credential is another
   * environment's, `key-server.base-url-refused` when the host is.
   *
   * Its `get` rejects with `key-server.credential-refused` (athenahealth says no, or there is no such credential:
   * `key-server.credential-missing`) or `key-server.token-unavailable` (try again after `retryAfterMs`).
   */
  tokenSource(options: TokenSourceOptions): KeptTokenSource
  /** Forgets every token in memory, and waits for requests under way, 10 seconds at most. */
  stop(): Promise<void>
}

/** athenahealth's limits (docs.athenahealth.com, "Authentication and URL Locations", read 2026-11). */
const requestsPerMinute = { preview: 5, production: 50, local: 50 } as const
/** Everything the app was granted; athenahealth refuses a request without a scope. */
const scopeDefault = 'athena/service/Athenanet.MDP.*'

export function createKeyServer(given: KeyServerDeps, options: KeyServerOptions = {}): KeyServer {
  const deps = { ...given, offset: new ClockOffset() }
  const keepers = new Map<string, TokenKeeper>()
  const limits = { ...requestsPerMinute, ...options.requestsPerMinute }
  const onRevoked = () => {
    for (const keeper of keepers.values()) keeper.forget()
  }
  return {
    offerCredential: (app, offer) => offerCredential(deps, app, offer),
    desk: (app) => keyDesk(deps, { app, onRevoked }),
    tokenSource(wanted) {
      const key = tokenKey(wanted)
      const id = JSON.stringify([key.environment, key.clientId, key.baseUrl, key.scope])
      const wish = { key, allowedHosts: wanted.allowedHosts ?? [], requestsPerMinute: limits[key.environment] }
      const keeper = keepers.get(id) ?? new TokenKeeper(deps, wish)
      keepers.set(id, keeper)
      return keeper
    },
    async stop() {
      await Promise.all([...keepers.values()].map((keeper) => keeper.stop()))
    },
  }
}

function tokenKey({ credential, scope = scopeDefault, ...place }: TokenSourceOptions): TokenKey {
  if (credential.environment !== place.environment) {
    throw new AegisError('key-server.environment-crossed', {
      credential: credential.environment,
      environment: place.environment,
    })
  }
  return { ...credential, baseUrl: resolved(place), scope: scopesOf(scope).join(' ') }
}

function resolved(place: BaseUrlOptions): string {
  try {
    return resolveBaseUrl(place)
  } catch (error) {
    if (!isAthenaError(error)) throw error
    throw new AegisError('key-server.base-url-refused', { environment: place.environment }, { cause: error })
  }
}
