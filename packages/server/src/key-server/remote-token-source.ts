import { type AccessToken, accessToken, type TokenSource } from '@aegis/client'
import { type Clock, systemClock } from '../clock/clock.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { StandingError } from '../errors/standing-error.ts'
import type { Log } from '../log/log.ts'
import type { KeyServerLink } from './key-server-link.ts'
import type { TokenAsk, TokenLease } from './token-api.ts'
import { unlessAborted } from './unless-aborted.ts'

export interface RemoteDeps {
  readonly link: KeyServerLink
  readonly clock: Clock
  /** Which nothing makes faster: of the looks, and of how long a question takes. The system's if absent. */
  readonly machine?: Clock
  readonly log: Log
}

/** Every so often the key server is asked whether the token at hand is still the right one. */
const checkEveryMs = 4_000
/** For that answer, while a token is at hand: with the above, a revocation is followed within five seconds. */
const checkTimeoutMs = 1_000
/** For a token, when there is none: the key server itself waits for athenahealth, or for its turn. */
const askTimeoutMs = 30_000
/** Of the machine's time: in a process that runs, looks that are not answered are not further apart. */
const looksApartMs = 10_000
/** After no answer, whoever has no token is told so at once for so long. */
const restMs = 1_000
/** The last part of a token's life is not used: it would expire on the way. */
const lastMs = 10_000
const lastShare = 0.1

interface Held {
  readonly token: AccessToken & { readonly generation: number }
  /** Of the steady clock, as all times here. */
  readonly usableUntil: number
  /** When the key server last told of it, also by an answer without its value: it still is the right one. */
  readonly toldAt: number
}

/**
 * Tokens from a key server in another process. One question for all callers of this one. While the key server does not
 * answer, or cannot look, the token at hand serves until it ends, and then calls are refused with `key-server.unreachable`
 * or what the key server says; what it does answer counts at once. It heals by itself.
 */
export class RemoteTokenSource implements TokenSource {
  readonly #deps: RemoteDeps
  readonly #machine: Clock
  readonly #wish: Omit<TokenAsk, 'newerThan' | 'held'>
  #held: Held | undefined
  #checkedAt = Number.NEGATIVE_INFINITY
  /** When the last question ended, by the machine's steady clock. */
  #heardAt = Number.NEGATIVE_INFINITY
  #restsUntil = Number.NEGATIVE_INFINITY
  /** Questions under way. Whoever has a good token waits for no question about a newer one, which may take half a minute. */
  readonly #flights = new Map<'check' | 'newer', Promise<void>>()
  #isAway = false
  /** Why the last question was not answered, or refused; and since when, of the steady clock. */
  #failing: { readonly error: AegisError; readonly since: number } | undefined

  constructor(deps: RemoteDeps, wish: Omit<TokenAsk, 'newerThan' | 'held'>) {
    this.#deps = deps
    this.#machine = deps.machine ?? systemClock
    this.#wish = wish
  }

