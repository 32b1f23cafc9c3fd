import { type AthenaFetch, isAthenaError, requestToken, type TokenGrant } from '@aegis/client'
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock/clock.ts'
import type { Random } from '../clock/random.ts'
import type { Db, Tx } from '../db/db.ts'
import { readSqlClock } from '../db/sql-clock.sql.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import type { Log } from '../log/log.ts'
import { isUnreadable } from '../sealing/is-unreadable.ts'
import type { Kek } from '../sealing/kek.ts'
import { sealSingle } from '../sealing/single-value.ts'
import { entityOf, type TokenKey } from './app-ref.ts'
import { chooseCredential, nextToBegin, stateOfCredential } from './choose-credential.ts'
import {
  type CredentialRow,
  credentialsOf,
  endSucceededCredentials,
  lockedApp,
  noteCredentialUse,
  noteUnusableCredential,
} from './credential.sql.ts'
import { withOpenCredential } from './sealed-credential.ts'
import * as table from './token.sql.ts'
import { decideToken, type TokenDecision, type TokenNeed, type TokenState } from './token-decision.ts'
import { delayMs, failureOf, isRefusal, refusal, refusedEveryMs, wasSent } from './token-failure.ts'
import { tokenPlace } from './stored-token.ts'
import { type ClockWatch, watchedTokenRow } from './watched-token-row.ts'

export interface FetchTokenDeps extends KeyServerDeps, ClockWatch {}

export interface KeyServerDeps {
  readonly db: Db
  readonly kek: Kek
  readonly audit: Audit
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly fetch: AthenaFetch
}

/** What a token is asked for. */
export interface TokenWish extends Pick<TokenNeed, 'newerThan' | 'refused'> {
  readonly key: TokenKey
  readonly allowedHosts: readonly string[]
  /** The app's limit, e.g. 5 in preview. */
  readonly requestsPerMinute: number
  /** The latest generation that the asking process has had: the next one is later, also where the database knows less. */
  readonly known?: number | undefined
  /** Nothing is asked for when the credential got a token less than so long ago. */
  readonly calmMs?: number
}

/** What to do next; after `fetch`, the row is held for us. */
export type Claim = Exclude<TokenDecision, { kind: 'fetch' }> | { readonly kind: 'fetch'; readonly held: HeldFetch }

interface HeldFetch {
  readonly holder: string
  readonly credential: CredentialRow
  /** Of the token to be fetched. */
  readonly generation: number
  /** Failures in a row before this try. */
  readonly failures: number
  /** Because athenahealth refused a token that should be valid. */
  readonly forced: boolean
  /** When it was claimed, of this process's two clocks. */
  readonly claimed: { readonly at: number; readonly steadyAt: number }
}

const timeoutMs = 10_000
/** A process that died while fetching is taken over after this; one that stood still sends nothing after it. */
export const holdMs = 15_000
/**
 * How long a request counts towards the limit per minute: from before it is sent to a minute after its end, and a second
 * to spare. So no sliding minute at athenahealth sees more than the limit, however long a request is on the way.
 */
const countedMs = 61_000
/** The longest that a request counts: sent at the last moment of its claim, and never heard of again. */
export const countMostMs = holdMs + timeoutMs + countedMs
/** Renewal starts at a random point of this part of a token's life. */
const refreshShare = { from: 0.8, to: 0.9 }
/** The last part of a token's life, at most this, is not used: it would expire on the way. */
const lastMs = 10_000
const lastShare = 0.1

/**
 * Decides under the credential's lock what is to be done for the token, and takes the fetch upon us if that is it. The
 * time is the database's: the clocks of those who share a token need not agree.
 * `key-server.credential-missing`, `-expired` or `-waiting` without one to ask with.
 */
export function claimToken(deps: FetchTokenDeps, wish: TokenWish): Promise<Claim> {
  const { key } = wish
  return deps.db.control(async (tx): Promise<Claim> => {
    await lockedApp(tx, key)
    const credential = await chosenCredential(tx, key)
    const claimed = { at: deps.clock.now(), steadyAt: deps.clock.steady() }
    const row = await watchedTokenRow(deps, { tx, key, countMostMs }, table.ensuredTokenRow)
    if (!row) throw new AegisError('internal.unexpected')
    const now = row.now_at
    const counting = await table.countingRequests(tx, key, now)
    const latest = latestAt(now)
    if (isLater(row, counting, latest)) {
      await table.boundTimes(tx, key, latest)
      return { kind: 'wait' }
    }
    const decision = calmed(decideToken(stateOf(row), { ...wish, now, counting }), { wish, credential, now })
    if (decision.kind === 'blocked' && decision.failure === 'token-refused') await table.noteTokenRefused(tx, key)
    if (decision.kind !== 'fetch') return decision
    const { forced } = decision
    const holder = deps.random.uuid()
    await table.countRequest(tx, key, { request: holder, countsUntil: latest.countsUntil })
    await table.holdTokenRow(tx, key, { holder, heldUntil: latest.heldUntil, forcedAt: forced ? now : null })
    const generation = Math.max(Number(row.generation), wish.known ?? 0) + 1
    return { kind: 'fetch', held: { holder, credential, generation, failures: row.failures, forced, claimed } }
  })
}

