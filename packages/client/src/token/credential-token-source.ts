import { AthenaError } from '../athena-error.ts'
import { type Clock, systemClock } from '../clock.ts'
import { raceAbort } from '../call/read-body.ts'
import { systemRandom } from '../random.ts'
import { type AccessToken, accessToken, type TokenSource } from './access-token.ts'
import { requestToken, type TokenRequest } from './request-token.ts'

/** How the built-in source of tokens is made. */
export interface CredentialTokenSourceOptions extends Omit<TokenRequest, 'signal' | 'context'> {
  /** In [0, 1): jitter. Default: the machine's. */
  readonly random?: () => number
}

interface Held {
  readonly token: AccessToken
  readonly obtainedAt: number
  /** From here on a newer token is fetched while this one serves. */
  readonly refreshAt: number
  /** From here on this one no longer serves. */
  readonly usableUntil: number
  /** Whether it replaced a token that athenahealth had refused. */
  readonly replacement: boolean
}

/**
 * A token is renewed when this share of its life is over, and up to REFRESH_SPREAD later: replicas that started together
 * must not all renew together.
 */
const REFRESH_SHARE = 0.8
const REFRESH_SPREAD = 0.1
/** A token is not used for its last seconds: it would expire on the way. */
const LAST_MS = 10_000
/**
 * A replacement that is refused too is not replaced for this long. Without it every call would fetch a token, and preview
 * grants five a minute.
 */
const REPLACEMENT_EVERY_MS = 60_000
/** After a failed request, and doubling with each further one: at most five requests in any minute. */
const COOLING_MS = 2_000
const COOLING_MS_MAX = 60_000

/**
 * Tokens from a credential: one request at a time however many callers wait; renewed at 80–90 % of a token's life in the
 * background; a token that is still good goes on serving while renewal fails. After a failure no request is sent for a
 * while, and callers without a good token get the failure at once, with `retryAfterMs`.
 */
export class CredentialTokenSource implements TokenSource {
  readonly #options: CredentialTokenSourceOptions
  readonly #clock: Clock
  readonly #random: () => number
  #held: Held | undefined
  #flight: Promise<AccessToken> | undefined
  /** The generation athenahealth refused, until it is replaced. */
  #refused: string | number | undefined
  #generation = 0
  #failures = 0
  #coolUntil = Number.NEGATIVE_INFINITY
  #coolingMs = 0
  #lastFailure: AthenaError | undefined

  constructor(options: CredentialTokenSourceOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? systemRandom
  }

  /** A token that is good now; concurrent callers share one request. See TokenSource. */
  async get(options: { newerThan?: string | number; signal?: AbortSignal } = {}): Promise<AccessToken> {
    const held = this.#held
    const now = this.#clock.now()
    if (held && options.newerThan === held.token.generation) this.#refuse(held, now)
    if (held && this.#serves(held, now)) {
      if (now >= held.refreshAt) this.#refresh().catch(() => undefined)
      return held.token
    }
    const flight = this.#refresh()
    return options.signal ? raceAbort(flight, options.signal) : flight
  }

  #serves(held: Held, now: number): boolean {
    return now < held.usableUntil && held.token.generation !== this.#refused
  }

  #refuse(held: Held, now: number): void {
    const ageMs = now - held.obtainedAt
    // One that comes from the future is older than the clock, which was set back since.
    if (held.replacement && ageMs >= 0 && ageMs < REPLACEMENT_EVERY_MS) {
      const retryAfterMs = REPLACEMENT_EVERY_MS - ageMs
      throw new AthenaError('unauthorized', { hint: 'the token is less than a minute old', retryAfterMs })
    }
    this.#refused = held.token.generation
  }

  /** The request under way, or a new one, or the last failure while it cools. */
  #refresh(): Promise<AccessToken> {
    if (this.#flight) return this.#flight
    const now = this.#clock.now()
    // The clock was set back: nothing has to be waited for longer than was meant.
    this.#coolUntil = Math.min(this.#coolUntil, now + this.#coolingMs)
    const coolingMs = this.#coolUntil - now
    if (this.#lastFailure && coolingMs > 0) return Promise.reject(withRetryAfter(this.#lastFailure, coolingMs))
    this.#flight = this.#request().finally(() => {
      this.#flight = undefined
    })
    return this.#flight
  }

  async #request(): Promise<AccessToken> {
    try {
      const grant = await requestToken(this.#options)
      this.#generation += 1
      const token = accessToken(grant.value, this.#generation, grant.expiresAt)
      const bornAt = grant.expiresAt - grant.lifeMs
      this.#held = {
        token,
        obtainedAt: this.#clock.now(),
        refreshAt: bornAt + grant.lifeMs * (REFRESH_SHARE + REFRESH_SPREAD * this.#random()),
        usableUntil: grant.expiresAt - Math.min(LAST_MS, grant.lifeMs * REFRESH_SPREAD),
        replacement: this.#refused !== undefined,
      }
      this.#refused = undefined
      this.#failures = 0
      this.#lastFailure = undefined
      return token
    } catch (error) {
      throw error instanceof AthenaError ? this.#cool(error) : error
    }
  }

  #cool(failure: AthenaError): AthenaError {
    const own = Math.min(COOLING_MS_MAX, COOLING_MS * 2 ** this.#failures) * (1 + this.#random() / 2)
    const coolingMs = Math.round(Math.max(own, failure.retryAfterMs ?? 0))
    this.#failures += 1
    this.#coolUntil = this.#clock.now() + coolingMs
    this.#coolingMs = coolingMs
    this.#lastFailure = failure
    return withRetryAfter(failure, coolingMs)
  }
}

function withRetryAfter(failure: AthenaError, retryAfterMs: number): AthenaError {
  const { method, route, status, requestId, athenaRequestId, hint, meta, cause } = failure
  const known = { method, route, status, requestId, athenaRequestId, hint, meta, cause }
  const details = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined))
  return new AthenaError(failure.code, { ...details, retryAfterMs })
}