  /** See `TokenSource`. */
  async get({ newerThan, signal }: { newerThan?: string | number; signal?: AbortSignal } = {}): Promise<AccessToken> {
    signal?.throwIfAborted()
    const floor = newerThan === undefined || Number.isNaN(Number(newerThan)) ? undefined : Number(newerThan)
    // The second round is for whoever joined a question that was about an older token, or had one that is over.
    for (let round = 0; round < 2; round++) {
      const held = this.#unasked(floor)
      if (held) return held
      await unlessAborted(this.#flight(floor), signal)
      const got = this.#usable(floor)
      if (got) return got
    }
    throw new AegisError('key-server.token-unavailable', { reason: 'replaced meanwhile' })
  }

  /**
   * Asks whether the token at hand is still the right one, or whether the key server is back. Without a token or a
   * failure there is nothing to ask. Never rejects: what fails stands.
   */
  async look(): Promise<void> {
    if (this.#usable(undefined) === undefined && !this.#failing) return
    await this.#flight(undefined).catch(() => undefined)
  }

  /** That the key server is away, or refuses this process; undefined while all is well. */
  standing(): StandingError | undefined {
    const failing = this.#failing
    if (!failing) return undefined
    const now = this.#deps.clock.steady()
    const servesMs = (this.#held?.usableUntil ?? 0) - now
    return { error: failing.error, forMs: now - failing.since, ...(servesMs > 0 && { servesMs }) }
  }

  #flight(newerThan: number | undefined): Promise<void> {
    const about = newerThan === undefined ? 'check' : 'newer'
    const flight = this.#flights.get(about) ?? this.#ask(newerThan).finally(() => this.#flights.delete(about))
    this.#flights.set(about, flight)
    return flight
  }

  /** The token at hand, where nothing has to be waited for. */
  #unasked(floor: number | undefined): AccessToken | undefined {
    const held = this.#usable(floor)
    if (!held || this.#deps.clock.steady() - this.#checkedAt < checkEveryMs) return held
    // One that stood still itself knows nothing of the key server.
    const isKnown = this.#machine.steady() - this.#heardAt < looksApartMs
    if (!this.#isAway || !isKnown) return undefined
    // Asked, but not waited for: a key server that does not answer would cost each call the permission that it has at hand.
    void this.look()
    return held
  }

  #usable(newerThan: number | undefined): AccessToken | undefined {
    const held = this.#held
    if (!held || held.usableUntil <= this.#deps.clock.steady()) return undefined
    return newerThan === undefined || held.token.generation > newerThan ? held.token : undefined
  }

  async #ask(newerThan: number | undefined): Promise<void> {
    const { link, clock } = this.#deps
    const sentAt = clock.steady()
    const serves = this.#usable(newerThan) !== undefined
    if (!serves && sentAt < this.#restsUntil)
      throw new AegisError('key-server.unreachable', { reason: 'no answer lately' })
    const held = serves ? this.#held?.token.generation : undefined
    const ask = { ...this.#wish, ...(newerThan !== undefined && { newerThan }), ...(held !== undefined && { held }) }
    try {
      this.#take(await link.ask(ask, serves ? checkTimeoutMs : askTimeoutMs), sentAt)
      this.#checkedAt = sentAt
      this.#note(undefined)
    } catch (error) {
      if (!this.#copes(error, { sentAt, serves, isCheck: newerThan === undefined })) throw error
    } finally {
      this.#heardAt = this.#machine.steady()
    }
  }

  /** What a failed question means for the token at hand; whether the callers can do without its answer. */
  #copes(error: unknown, { sentAt, serves, isCheck }: { sentAt: number; serves: boolean; isCheck: boolean }): boolean {
    const isAway = !isAnswer(error)
    this.#note(isAegisError(error) && (isAway || isRefusal(error)) ? error : undefined, isAway)
    if (isAway) {
      this.#restsUntil = this.#deps.clock.steady() + restMs
      this.#checkedAt = sentAt
    } else if (isCheck) this.#held = undefined
    // A look does not wait for the next token: when the one at hand is over, whoever needs one asks for it.
    return serves && (isAway || isAegisError(error, 'key-server.token-unavailable'))
  }

  #take({ generation, value, leftMs }: TokenLease, sentAt: number): void {
    const { clock } = this.#deps
    const usableUntil = sentAt + leftMs - Math.min(lastMs, leftMs * lastShare)
    const { token: known, toldAt = 0 } = this.#held ?? {}
    // Two questions may be under way: a newer token that was told of since this one was asked stands. One of before does not: a
    // key server that was put back to an earlier state knows only lower numbers.
    if (known && known.generation > generation && toldAt > sentAt) return
    const now = clock.steady()
    if (value !== undefined) {
      const token = accessToken(value, generation, clock.now() + leftMs)
      this.#held = { token: Object.assign(token, { generation }), usableUntil, toldAt: now }
    } else if (known?.generation === generation) this.#held = { token: known, usableUntil, toldAt: now }
    else throw new AegisError('key-server.unreachable', { reason: 'an answer without a token' })
  }

  #note(error: AegisError | undefined, isAway = false): void {
    const { clock, log } = this.#deps
    const before = this.#failing
    this.#failing = error && { error, since: before?.error.code === error.code ? before.since : clock.steady() }
    if (isAway === this.#isAway) return
    this.#isAway = isAway
    if (isAway) log.warn('key-server.unreachable', { serves: this.#usable(undefined) !== undefined })
    else log.info('key-server.reached')
  }
}

/** The key server says no to this process. What else it says is told of its credentials and tokens. */
function isRefusal(error: AegisError): boolean {
  const codes = ['key-server.service-unknown', 'key-server.not-granted', 'key-server.environment-crossed'] as const
  return codes.some((code) => error.code === code)
}

/** Of credentials and tokens. */
const answers = [
  'key-server.token-unavailable',
  'key-server.credential-missing',
  'key-server.credential-expired',
  'key-server.credential-waiting',
  'key-server.credential-refused',
] as const

/** Anything else is of nobody, or of somebody who cannot look: what is at hand may still be good. */
function isAnswer(error: unknown): boolean {
  return isAegisError(error) && (isRefusal(error) || answers.some((code) => error.code === code))
}
