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
  readonly #apps = new Map<App, Allowance>()
  readonly #practices = new Map<App, Map<number, Allowance>>()
  readonly #tokens = new Map<App, PeriodCounter>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Judges an API request of an app for a practice arriving at `at` (virtual ms, never before earlier ones). */
  admitCall(app: App, practiceId: number, at: number): Verdict {
    const own = this.#ofApp(app)
    const local = this.#ofPractice(app, practiceId)
    const left = own.day.remaining(at)
    const refusedBy = refusal(own, at) ?? (local && refusal(local, at))
    if (refusedBy === undefined) {
      for (const { second, day } of local === undefined ? [own] : [own, local]) {
        second.count(at)
        day.count()
      }
    }
    return { refusedBy, limit: this.#limits.perDay, remaining: refusedBy === undefined ? left - 1 : left }
  }

  /** Judges a token request; those that fail for another reason count as well. */
  admitToken(app: App, at: number): Verdict {
    let minute = this.#tokens.get(app)
    if (minute === undefined) {
      minute = new PeriodCounter(this.#limits.tokensPerMinute, minuteMs)
      this.#tokens.set(app, minute)
    }
    const left = minute.remaining(at)
    const limit = this.#limits.tokensPerMinute
    if (left <= 0) return { refusedBy: 'minute', limit, remaining: 0 }
    minute.count()
    return { refusedBy: undefined, limit, remaining: left - 1 }
  }

  #ofApp(app: App): Allowance {
    let known = this.#apps.get(app)
    if (known === undefined) {
      known = allowance(this.#limits.perSecond, this.#limits.perDay)
      this.#apps.set(app, known)
    }
    return known
  }

  #ofPractice(app: App, practiceId: number): Allowance | undefined {
    const { perPractice } = this.#limits
    if (perPractice === undefined) return undefined
    let practices = this.#practices.get(app)
    if (practices === undefined) {
      practices = new Map()
      this.#practices.set(app, practices)
    }
    let known = practices.get(practiceId)
    if (known === undefined) {
      known = allowance(perPractice.perSecond ?? Infinity, perPractice.perDay ?? Infinity)
      practices.set(practiceId, known)
    }
    return known
  }
}

function refusal({ second, day }: Allowance, at: number): 'second' | 'day' | undefined {
  if (!second.hasRoom(at)) return 'second'
  return day.remaining(at) <= 0 ? 'day' : undefined
}
