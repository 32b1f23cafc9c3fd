import type { X509Certificate } from 'node:crypto'
import { TLSSocket } from 'node:tls'
import { Agent, buildConnector, request } from 'undici'
import { type Clock, systemClock } from '../clock/clock.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { authorityExpiry } from '../http/certificate-times.ts'

/** How we prove to the vault who we are: with a token, or as an AppRole. Read anew at every login: both are replaced. */
export type VaultLogin =
  | { readonly token: () => string }
  | { readonly roleId: () => string; readonly secretId: () => string; readonly mount: string }

/** Where in OpenBao or Vault the secret of the app stands: a field of an entry of a KV engine, version 2. */
export interface VaultPlace {
  /** Without a path; https, or http on the loopback interface. */
  readonly url: string
  /** PEM of the authority of its certificate, read anew at every look; absent: those that Node knows. */
  readonly ca?: () => string
  readonly namespace?: string
  /** Of the engine. */
  readonly mount: string
  readonly path: string
  readonly field: string
  readonly login: VaultLogin
}

const connectMs = 3_000
const answerMs = 10_000
/** An entry has a megabyte at most by default; one with a secret has a few hundred bytes. */
const bytesMax = 256 * 1024

/** Until when the way to a vault serves, as it was found at the last look, by the clock of the reader. */
export interface VaultTimes {
  /** Undefined where it is not known: it may not ask for that. */
  readonly login: LoginTimes | undefined
  /**
   * Epoch ms: what the login has left is to be told as of then. While looks succeed that is when it was asked for, as an agent may
   * have renewed it since; where they fail, now.
   */
  readonly loginAsOf: number
  /** Of the authority in `ca` that the vault's certificate is from, epoch ms; undefined without one. */
  readonly authorityExpiresAt: number | undefined
}

/** Of a token, or of the secret id of an AppRole. */
export interface LoginTimes {
  readonly of: 'token' | 'secret-id'
  /** Epoch ms; infinity without an end. */
  readonly expiresAt: number
  /** For how long it was made; infinity where that is not known. */
  readonly lifeMs: number
}

/** Looks into a vault again and again. */
export interface VaultReader {
  /**
   * The secret of the app, as it stands there now: asks for the newest version of the entry, and logs in first where that is
   * needed. `key-server.vault-unreachable` when it does not answer, `key-server.vault-refused` when it says no or has no such
   * entry. What it answers goes into no message.
   */
  read(): Promise<Buffer>
  /**
   * Asks until when serves what was logged in with for the last read, if it is time to: not each time, as it may be one use of a
   * token that has a number of them. Nobody has to wait for it; it does not fail.
   */
  lookUp(): Promise<void>
  times(): VaultTimes
}

/**
 * Opens nothing before it is read. What an AppRole logged in for is kept for half of its life: each login leaves a token and
 * a lease behind in the vault, and may use up a secret id. So a role that may not read the entry logs in every quarter of an hour.
 */
