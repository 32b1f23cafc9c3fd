import { AegisError } from '../errors/aegis-error.ts'
import { type AllowanceKind, type AllowanceLimits, giveBackAllowance, takeAllowance } from './allowances.ts'
import { defaultPullSpacingMs, listRules, type RangeRules, rangesOf } from './intensive-calls.ts'
import { judgeCall, type PolicyCall, type PolicyRules, type Verdict } from './judge-call.ts'
import { PullTurns, type Turn, type TurnDeps, type TurnRequest } from './pull-turns.ts'

export type PolicyConfig = PolicyRules &
  AllowanceLimits &
  RangeRules & {
    /** Between two large pulls of one practice, in ms. Default 100. */
    readonly pullSpacingMs?: number
  }

/** A call to be judged, with the allowance it may use. */
export interface JudgedCall extends PolicyCall {
  readonly practice: number
  readonly allowance?: AllowanceKind
}

/** On what terms a call is allowed. */
export interface CallTerms {
  readonly before?: number
  readonly large?: true
  /** The call was not made: its allowance has it back. At most once. */
  readonly unused?: () => Promise<void>
}

/** May this call be made at all? The rules as data, and the allowances that make exceptions of them, counted. */
export interface Policy {
  /**
   * Resolves when the call is allowed; with `before` (epoch ms) if it must have left by then, and `large` if it has to
   * take its practice's turn; where it was counted on an allowance, `unused` takes that back. Otherwise AegisError
   * `policy.date-range-required`, `policy.date-range-too-wide`, `policy.filter-required` or `policy.off-hours`, the last
   * with `detail.until`, epoch ms, and `detail.retryAfterMs`. Takes one call of the allowance where only that allows it.
   */
  permit(call: JudgedCall): Promise<CallTerms>
  /** Waits for a practice's turn for a large pull, see `PullTurns`. */
  turn(request: TurnRequest): Promise<Turn>
}

export function createPolicy(deps: TurnDeps, config: PolicyConfig): Policy {
  const turns = new PullTurns(deps, config.pullSpacingMs ?? defaultPullSpacingMs)
  return {
    async permit(call) {
      const now = deps.clock.now()
      const verdict = judgeCall({ ...config, ...rangesOf(config, call.practice) }, call, { now })
      if (verdict.allowed) return termsOf(verdict)
      const { practice, allowance: kind } = call
      const exempt = verdict.code === 'policy.off-hours' && kind !== undefined
      const day = exempt && (await takeAllowance(deps, config, { practice, kind }))
      if (!day) throw refusal(call, verdict, now)
      return { large: true, unused: () => giveBackAllowance(deps, { practice, kind, day }) }
    },
    turn: (request) => turns.take(request),
  }
}

function termsOf({ before, large }: Verdict & { allowed: true }) {
  return { ...(before === undefined ? {} : { before }), ...(large ? { large } : {}) }
}

function refusal(call: JudgedCall, verdict: Verdict & { allowed: false }, now: number): AegisError {
  const name = `${call.method} ${call.route}`
  const instead = listRules[name]?.instead
  return new AegisError(verdict.code, {
    call: name,
    ...(instead === undefined ? {} : { instead }),
    ...(verdict.until === undefined ? {} : { until: verdict.until, retryAfterMs: verdict.until - now }),
  })
}
