import { AegisError } from '../errors/aegis-error.ts'
import { scopesOf } from './app-ref.ts'

/** What one service of the installation may have tokens for. */
export interface ServiceGrant {
  readonly practices: 'all' | readonly number[]
  /** Absent: what the key server itself is configured with. */
  readonly scopes?: readonly string[]
}

/** By the name of the service: in its certificate, or of its socket. */
export type ServiceGrants = Readonly<Record<string, ServiceGrant>>

/** What a service asks for. */
export interface GrantWish {
  readonly practices: readonly number[]
  readonly scope: string
}

/**
 * The service that these names stand for (pure): the first that is granted anything. `key-server.service-unknown` when
 * none is; the names are not repeated.
 */
export function knownService(grants: ServiceGrants, names: readonly string[]): string {
  const known = names.find((name) => Object.hasOwn(grants, name))
  if (known === undefined) throw new AegisError('key-server.service-unknown')
  return known
}

/**
 * Refuses a practice or scope that the service is not granted, to name no scope at all, and no practice where they are
 * listed: `key-server.not-granted` (pure). athenahealth answers a request without a scope as it does one with a wrong secret.
 */
export function checkGrant(
  grants: ServiceGrants,
  service: string,
  { wish, scopeDefault }: { wish: GrantWish; scopeDefault: string },
): void {
  const grant = Object.hasOwn(grants, service) ? grants[service] : undefined
  if (!grant) throw new AegisError('key-server.service-unknown')
  checkPractices(grant, service, wish.practices)
  const allowed = new Set(grant.scopes ?? scopesOf(scopeDefault))
  const wanted = scopesOf(wish.scope)
  if (wanted.length === 0 || wanted.some((scope) => !allowed.has(scope))) {
    throw new AegisError('key-server.not-granted', { service, of: 'scope' })
  }
}

function checkPractices({ practices }: ServiceGrant, service: string, wanted: readonly number[]): void {
  if (practices === 'all') return
  if (wanted.length === 0) throw new AegisError('key-server.not-granted', { service, of: 'practice' })
  const listed = new Set(practices)
  const foreign = wanted.find((practice) => !listed.has(practice))
  if (foreign !== undefined) throw new AegisError('key-server.not-granted', { service, practice: foreign })
}