export function vaultReader(place: VaultPlace, clock: Pick<Clock, 'steady' | 'now'> = systemClock): VaultReader {
  let kept: GrantedToken | undefined
  let found: FoundTimes | undefined
  /** With what the last read was made; undefined where it failed. */
  let served: { readonly by: TokenBy; readonly proof: string } | undefined
  let chain: readonly X509Certificate[] = []
  let authorityExpiresAt: number | undefined
  const ask = async (agent: Agent) => {
    const known = kept && kept.until > clock.steady() ? kept : undefined
    if (known) {
      try {
        return { content: await entryOf(agent, place, known.token), by: known }
      } catch (error) {
        // Revoked, or used up; what never served is without the right, and so would the next one be.
        if (!known.served || !isForbidden(error)) throw error
      }
    }
    const granted = await vaultToken(agent, place)
    if (!('lifeMs' in granted)) return { content: await entryOf(agent, place, granted.token), by: granted }
    const { lifeMs, ...by } = granted
    const until = clock.steady() + lifeMs / 2
    kept = { ...by, until: Math.min(until, clock.steady() + deniedMs), served: false }
    const content = await entryOf(agent, place, by.token)
    kept = { ...by, until, served: true }
    return { content, by }
  }
  const through = async <T>(use: (agent: Agent) => Promise<T>): Promise<T> => {
    const ca = place.ca?.()
    const connect = noting(ca, (seen) => (chain = seen))
    const agent = new Agent({ connections: 1, maxResponseSize: bytesMax, connect })
    try {
      return await use(agent)
    } finally {
      await agent.destroy()
      authorityExpiresAt = expiryIn(ca, chain)
    }
  }
  return {
    async read() {
      try {
        const proof = proofOf(place)
        if (found?.proof !== proof) found = undefined
        const { content, by } = await through(ask)
        served = { by, proof }
        return content
      } catch (error) {
        served = undefined
        throw error
      }
    },
    async lookUp() {
      const [askedAt, now] = [clock.steady(), clock.now()]
      if (!served || (found && found.notBefore > askedAt)) return
      const asked = { ...served, now }
      const note = (answer: Pick<FoundTimes, 'times' | 'asOf'>, againMs: number) => {
        // What was logged in with may have been replaced meanwhile.
        if (served?.proof === asked.proof) found = { ...answer, proof: asked.proof, notBefore: askedAt + againMs }
      }
      try {
        const times = await through((agent) => loginTimes(agent, place, asked))
        note({ times, asOf: now }, Math.min(lookUpMs, (times.expiresAt - now) / 2))
      } catch (error) {
        // The secret serves without these times. They are asked for less often then: each refusal is a line in the vault's log, and
        // a question without an answer takes seconds.
        note({ times: isAegisError(error, 'key-server.vault-refused') ? undefined : found?.times }, deniedMs)
      }
    },
    times: () => ({ login: found?.times, loginAsOf: (served && found?.asOf) ?? clock.now(), authorityExpiresAt }),
  }
}

/** Undefined where it cannot be told: the TLS connection overlooks a damaged certificate behind a good one, and so does this. */
function expiryIn(ca: string | undefined, chain: readonly X509Certificate[]): number | undefined {
  try {
    return ca === undefined ? undefined : authorityExpiry(chain, ca)
  } catch {
    return undefined
  }
}

/** Opens connections, and tells with which certificates the vault proved itself. */
function noting(ca: string | undefined, seen: (chain: readonly X509Certificate[]) => void): buildConnector.connector {
  const connect = buildConnector({ timeout: connectMs, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) })
  return (options, done) =>
    connect(options, (...[error, socket]) => {
      if (error) return done(error, null)
      const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
      // A connection that resumes another one shows none.
      if (certificate) seen(chainOf(certificate))
      done(null, socket)
    })
}

function chainOf(certificate: X509Certificate | undefined): X509Certificate[] {
  return certificate ? [certificate, ...chainOf(certificate.issuerCertificate)] : []
}

interface FoundTimes {
  /** Whose times they are: the token, or the secret id. */
  readonly proof: string
  readonly times: LoginTimes | undefined
  /** Epoch ms, of when the vault told them; undefined where it did not tell when it was asked last. */
  readonly asOf?: number
  /** Of the steady clock: it is not asked for before. */
  readonly notBefore: number
}

/** What is found is asked for again after so long, and earlier where half of what was left is over by then. */
const lookUpMs = 4 * 3_600_000

interface TokenBy {
  readonly token: string
  /** The name of the AppRole that it was got with. */
  readonly role?: string
}

function proofOf({ login }: VaultPlace): string {
  return 'token' in login ? login.token() : login.secretId()
}

/** `until`: of the steady clock. */
interface GrantedToken extends TokenBy {
  readonly until: number
  /** Whether the entry was ever got with it. */
  readonly served: boolean
}

/** After so long a role that may not read the entry is logged in for again: it may have been given the right. */
const deniedMs = 900_000

function isForbidden(error: unknown): boolean {
  return isAegisError(error, 'key-server.vault-refused') && error.detail.reason === 'status 403'
}

async function entryOf(agent: Agent, place: VaultPlace, token: string): Promise<Buffer> {
  const answer = await exchange(agent, place, { method: 'GET', path: `${place.mount}/data/${place.path}`, token })
  // The entry is wrapped twice: in the answer, and in the version.
  const value = member(member(member(answer, 'data'), 'data'), place.field)
  if (typeof value !== 'string' || value === '') throw refused('no such field', place)
  return Buffer.from(value, 'utf8')
}

