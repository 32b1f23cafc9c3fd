import { Agent, request } from 'undici'
import { type Clock, systemClock } from '../clock/clock.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'

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

/** Looks into a vault again and again. */
export interface VaultReader {
  /**
   * The secret of the app, as it stands there now: asks for the newest version of the entry, and logs in first where that is
   * needed. `key-server.vault-unreachable` when it does not answer, `key-server.vault-refused` when it says no or has no such
   * entry. What it answers goes into no message.
   */
  read(): Promise<Buffer>
}

/**
 * Opens nothing before it is read. What an AppRole logged in for is kept for half of its life: each login leaves a token and
 * a lease behind in the vault, and may use up a secret id. So a role that may not read the entry logs in every quarter of an hour.
 */
export function vaultReader(place: VaultPlace, clock: Pick<Clock, 'steady'> = systemClock): VaultReader {
  let kept: GrantedToken | undefined
  const ask = async (agent: Agent) => {
    const known = kept && kept.until > clock.steady() ? kept : undefined
    if (known) {
      try {
        return await entryOf(agent, place, known.token)
      } catch (error) {
        // Revoked, or used up; what never served is without the right, and so would the next one be.
        if (!known.served || !isForbidden(error)) throw error
      }
    }
    const granted = await vaultToken(agent, place)
    if (!('lifeMs' in granted)) return entryOf(agent, place, granted.token)
    const { token, lifeMs } = granted
    const until = clock.steady() + lifeMs / 2
    kept = { token, until: Math.min(until, clock.steady() + deniedMs), served: false }
    const content = await entryOf(agent, place, token)
    kept = { token, until, served: true }
    return content
  }
  return {
    async read() {
      const agent = new Agent({
        connections: 1,
        maxResponseSize: bytesMax,
        connect: { timeout: connectMs, minVersion: 'TLSv1.2', ...(place.ca && { ca: place.ca() }) },
      })
      try {
        return await ask(agent)
      } finally {
        await agent.destroy()
      }
    },
  }
}

/** `until`: of the steady clock. */
interface GrantedToken {
  readonly token: string
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
async function vaultToken(
  agent: Agent,
  place: VaultPlace,
): Promise<{ token: string } | { token: string; lifeMs: number }> {
  const { login } = place
  if ('token' in login) return { token: login.token() }
  const body = { role_id: login.roleId(), secret_id: login.secretId() }
  const auth = member(await exchange(agent, place, { method: 'POST', path: `auth/${login.mount}/login`, body }), 'auth')
  const token = member(auth, 'client_token')
  if (typeof token !== 'string' || token === '') throw refused('no token', place)
  const seconds = member(auth, 'lease_duration')
  return { token, lifeMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : 0 }
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
