import type { TokenSource } from '@aegis/client'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { claimToken, countMostMs, fetchToken, holdMs, type FetchTokenDeps, type TokenWish } from './fetch-token.ts'
import { type KeptToken, type StoredToken, storedToken } from './stored-token.ts'
import { unlessAborted } from './unless-aborted.ts'

/** How long a token may be handed out after it was revoked elsewhere. */
const checkEveryMs = 5_000
/**
 * How long a caller waits for what another process fetches, or for the limit per minute: longer than a claim is held, or
 * nobody who waits would live to take over that of a dead process.
 */
const patienceMs = holdMs + 1_000
/** Between two looks at what another process fetches. */
const lookEveryMs = 100
/** After a renewal ahead of time failed; the token still serves. */
const renewAgainMs = 5_000

/** Whoever only wants to see that a token is granted is not to use up the few requests of a minute. */
const calmMs = 60_000

/** A source that can also tell what it has. */
export interface KeptTokenSource extends TokenSource {
  get(options?: Parameters<TokenSource['get']>[0]): Promise<KeptToken>
  /**
   * The token that is right now, without asking for another one; undefined when there is none. `oldestMs`: how long ago it
   * may have been that the database was looked at.
   */
  atHand(oldestMs?: number): Promise<KeptToken | undefined>
  /**
   * One that is asked for now, though the one at hand serves. Rejects with the reason `asked-lately` where the credential
   * got one less than a minute ago. A token that athenahealth refuses can be replaced as before.
   */
  renewed(): Promise<KeptToken>
}

/** What is the same for every token of a keeper, and what each time is another. */
type KeeperWish = Pick<TokenWish, 'key' | 'allowedHosts' | 'requestsPerMinute'>
type TokenNeed = Omit<TokenWish, keyof KeeperWish | 'known'>

/**
 * One token for all callers of all processes: kept in memory, stored sealed, fetched by one of those who need it. Renewed
 * ahead of time while the old one serves, and served on for as long as it is valid when renewal fails or the database is
 * gone.
 */
export class TokenKeeper implements KeptTokenSource {
  readonly #deps: FetchTokenDeps
  readonly #wish: KeeperWish
  #held: StoredToken | undefined
  #checkedAt = Number.NEGATIVE_INFINITY
  #check: Promise<void> | undefined
  #flight: Promise<StoredToken> | undefined
  #renewAt = Number.NEGATIVE_INFINITY
  /** A stored token of this generation does not open. */
  #unreadable: number | undefined
  readonly #stop = new AbortController()

  constructor(deps: FetchTokenDeps, wish: KeeperWish) {
    this.#deps = deps
    this.#wish = wish
  }

