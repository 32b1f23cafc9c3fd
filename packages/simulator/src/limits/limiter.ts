import type { App } from '../route.ts'
import type { Limits } from './limits.ts'
import { SlidingWindow } from './sliding-window.ts'

const dayMs = 86_400_000
const minuteMs = 60_000

/** Arrivals within the current period of fixed length; periods start at multiples of it since the epoch, i.e. in GMT. */
class PeriodCounter {
  readonly #limit: number
  readonly #periodMs: number
  #period = -1
  #used = 0

  constructor(limit: number, periodMs: number) {
    this.#limit = limit
    this.#periodMs = periodMs
  }

  remaining(at: number): number {
    const period = Math.floor(at / this.#periodMs)
    if (period !== this.#period) {
      this.#period = period
      this.#used = 0
    }
    return Math.max(0, this.#limit - this.#used)
  }

  count(): void {
    this.#used += 1
  }
}

/** An app, with limits of its own or without. */
interface LimitedApp extends App {
  readonly limits?: Limits | undefined
}

/** Everything counted for one app under one set of limits. */
interface Account {
  readonly limits: Limits
  readonly all: Allowance
  readonly tokens: PeriodCounter
  readonly practices: Map<number, Allowance>
}

interface Allowance {
  readonly second: SlidingWindow
  readonly day: PeriodCounter
}

function allowance(perSecond: number, perDay: number): Allowance {
  return { second: new SlidingWindow(perSecond), day: new PeriodCounter(perDay, dayMs) }
}

/** What the gateway decides about one arrival, and what its rate-limit headers say. */
export interface Verdict {
  readonly refusedBy: 'second' | 'day' | 'minute' | undefined
  /** `X-RateLimit-Limit`; Infinity when there is none. */
  readonly limit: number
  /** `X-RateLimit-Remaining` after this arrival. */
  readonly remaining: number
}

/**
 * Counts arrivals per app as athenahealth's gateway does: API requests in any sliding second and per GMT day, token
 * requests per clock minute. That a refused request counts neither against the second nor the day is inferred.
 */
export class Limiter {
  readonly #limits: Limits
  readonly #accounts = new WeakMap<App, Account>()

  /** `limits` are those of apps without their own. */
  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Judges an API request of an app for a practice arriving at `at` (virtual ms, never before earlier ones). */
  admitCall(app: LimitedApp, practiceId: number, at: number): Verdict {
    const account = this.#accountOf(app)
    const { all, limits } = account
    const local = practiceAllowance(account, practiceId)
    const left = all.day.remaining(at)
    const refusedBy = refusal(all, at) ?? (local && refusal(local, at))
    if (refusedBy === undefined) {
      for (const { second, day } of local === undefined ? [all] : [all, local]) {
        second.count(at)
        day.count()
      }
    }
    return { refusedBy, limit: limits.perDay, remaining: refusedBy === undefined ? left - 1 : left }
  }

  /** Judges a token request; those that fail for another reason count as well. */
  admitToken(app: LimitedApp, at: number): Verdict {
    const { tokens, limits } = this.#accountOf(app)
    const left = tokens.remaining(at)
    const limit = limits.tokensPerMinute
    if (left <= 0) return { refusedBy: 'minute', limit, remaining: 0 }
    tokens.count()
    return { refusedBy: undefined, limit, remaining: left - 1 }
  }

  /** An app that is given other limits begins to be counted anew. */
  #accountOf(app: LimitedApp): Account {
    const limits = app.limits ?? this.#limits
    const known = this.#accounts.get(app)
    if (known?.limits === limits) return known
    const { perSecond, perDay, tokensPerMinute } = limits
    const tokens = new PeriodCounter(tokensPerMinute, minuteMs)
    const account = { limits, tokens, all: allowance(perSecond, perDay), practices: new Map<number, Allowance>() }
    this.#accounts.set(app, account)
    return account
  }
}

function practiceAllowance({ limits, practices }: Account, practiceId: number): Allowance | undefined {
  const { perPractice } = limits
  if (perPractice === undefined) return undefined
  let known = practices.get(practiceId)
  if (known === undefined) {
    known = allowance(perPractice.perSecond ?? Infinity, perPractice.perDay ?? Infinity)
    practices.set(practiceId, known)
  }
  return known
}

function refusal({ second, day }: Allowance, at: number): 'second' | 'day' | undefined {
  if (!second.hasRoom(at)) return 'second'
  return day.remaining(at) <= 0 ? 'day' : undefined
}
