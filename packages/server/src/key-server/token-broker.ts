import type { Audit } from '../audit/audit.ts'
import type { Refusal, RefusalCounter } from '../audit/refusal-counter.ts'
import type { Clock } from '../clock/clock.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { ErrorCode } from '../errors/error-table.ts'
import type { PeerClass } from '../http/peer-class.ts'
import { type AppRef, entityOf, scopesOf } from './app-ref.ts'
import { checkGrant, knownService, type ServiceGrants } from './service-grants.ts'
import { type TokenAsk, type TokenLease, tokenPath } from './token-api.ts'
import type { KeptTokenSource } from './token-keeper.ts'

export interface BrokerDeps {
  readonly audit: Pick<Audit, 'record'>
  readonly refusals: Pick<RefusalCounter, 'note'>
  readonly clock: Clock
  /** Tokens of the app with this scope. */
  readonly source: (scope: string) => Pick<KeptTokenSource, 'get' | 'atHand'>
}

export interface BrokerOptions {
  /** The one app that tokens are handed out of. */
  readonly app: AppRef
  readonly scopeDefault: string
  /** As they are just now. */
  readonly grants: () => ServiceGrants
}

/** Who asks: the names in a certificate, or that of a socket. */
export interface Asker {
  readonly names: readonly string[]
  readonly peer?: PeerClass
}

/** Hands tokens to other processes of the installation. */
export interface TokenBroker {
  /**
   * A token for whoever carries one of these names. `key-server.service-unknown`, `key-server.not-granted` and
   * `key-server.asks-too-often`, above the limit, are in the audit log, as is every token the first time that a service gets it;
   * else what a `TokenSource` rejects with. Whoever holds one while there is none, since it was revoked, is told so at once
   * with `key-server.token-unavailable`, and does not wait for the next one.
   */
  issue(asker: Asker, ask: TokenAsk): Promise<TokenLease>
}

/**
 * Another process that holds the credentials may have revoked one: for a service the database is looked at each time it
 * asks, all but that. With the four seconds after which it asks, it follows within five.
 */
const lookedAtMs = 500

/** A service looks every four seconds; a process that asks this often has gone wild. */
const asksPerSecond = 50

const tokenRoute = `POST ${tokenPath}`

export function createTokenBroker(deps: BrokerDeps, options: BrokerOptions): TokenBroker {
  const issued = new Map<string, number>()
  const asks = new Map<string, { second: number; count: number }>()
  return {
    async issue(asker, ask) {
      const service = await admitted(deps, { asker, ask, options, asks })
      const { newerThan, held } = ask
      const scope = scopesOf(ask.scope).join(' ')
      const source = deps.source(scope)
      const isAtHand = (await source.atHand(lookedAtMs)) !== undefined
      if (held !== undefined && newerThan === undefined && !isAtHand) {
        throw new AegisError('key-server.token-unavailable', { reason: 'the one at hand is over' })
      }
      const token = await source.get(newerThan === undefined ? {} : { newerThan })
      const key = `${service} ${scope}`
      if (issued.get(key) !== token.generation) {
        await recordIssue(deps, service, options.app)
        issued.set(key, token.generation)
      }
      const { generation } = token
      const leftMs = Math.max(0, token.endsAt - deps.clock.steady())
      return { generation, leftMs, ...(held !== generation && { value: token.value }) }
    },
  }
}

interface Admission {
  readonly asker: Asker
  readonly ask: TokenAsk
  readonly options: BrokerOptions
  readonly asks: Map<string, { second: number; count: number }>
}

async function admitted(deps: BrokerDeps, admission: Admission): Promise<string> {
  try {
    return admit(admission, Math.floor(deps.clock.steady() / 1_000))
  } catch (error) {
    if (isAegisError(error)) await deps.refusals.note(refusalOf(admission, error.code))
    throw error
  }
}

/** The service that may have what is asked for; throws why not. */
function admit({ asker: { names }, ask, options, asks }: Admission, second: number): string {
  const { app, scopeDefault } = options
  const grants = options.grants()
  limitAsks(asks, names.find((name) => Object.hasOwn(grants, name)) ?? 'unknown', second)
  const service = knownService(grants, names)
  if (ask.environment !== app.environment) {
    throw new AegisError('key-server.environment-crossed', {
      credential: app.environment,
      environment: ask.environment,
    })
  }
  if (ask.clientId !== app.clientId) {
    throw new AegisError('key-server.credential-missing', { environment: ask.environment })
  }
  checkGrant(grants, service, { wish: ask, scopeDefault })
  return service
}

function refusalOf({ asker: { names, peer }, options: { app } }: Admission, code: ErrorCode): Refusal {
  const service = names.find((name) => /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(name)) ?? 'unknown'
  const actor = { kind: 'caller', id: service } as const
  const what = { type: 'credential', subtype: 'token-refused', route: tokenRoute } as const
  return { ...what, actor, entity: entityOf(app), code, ...(peer && { peer }) }
}

function limitAsks(asks: Map<string, { second: number; count: number }>, service: string, second: number): void {
  const before = asks.get(service)
  const count = before?.second === second ? before.count + 1 : 1
  asks.set(service, { second, count })
  if (count > asksPerSecond) throw new AegisError('key-server.asks-too-often', { service, retryAfterMs: 1_000 })
}

function recordIssue({ audit }: BrokerDeps, service: string, app: AppRef): Promise<void> {
  const actor = { kind: 'caller', id: service } as const
  return audit.record({
    practice: 0,
    type: 'credential',
    subtype: 'token-issue',
    action: 'E',
    actor,
    entity: entityOf(app),
  })
}