/** The one to ask with: see `chooseCredential`. */
async function chosenCredential(tx: Tx, key: TokenKey): Promise<CredentialRow> {
  const rows = await credentialsOf(tx, key)
  const chosen = chooseCredential(rows, rows[0]?.now_at ?? 0)
  if (chosen) return chosen
  const { environment, clientId } = key
  const next = nextToBegin(rows, rows[0]?.now_at ?? 0)
  if (next) {
    const beginsAt = new Date(next.used_from ?? 0).toISOString()
    throw new AegisError('key-server.credential-waiting', { environment, clientId, credential: next.number, beginsAt })
  }
  const hasExpired = rows.some((row) => stateOfCredential(row, row.now_at) === 'expired')
  throw new AegisError(hasExpired ? 'key-server.credential-expired' : 'key-server.credential-missing', {
    environment,
    clientId,
  })
}

/** Leaves out a request that nobody needs. */
function calmed(
  decision: TokenDecision,
  { wish, credential, now }: { wish: TokenWish; credential: CredentialRow; now: number },
): TokenDecision {
  const { calmMs } = wish
  const { used_at, refused_at } = credential
  if (decision.kind !== 'fetch' || calmMs === undefined || used_at === null || refused_at !== null) return decision
  const waitMs = used_at + calmMs - now
  // Used later than now: the clock was set back.
  return waitMs > 0 && waitMs <= calmMs ? { kind: 'blocked', waitMs, failure: 'asked-lately' } : decision
}

function latestAt(now: number): table.LatestTimes {
  return { countsUntil: now + countMostMs, heldUntil: now + holdMs, retryAt: now + refusedEveryMs, forcedAt: now }
}

/** Whether the database's clock was set back: something is to be waited for longer than it can have been noted. */
function isLater(row: table.TokenRow, [countsUntil = 0]: readonly number[], latest: table.LatestTimes): boolean {
  const waits = (row.held_until ?? 0) > latest.heldUntil || (row.retry_at ?? 0) > latest.retryAt
  return waits || (row.forced_at ?? 0) > latest.forcedAt || countsUntil > latest.countsUntil
}

/**
 * Asks athenahealth for the token that was claimed and stores it, or the failure, whatever went wrong. `refused`: with this
 * credential there is none, and the next one of the app is to be tried now. `key-server.credential-refused` or
 * `key-server.token-unavailable` when there is none; `audit.unavailable` before anything is sent. Nothing is sent either
 * once the claim is old: by then others may have asked, and this request would no longer be counted.
 */
export async function fetchToken(
  deps: FetchTokenDeps,
  wish: TokenWish,
  held: HeldFetch,
): Promise<'stored' | 'refused'> {
  const attempt = await deps.audit
    .attempt({
      practice: 0,
      type: 'credential',
      subtype: 'token-request',
      action: 'E',
      actor: { kind: 'system', id: 'key-server' },
      entity: entityOf(wish.key, held.credential.number),
      route: 'POST /oauth2/v1/token',
    })
    .catch((error: unknown) => giveUp(deps, wish.key, { held, error }))
  await failpoint('key-server.before-request')
  if (isOver(deps, held)) {
    await deps.audit.outcome(attempt, { outcome: 'failure' }).catch(() => undefined)
    return giveUp(deps, wish.key, {
      held,
      error: new AegisError('key-server.token-unavailable', { reason: 'stalled' }),
    })
  }
  const answer = await request(deps, wish, held)
  await failpoint('key-server.after-request')
  const ok = 'grant' in answer
  let hasNext = false
  try {
    hasNext = await deps.db.control((tx) => store(deps, tx, { key: wish.key, held, answer }))
  } finally {
    const outcome = ok ? 'success' : 'failure'
    // Without it the attempt becomes `unknown`; the token itself is no reason to stop.
    await deps.audit.outcome(attempt, { outcome, ...upstreamIdOf(answer) }).catch(() => undefined)
  }
  if (ok) deps.log.info('key-server.token-fetched', { generation: held.generation, lifeMs: answer.grant.lifeMs })
  else {
    const error = refusal(deps.log, { error: answer.error, credential: held.credential.number })
    if (!hasNext) throw error
  }
  return ok ? 'stored' : 'refused'
}

/** The steady clock does not count the time for which the machine sleeps; that shows as a leap of the other one. */
function isOver({ clock }: FetchTokenDeps, { claimed }: HeldFetch): boolean {
  return Math.max(clock.steady() - claimed.steadyAt, clock.now() - claimed.at) >= holdMs
}

/** `askedAt`: when the request left, of the steady clock. `error`: athenahealth's or the network's, or one of our own. */
type Answer = { readonly grant: TokenGrant; readonly askedAt: number } | { readonly error: unknown }

