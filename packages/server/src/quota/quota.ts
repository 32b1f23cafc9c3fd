import { createHash } from 'node:crypto'
import { AppLimiter, type LimiterDeps } from './app-limiter.ts'
import { keepForFeeds } from './keep-for-feeds.ts'
import type { Permission, PermissionRequest } from './permission.ts'
import type { Priority } from './priorities.ts'
import { holdLimitsOf } from './quota-limit.sql.ts'
import { checkedLimits, type HeldLimits, type QuotaLimits } from './quota-limits.ts'
import type { Standing } from '../http/rate-limit-fields.ts'
import { type QuotaUsage, quotaUsage } from './quota-usage.ts'
import type { Throttling } from './throttle-pause.ts'
import type { WaitFigures } from './wait-figures.ts'

/** What athenahealth said about its own counting, on an answer to an API call (not to a token request). */
export interface Observation {
  readonly app: string
  /** When the call was sent, epoch ms of this process's clock. */
  readonly at: number
  /** `X-RateLimit-Limit`: calls a day. */
  readonly limit?: number
  /** `X-RateLimit-Remaining`: calls left today. */
  readonly remaining?: number
  /** The answer was no success: of what it counts only the known limit of the day is believed. Default false. */
  readonly isRefusal?: boolean
}

/** What a process is configured with, and what holds. */
export interface LimitsInForce {
  readonly own: HeldLimits
  readonly held: HeldLimits
}

/**
 * May this call be made now? Limits per second, per day and (where configured) per practice, shared by every process
 * on one database. As athenahealth counts, no sliding second and no day holds a call too many: whatever the clocks of
 * the processes show, when processes stall, are killed, or lose the database.
 */
export interface Quota {
  /**
   * Resolves when one call may be sent: at once, not later. Rejects with the signal's reason when cancelled, and with
   * AegisError `quota.day-exhausted` (`detail.until`, epoch ms), `quota.timeout`, `quota.too-many-waiting`,
   * `quota.unreachable` or `quota.stopping`, each with `detail.retryAfterMs`. After any of these nothing may be sent.
   */
  permission(request: PermissionRequest): Promise<Permission>
  /** The call of this permission was not made: its second has passed, but the day has it back. At most once each. */
  unused(permission: Permission): void
  /** Throws `quota.day-exhausted` at once if the day is known to be used up; no call to the database. */
  check(request: { app: string; priority: Priority }): void
  /** Takes over athenahealth's count where it leaves less than ours. Never raises what we think is left. */
  observe(observation: Observation): void
  /** athenahealth throttled a call: every process pauses, for as long as it said (1 s to 15 min) or else 1 s, growing to 64 s. */
  throttled(app: string, told?: Throttling): Promise<void>
  /** How an app stands with its limits for calls of a priority, as far as this process knows: no call to the database. */
  standing(request: { app: string; priority: Priority }): Standing
  /** Who of this process waits for a permission of an app, and what was waited so far. */
  waits(app: string): WaitFigures
  /** What an app has used, for status. */
  usage(app: string): Promise<QuotaUsage>
  /** What feeds need until the day ends: bulk work of every process leaves it to them. */
  keepForFeeds(app: string, needed: number): Promise<void>
  /** For a process that starts: its limits hold for every process from now on, until another one starts. */
  holdLimits(app: string): Promise<void>
  /** What this process is configured with, and what holds for every process, as far as this one knows. */
  limits(app: string): LimitsInForce
  /** Sends away who waits (`quota.stopping`), gives back what is reserved and unused. */
  stop(): Promise<void>
}

/**
 * Makes the quota of this process. `deps.holder` names the process among all that share the database, and is the same
 * after a restart of the same one (e.g. the id of its home).
 */
export function createQuota(deps: LimiterDeps, limits: QuotaLimits): Quota {
  const checked = checkedLimits(limits)
  // Only whether two are the same is of interest, and a path or host name of any length may be given.
  const holder = createHash('sha256').update(deps.holder).digest('hex').slice(0, 32)
  const limiters = new Map<string, AppLimiter>()
  const limiterOf = (app: string): AppLimiter => {
    const known = limiters.get(app)
    if (known) return known
    const limiter = new AppLimiter({ ...deps, holder }, app, checked)
    limiters.set(app, limiter)
    return limiter
  }
  return {
    permission: (request) => limiterOf(request.app).permission(request),
    unused: (permission) => limiterOf(permission.app).ledger.putBack(permission),
    check: ({ app, priority }) => limiterOf(app).check(priority),
    observe({ app, at, ...counts }) {
      const limiter = limiterOf(app)
      const aheadMs = deps.clock.now() - limiter.databaseNow()
      limiter.ledger.observe({ at: at - aheadMs, ...counts })
    },
    throttled: (app, told = {}) => limiterOf(app).throttled(told),
    standing: ({ app, priority }) => limiterOf(app).standing(priority),
    waits: (app) => limiterOf(app).waits(),
    usage: (app) => quotaUsage(deps, checked, app),
    keepForFeeds: (app, needed) => keepForFeeds({ db: deps.db, limits: checked }, { app, needed }),
    holdLimits: (app) => deps.db.control((tx) => holdLimitsOf(tx, app, checked)),
    limits: (app) => limiterOf(app).limits(),
    async stop() {
      await Promise.all([...limiters.values()].map((limiter) => limiter.stop()))
    },
  }
}
