import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { accessToken, type AthenaFetch, createAthenaClient, requestToken, type TokenSource } from '@aegis/client'
import { type Audit, createAudit } from '../../audit/audit.ts'
import { type Clock, systemClock } from '../../clock/clock.ts'
import type { Random } from '../../clock/random.ts'
import { RemoteClock } from '../../clock/remote-clock.ts'
import type { AegisConfig } from '../../config/aegis-config.ts'
import type { Db } from '../../db/db.ts'
import { AegisError, isAegisError } from '../../errors/aegis-error.ts'
import { egressRule } from '../../egress/egress-rule.ts'
import { socketOpener } from '../../egress/open-socket.ts'
import { materialOf } from '../../key-server/key-desk.ts'
import { createKeyServer } from '../../key-server/key-server.ts'
import { keyServerLink } from '../../key-server/key-server-link.ts'
import { RemoteTokenSource } from '../../key-server/remote-token-source.ts'
import { openGiven } from '../../key-server/sealed-credential.ts'
import type { Log } from '../../log/log.ts'
import { createPolicy } from '../../policy/policy.ts'
import type { Quota } from '../../quota/quota.ts'
import { countedPerSecond } from '../../quota/rate-plan.ts'
import { noSealing } from '../../sealing/no-sealing.ts'
import { createSealing } from '../../sealing/sealing.ts'
import { connectionsOver, createConnections } from '../../upstream/connections.ts'
import { createUpstream } from '../../upstream/upstream.ts'
import { wrapFetch } from '../../upstream/wrap-fetch.ts'
import { appName } from '../compose-parts.ts'
import { configuredApp } from '../start-key-server.ts'
import type { StopStack } from '../stop-stack.ts'
import type { HostKeks } from './check-keys.ts'

/** How the doctor asks athenahealth. */
export interface Asker {
  /** Whether calls are counted with those of the installation. */
  readonly counted: boolean
  /**
   * Gets a token by a request of its own. `at-hand`: there is one, and another request would be one too many, or not tell
   * more. `handed-out`: by the key server elsewhere, from wherever it had it. Rejects with why there is none.
   */
  token(): Promise<'granted' | 'at-hand' | 'handed-out'>
  /** Asks for a practice's own data. */
  practice(id: number): Promise<void>
  /** How far our clock is from athenahealth's at least, ms; undefined before an answer told. */
  skewMs(): number | undefined
}

/** What both ways of asking need. */
export interface AskerGround {
  readonly config: AegisConfig
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** The way to athenahealth. Default: TLS sockets under the rules of egress/. */
  readonly fetch?: typeof globalThis.fetch
}

/** athenahealth is given this long to take a connection, ms. */
const CONNECT_MS = 3_000

/** A person waits: no longer than this for a permission, ms. */
const WAIT_MS = 10_000

/** What calls are counted and audited with. `keks`: those that this host needs. */
export interface CountedGround extends AskerGround {
  readonly db: Db
  readonly quota: Quota
  readonly keks: HostKeks
}

/** With the installation's keys, database and quota: every call is permitted, counted and audited, like any other of it. */
export function countedAsker(ground: CountedGround, stops: StopStack): Asker {
  const { config, clock, random, log, db, quota, keks } = ground
  const { environment, athena } = config
  const rule = ruleOf(config)
  const sealing = keks.phi ? createSealing({ db, kek: keks.phi, clock, random }) : noSealing
  stops.push(() => sealing.close())
  const audit = createAudit({ db, sealing, clock: { ...systemClock, now: () => clock.now() }, random })
  stops.push(() => audit.stop())
  const policy = createPolicy({ db, clock, log, holder: 'doctor' }, config.policy)
  const permit = { policy, quota, audit, clock, app: appName(config) }
  const wayOut = wrapFetch({ permit, connections: connectionsOf(ground), rule, clock, log })
  stops.push(() => wayOut.close())
  const place = { environment, baseUrl: athena.baseUrl, allowedHosts: athena.allowedHosts }
  const { tokenSource, token } = tokensOf(ground, { audit, fetch: wayOut.fetch }, stops)
  const upstream = createUpstream({ wayOut, tokenSource, clock, random }, place)
  const context = { priority: 'interactive', purpose: 'doctor.practice', waitMs: WAIT_MS } as const
  return {
    counted: true,
    token,
    practice: async (id) => void (await upstream.practice(id).practiceInfo({ context })),
    skewMs: () => upstream.theirTime() && upstream.certainSkewMs(),
  }
}