  /** See `TokenSource`. A generation is a number that rises with every token. */
  async get({ newerThan, signal }: { newerThan?: string | number; signal?: AbortSignal } = {}): Promise<KeptToken> {
    signal?.throwIfAborted()
    const floor = newerThan === undefined || Number.isNaN(Number(newerThan)) ? undefined : Number(newerThan)
    await unlessAborted(this.#checked(), signal)
    const held = this.#usable(floor)
    if (held) {
      this.#renewInTime(held)
      return held.token
    }
    return (await unlessAborted(this.#fetched(floor), signal)).token
  }

  /** See `KeptTokenSource`. */
  async renewed(): Promise<KeptToken> {
    const { generation } = await this.get()
    return (await this.#fly({ newerThan: generation, refused: false, calmMs })).token
  }

  /** See `KeptTokenSource`. */
  async atHand(oldestMs?: number): Promise<KeptToken | undefined> {
    await this.#checked(oldestMs)
    return this.#usable(undefined)?.token
  }

  /** Forgets the token in memory, and waits for a request under way; the stored token serves the next start. */
  async stop(): Promise<void> {
    this.#stop.abort(new AegisError('key-server.token-unavailable', { reason: 'stopped' }))
    await this.#flight?.catch(() => undefined)
    this.#held = undefined
  }

  /** Forgets what is in memory, so that the next caller sees the database's state. */
  forget(): void {
    this.#held = undefined
    this.#checkedAt = Number.NEGATIVE_INFINITY
  }

  #usable(newerThan: number | undefined): StoredToken | undefined {
    const held = this.#held
    if (!held || held.usableUntil <= this.#deps.clock.steady()) return undefined
    return newerThan === undefined || held.token.generation > newerThan ? held : undefined
  }

  /** Compares with the database now and then, one look for all callers. */
  async #checked(oldestMs = checkEveryMs): Promise<void> {
    this.#stop.signal.throwIfAborted()
    const now = this.#deps.clock.steady()
    if (now - this.#checkedAt < oldestMs) return
    this.#check ??= this.#look()
      .catch((error: unknown) => {
        // A valid token does not need the database, whatever is wrong with that.
        if (this.#stop.signal.aborted || !this.#usable(undefined)) throw error
        if (!isAegisError(error, 'db.unavailable')) this.#deps.log.error('key-server.token-not-checked', error)
        this.#checkedAt = now
      })
      .finally(() => {
        this.#check = undefined
      })
    await this.#check
  }

  async #look(): Promise<void> {
    const now = this.#deps.clock.steady()
    const found = await storedToken(this.#deps, { key: this.#wish.key, countMostMs }, this.#held)
    this.#stop.signal.throwIfAborted()
    const unreadable = found && 'unreadable' in found ? found.unreadable : undefined
    if (unreadable !== undefined && unreadable !== this.#unreadable) {
      this.#deps.log.warn('key-server.stored-token-unreadable')
    }
    this.#unreadable = unreadable
    const token = found && 'token' in found ? found : undefined
    // Two looks may answer in the wrong order. A database that was put back to an earlier state knows only lower numbers.
    const isLater = !token || !this.#held || token.token.generation >= this.#held.token.generation
    if (isLater || !this.#usable(undefined)) this.#held = token
    this.#checkedAt = now
  }

  /** A usable token newer than `newerThan`: the one that is being fetched, or else one more. */
  async #fetched(newerThan: number | undefined): Promise<StoredToken> {
    for (let flights = 0; flights < 2; flights++) {
      const token = await this.#fly({ newerThan, refused: newerThan !== undefined })
      if (newerThan === undefined || token.token.generation > newerThan) return token
    }
    throw new AegisError('key-server.token-unavailable', { reason: 'replaced meanwhile' })
  }

  #fly(need: TokenNeed): Promise<StoredToken> {
    this.#flight ??= this.#obtain(need).finally(() => {
      this.#flight = undefined
    })
    return this.#flight
  }

  #renewInTime(held: StoredToken): void {
    const now = this.#deps.clock.steady()
    if (now < held.refreshAt || now < this.#renewAt || this.#flight) return
    this.#renewAt = now + renewAgainMs
    this.#fly({ newerThan: held.token.generation, refused: false }).catch(() => undefined) // logged where it failed
  }

  async #obtain(need: TokenNeed): Promise<StoredToken> {
    const { clock } = this.#deps
    const giveUpAt = clock.steady() + patienceMs
    for (;;) {
      const known = this.#held?.token.generation
      const wish = { ...this.#wish, ...need, known, newerThan: later(need.newerThan, this.#unreadable) }
      const claim = await claimToken(this.#deps, wish)
      if (claim.kind === 'fetch') await fetchToken(this.#deps, wish, claim.held)
      if (claim.kind === 'fetch' || claim.kind === 'use') {
        await this.#look()
        const held = this.#usable(need.newerThan)
        if (held) return held
      }
      const isBlocked = claim.kind === 'blocked'
      const waitMs = isBlocked ? claim.waitMs : lookEveryMs * (0.5 + this.#deps.random.fraction())
      if (isBlocked && claim.failure !== undefined) throw blocked(claim.failure, waitMs)
      if (clock.steady() + waitMs > giveUpAt) {
        throw blocked(isBlocked ? 'requests-per-minute' : 'fetched-elsewhere', waitMs)
      }
      await clock.sleep(waitMs, this.#stop.signal)
    }
  }
}

function blocked(reason: string, retryAfterMs: number): AegisError {
  const detail = { retryAfterMs: Math.ceil(retryAfterMs) }
  if (reason === 'credential-refused') return new AegisError('key-server.credential-refused', detail)
  return new AegisError('key-server.token-unavailable', { reason, ...detail })
}

function later(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)
}