/** `lifeMs` where it was logged in for. */
async function vaultToken(agent: Agent, place: VaultPlace): Promise<TokenBy | (TokenBy & { lifeMs: number })> {
  const { login } = place
  if ('token' in login) return { token: login.token() }
  const body = { role_id: login.roleId(), secret_id: login.secretId() }
  const auth = member(await exchange(agent, place, { method: 'POST', path: `auth/${login.mount}/login`, body }), 'auth')
  const token = member(auth, 'client_token')
  if (typeof token !== 'string' || token === '') throw refused('no token', place)
  const role = member(member(auth, 'metadata'), 'role_name')
  const lifeMs = msOf(member(auth, 'lease_duration')) ?? 0
  return { token, lifeMs, ...(typeof role === 'string' && { role }) }
}

/**
 * A token may look itself up by the policy "default". A secret id is looked up by the name of its role, which the login told,
 * where the policy of the role allows it.
 */
async function loginTimes(
  agent: Agent,
  place: VaultPlace,
  { by, proof, now }: { by: TokenBy; proof: string; now: number },
): Promise<LoginTimes> {
  const { token, role } = by
  const { login } = place
  if ('token' in login) {
    const data = member(await exchange(agent, place, { method: 'GET', path: 'auth/token/lookup-self', token }), 'data')
    const [leftMs, lifeMs] = [msOf(member(data, 'ttl')), msOf(member(data, 'creation_ttl'))]
    if (leftMs === undefined) throw refused('no times', place)
    return { of: 'token', expiresAt: leftMs > 0 ? now + leftMs : endless, lifeMs: lifeMs || endless }
  }
  if (role === undefined) throw refused('no role', place)
  const path = `auth/${login.mount}/role/${encodeURIComponent(role)}/secret-id/lookup`
  const data = member(await exchange(agent, place, { method: 'POST', path, token, body: { secret_id: proof } }), 'data')
  const [until, lifeMs] = [member(data, 'expiration_time'), msOf(member(data, 'secret_id_ttl'))]
  const expiresAt = typeof until === 'string' ? Date.parse(until) : Number.NaN
  if (Number.isNaN(expiresAt)) throw refused('no times', place)
  // One without an end is said to end in the year 1.
  return { of: 'secret-id', expiresAt: expiresAt > 0 ? expiresAt : endless, lifeMs: lifeMs || endless }
}

const endless = Number.POSITIVE_INFINITY

function msOf(seconds: unknown): number | undefined {
  return typeof seconds === 'number' && seconds >= 0 ? seconds * 1_000 : undefined
}

/**
 * Like sealed, or on standby without a way to the active one (5xx), it may answer later: on standby beside an active one, with
 * less than was written, over its own limits.
 */
const passing: ReadonlySet<number> = new Set([307, 412, 429])

interface VaultAsk {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly token?: string
  readonly body?: object
}

async function exchange(agent: Agent, place: VaultPlace, { method, path, token, body }: VaultAsk): Promise<unknown> {
  const late = new AbortController()
  const timer = systemClock.timer(answerMs, () => late.abort(new Error('no answer in time')))
  let answer: { status: number; text: string }
  try {
    const { statusCode, body: received } = await request(`${place.url}/v1/${path}`, {
      dispatcher: agent,
      method,
      headers: {
        'x-vault-request': 'true',
        ...(token !== undefined && { 'x-vault-token': token }),
        ...(place.namespace !== undefined && { 'x-vault-namespace': place.namespace }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: late.signal,
    })
    answer = { status: statusCode, text: await received.text() }
  } catch (error) {
    // Without its cause: some of undici's errors quote headers.
    throw new AegisError('key-server.vault-unreachable', { url: place.url, reason: codeOf(error) })
  } finally {
    timer.cancel()
  }
  if (answer.status >= 500 || passing.has(answer.status)) {
    throw new AegisError('key-server.vault-unreachable', { url: place.url, reason: `status ${answer.status}` })
  }
  if (answer.status !== 200) throw refused(`status ${answer.status}`, place)
  return parsed(answer.text)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return Object.entries(value).find(([key]) => key === name)?.[1]
}

function refused(reason: string, { mount, path }: VaultPlace): AegisError {
  return new AegisError('key-server.vault-refused', { entry: `${mount}/${path}`, reason })
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z_0-9]+$/.test(code) ? code : 'no answer'
}