/** Tokens by the credentials that are here, or those of the key server elsewhere; and what there is to be tried of them. */
function tokensOf(
  ground: CountedGround,
  { audit, fetch }: { audit: Audit; fetch: AthenaFetch },
  stops: StopStack,
): { readonly tokenSource: TokenSource; readonly token: Asker['token'] } {
  const { config, clock, random, log, db, keks } = ground
  const { environment, athena, limits, keyServer: where } = config
  const app = configuredApp(config)
  if (where.at) {
    const link = keyServerLink(where.at)
    stops.push(() => link.close())
    const wish = { ...app, scope: athena.scope, practices: [...config.practices] }
    const tokenSource = new RemoteTokenSource({ link, clock, log }, wish)
    // Whether the credential still gets a new one is for the key server's own host to try.
    const token = async () => {
      await tokenSource.get()
      return 'handed-out' as const
    }
    return { tokenSource, token }
  }
  if (!keks.credentials) throw new AegisError('key-server.credential-missing', { environment })
  const keyServer = createKeyServer(
    { db, kek: keks.credentials, audit, clock, random, log, fetch },
    { requestsPerMinute: { [environment]: limits.tokensPerMinute } },
  )
  stops.push(() => keyServer.stop())
  const place = { environment, baseUrl: athena.baseUrl, allowedHosts: athena.allowedHosts }
  const tokenSource = keyServer.tokenSource({ ...place, credential: app, scope: athena.scope })
  const token = async () => {
    await tokenSource.get()
    try {
      // The one that is there may be older than a secret that was changed since.
      await tokenSource.renewed()
      return 'granted' as const
    } catch (error) {
      if (!isAegisError(error, 'key-server.token-unavailable') || !asMuch.has(String(error.detail.reason))) throw error
      return 'at-hand' as const
    }
  }
  return { tokenSource, token }
}

/** Why none is asked for while the one at hand serves. */
const asMuch: ReadonlySet<string> = new Set(['asked-lately', 'requests-per-minute', 'fetched-elsewhere'])

/** What is asked with where nothing counts yet. */
export interface BareGround extends AskerGround {
  /** The secret or key. */
  readonly content: Buffer
  /** Notes that a token is asked for, or throws why that is not to be. */
  readonly noteRequest: () => void
}

/**
 * Before there is a database: one call after another, with the secret that is configured or in the vault. Nobody else of this installation calls
 * then, and what was called shows in athenahealth's own count.
 */
export function bareAsker(ground: BareGround, stops: StopStack): Asker {
  const { config, clock, content } = ground
  const { environment, athena } = config
  const connections = connectionsOf(ground)
  stops.push(() => connections.close())
  const theirs = new RemoteClock(clock)
  const fetch: AthenaFetch = async (url, init) => {
    await clock.sleep(1_000 / countedPerSecond(config.limits.perSecond) + SPACING_MS)
    const sentAt = clock.steady()
    const connection = await connections.open()
    const { method, headers, body, signal } = init
    const response = await connection.send(new URL(url), {
      method,
      headers,
      signal,
      ...(body !== undefined && { body }),
    })
    theirs.observe({ sentAt, receivedAt: clock.steady(), headers: response.headers })
    return response
  }
  const place = { environment, baseUrl: athena.baseUrl, allowedHosts: athena.allowedHosts }
  const grant = async () => {
    ground.noteRequest()
    const material = await materialOf({ content })
    const credential = openGiven(configuredApp(config), material)
    return requestToken({ ...place, credential, scope: athena.scope, fetch, clock, timeoutMs: WAIT_MS })
  }
  let granted: ReturnType<typeof grant> | undefined
  const tokenSource: TokenSource = {
    async get() {
      granted ??= grant()
      const { value, expiresAt } = await granted
      return accessToken(value, 1, expiresAt)
    },
  }
  const client = createAthenaClient({ ...place, tokenSource, fetch, clock, random: () => ground.random.fraction() })
  return {
    counted: false,
    token: async () => {
      await tokenSource.get()
      return 'granted'
    },
    practice: async (id) => void (await client.practice(id).practiceInfo()),
    skewMs: () => theirs.reading && theirs.skewAtLeastMs,
  }
}

/** Between two calls, beyond what the limit per second asks for. */
const SPACING_MS = 50

function ruleOf({ environment, athena }: AegisConfig) {
  return egressRule({ environment, baseUrl: athena.baseUrl, allowedHosts: athena.allowedHosts })
}

function connectionsOf({ config, fetch }: AskerGround) {
  const rule = ruleOf(config)
  return fetch
    ? connectionsOver(fetch)
    : createConnections({ origin: rule.origin, openSocket: socketOpener(rule, { connectMs: CONNECT_MS }) })
}

/** A connection to athenahealth's host, without a request: what of it there is to see. */
export interface Handshake {
  /** Undefined for plain HTTP. */
  readonly tls?: { readonly protocol: string; readonly validUntil: number }
}

/** Opens a connection and closes it. Rejects with the system's error, or `egress.address-refused`. */
export async function shakeHands(config: AegisConfig): Promise<Handshake> {
  const socket: Socket = await socketOpener(ruleOf(config), { connectMs: CONNECT_MS })()
  try {
    if (!(socket instanceof TLSSocket)) return {}
    const validUntil = Date.parse(socket.getPeerCertificate().valid_to)
    return { tls: { protocol: socket.getProtocol() ?? 'unknown', validUntil } }
  } finally {
    socket.destroy()
  }
}
