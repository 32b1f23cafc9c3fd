import { callerRangeLimits, type ListRule, listRules, nonNarrowing, type RangeLimits } from './intensive-calls.ts'
import { type OffHours, offHours } from './off-hours.ts'

export interface PolicyRules extends RangeLimits {
  readonly offHours: OffHours
}

/** A call as the policy sees it. */
export interface PolicyCall {
  readonly method: string
  /** Template without version and practice, e.g. `/appointments/booked`. */
  readonly route: string
  /** Query parameters by lower-case name. Read and forgotten: values may name a patient. */
  readonly params: ReadonlyMap<string, string>
  /** The caller's word that this call is one page of several. */
  readonly large?: boolean
  /** It is made for a caller, past the mirror. */
  readonly ofCaller?: boolean
}

export interface PolicyFacts {
  /** Epoch ms. */
  readonly now: number
  /** An allowance was taken for this call: it may be large outside the off-hours. */
  readonly exempt?: boolean
}

export type PolicyCode =
  | 'policy.date-range-required'
  | 'policy.date-range-too-wide'
  | 'policy.filter-required'
  | 'policy.off-hours'

/**
 * `large`: a large pull, of which a practice has one at a time. `before`: the call must have left by then, or be judged
 * again (epoch ms). `until`: when the same call is allowed. A call that `until` is missing for is never allowed as it is.
 */
export type Verdict =
  | { readonly allowed: true; readonly large?: true; readonly before?: number }
  | { readonly allowed: false; readonly code: PolicyCode; readonly until?: number }

const ALLOWED: Verdict = { allowed: true }
const LARGE = { allowed: true, large: true } as const

/**
 * Judges one call by the rules for heavy lists. Pure. A large pull (an intensive list without a filter, or one page of
 * several) is allowed inside the off-hours only. It is judged call by call, so it stops at the end of the window and
 * does not merely not start after it.
 */
export function judgeCall(rules: PolicyRules, call: PolicyCall, facts: PolicyFacts): Verdict {
  const rule = listRules[`${call.method} ${call.route}`]
  if (!rule) return ALLOWED
  const refusal = judgeShape(rules, rule, call)
  if (refusal) return { allowed: false, code: refusal }
  if (!rule.intensive || !isLargePull(rule, call)) return ALLOWED
  if (facts.exempt) return LARGE
  const window = offHours(facts.now, rules.offHours)
  if (!window.open) return { allowed: false, code: 'policy.off-hours', until: window.opensAt }
  return Number.isFinite(window.closesAt) ? { ...LARGE, before: window.closesAt } : LARGE
}

function judgeShape(rules: PolicyRules, rule: ListRule, call: PolicyCall): PolicyCode | undefined {
  if (rule.narrowingRequired && !isNarrowed(rule, call)) return 'policy.filter-required'
  if (rule.ranges.length === 0) return undefined
  const widths = rule.ranges.map(([start, end]) => daysBetween(call.params.get(start), call.params.get(end)))
  const days = widths.filter((width) => width !== undefined)
  if (days.length === 0) {
    return rule.rangeFreeWith.some((name) => given(call, name)) ? undefined : 'policy.date-range-required'
  }
  // Every range given must hold: athenahealth combines them with "and", but one that is absurd is a mistake.
  return rule.widest && Math.max(...days) > widthOf(rules, rule.widest, call) ? 'policy.date-range-too-wide' : undefined
}

function widthOf(rules: PolicyRules, widest: keyof RangeLimits, { ofCaller }: PolicyCall): number {
  return ofCaller ? Math.min(rules[widest], callerRangeLimits[widest] ?? rules[widest]) : rules[widest]
}

function isLargePull(rule: ListRule, call: PolicyCall): boolean {
  const laterPage = Number(call.params.get('offset') ?? 0) > 0
  return call.large === true || laterPage || !isNarrowed(rule, call)
}

function isNarrowed(rule: ListRule, call: PolicyCall): boolean {
  if (rule.narrowing !== 'any-other') return rule.narrowing.some((name) => given(call, name))
  return [...call.params.keys()].some((name) => !nonNarrowing.test(name) && given(call, name))
}

function given(call: PolicyCall, name: string): boolean {
  return (call.params.get(name) ?? '') !== ''
}

const DAY_MS = 86_400_000

/** Days of a range `MM/DD/YYYY`–`MM/DD/YYYY`, both included; undefined unless both are dates in their order. */
function daysBetween(start: string | undefined, end: string | undefined): number | undefined {
  const from = dateOf(start)
  const to = dateOf(end)
  if (from === undefined || to === undefined || to < from) return undefined
  return Math.round((to - from) / DAY_MS) + 1
}

function dateOf(text: string | undefined): number | undefined {
  const match = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text ?? '')
  if (!match) return undefined
  const [, month, day, year] = match
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day))
  return new Date(at).getUTCDate() === Number(day) ? at : undefined
}