async function request({ kek, fetch, clock }: FetchTokenDeps, wish: TokenWish, held: HeldFetch): Promise<Answer> {
  const { environment, baseUrl, scope } = wish.key
  const place = { environment, baseUrl, allowedHosts: wish.allowedHosts }
  const ask = { app: wish.key, row: held.credential }
  try {
    return await withOpenCredential(kek, ask, async (credential) => {
      const askedAt = clock.steady()
      return { grant: await requestToken({ ...place, credential, scope, fetch, clock, timeoutMs }), askedAt }
    })
  } catch (error) {
    return { error }
  }
}

async function store(
  deps: FetchTokenDeps,
  tx: Tx,
  { key, held, answer }: { key: TokenKey; held: HeldFetch; answer: Answer },
): Promise<boolean> {
  // The lock first, as everywhere: a revocation under way must not find the token stored behind it.
  await lockedApp(tx, key)
  const { holder, generation, forced } = held
  const { number } = held.credential
  const now = await readSqlClock(tx)
  if ('error' in answer) return storeFailure(deps, tx, { key, held, error: answer.error, now })
  await table.countRequest(tx, key, { request: holder, countsUntil: now + countedMs })
  const { value, lifeMs } = answer.grant
  // It lives from some moment after it was asked for, in the database's time as all that is stored.
  const expiresAt = now - (deps.clock.steady() - answer.askedAt) + lifeMs
  const share = refreshShare.from + (refreshShare.to - refreshShare.from) * deps.random.fraction()
  const sealed = await sealSingle(deps, tokenPlace(key, generation), Buffer.from(value))
  await noteCredentialUse(tx, key, { number, refused: false })
  const stored = await table.storeTokenRow(tx, key, {
    holder,
    credential: number,
    generation,
    sealed,
    forced,
    expiresAt,
    refreshAt: expiresAt - lifeMs * (1 - share),
    usableUntil: expiresAt - Math.min(lastMs, lifeMs * lastShare),
  })
  if (stored) await endSucceededCredentials(tx, key, number)
  // Revoked meanwhile: nobody is to wait for us.
  else await table.failTokenRow(tx, key, { holder, retryAt: now, failure: 'revoked', forced })
  return false
}

/** Whether the next credential of the app is to be tried now: this one is refused, or does not open. */
async function storeFailure(
  { random }: FetchTokenDeps,
  tx: Tx,
  { key, held, error, now }: { key: TokenKey; held: HeldFetch; error: unknown; now: number },
): Promise<boolean> {
  const { holder, forced } = held
  const { number } = held.credential
  const failure = failureOf(error)
  await table.countRequest(tx, key, { request: holder, countsUntil: wasSent(error) ? now + countedMs : now })
  const [refused, unreadable] = [isRefusal(error), isUnreadable(error)]
  if (refused) await noteCredentialUse(tx, key, { number, refused })
  else if (unreadable) await noteUnusableCredential(tx, key, { number, why: failure })
  const hasNext = (refused || unreadable) && (await hasLive(tx, key))
  const waitMs = hasNext ? 0 : delayMs(random, { error, failures: held.failures })
  await table.failTokenRow(tx, key, { holder, retryAt: now + waitMs, failure, forced })
  return hasNext
}

/** Whether another credential of the app may be tried. */
async function hasLive(tx: Tx, key: TokenKey): Promise<boolean> {
  const rows = await credentialsOf(tx, key)
  return rows.some((row) => stateOfCredential(row, row.now_at) === 'live')
}

/** Nothing was sent: others need not wait, and it does not count. */
async function giveUp(
  { db }: FetchTokenDeps,
  key: TokenKey,
  { held, error }: { held: HeldFetch; error: unknown },
): Promise<never> {
  const release = db.control(async (tx) => {
    await lockedApp(tx, key)
    const now = await readSqlClock(tx)
    const { holder, forced } = held
    await table.countRequest(tx, key, { request: holder, countsUntil: now })
    await table.failTokenRow(tx, key, { holder, retryAt: now, failure: 'not-sent', forced })
  })
  await release.catch(() => undefined) // most likely the same outage; the hold ends by itself
  throw error
}

function stateOf(row: table.TokenRow): TokenState {
  return {
    generation: Number(row.generation),
    usableUntil: row.usable_until ?? undefined,
    heldUntil: row.held_until ?? undefined,
    forcedAt: row.forced_at ?? undefined,
    retryAt: row.retry_at ?? undefined,
    failure: row.failure ?? undefined,
  }
}

function upstreamIdOf(answer: Answer): { upstreamRequestId?: string } {
  const error = 'error' in answer && isAthenaError(answer.error) ? answer.error : undefined
  const id = 'grant' in answer ? answer.grant.meta.athenaRequestId : error?.athenaRequestId
  return id === undefined ? {} : { upstreamRequestId: id }
}
