import type { Clock } from '../clock/clock.ts'
import type { Db } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { type AllowanceKind, type AllowanceLimits, takeAllowance } from './allowances.ts'
import { judgeCall, type PolicyCall, type PolicyRules, type Verdict } from './judge-call.ts'

export interface PolicyDeps {
  readonly db: Db
  readonly clock: Clock
}

export type PolicyConfig = PolicyRules & AllowanceLimits

/** A call to be judged, with the allowance it may use. */
export interface JudgedCall extends PolicyCall {
  readonly practice: number
  readonly allowance?: AllowanceKind
}

/** May this call be made at all? The rules as data, and the allowances that make exceptions of them, counted. */
export interface Policy {
  /**
   * Resolves when the call is allowed; with `before` (epoch ms) if it must have left by then. Otherwise AegisError
   * `policy.date-range-required`, `policy.date-range-too-wide`, `policy.filter-required` or `policy.off-hours`, the last
   * with `detail.until`, epoch ms, and `detail.retryAfterMs`. Takes one call of the allowance where only that allows it.
   */
  permit(call: JudgedCall): Promise<{ readonly before?: number }>
}

export function createPolicy(deps: PolicyDeps, config: PolicyConfig): Policy {
  return {
    async permit(call) {
      const now = deps.clock.now()
      const verdict = judgeCall(config, call, { now })
      if (verdict.allowed) return verdict.before === undefined ? {} : { before: verdict.before }
      const { practice, allowance: kind } = call
      const exempt = verdict.code === 'policy.off-hours' && kind !== undefined
      if (!exempt || !(await takeAllowance(deps, config, { practice, kind }))) throw refusal(call, verdict, now)
      return {}
    },
  }
}

function refusal(call: JudgedCall, verdict: Verdict & { allowed: false }, now: number): AegisError {
  const { method, route } = call
  return new AegisError(verdict.code, {
    call: `${method} ${route}`,
    ...(verdict.until === undefined ? {} : { until: verdict.until, retryAfterMs: verdict.until - now }),
  })
}
