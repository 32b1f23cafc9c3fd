import type { Db } from '../db/db.ts'
import { allowanceRows, countedCall, onboardingRow, uncountCall } from './policy.sql.ts'

/** Why a large pull may run outside the off-hours: a first load, or the new snapshot that a gap makes necessary. */
export type AllowanceKind = 'onboarding' | 'gap'

export interface AllowanceLimits {
  /** For so many days after a practice was first loaded, so many large calls a day (UTC) of this practice. */
  readonly onboarding: { readonly days: number; readonly calls: number }
  /** Large calls a day of one practice after gaps. Default 500: half a million records. */
  readonly gapCalls?: number
}

const GAP_CALLS = 500
const DAY_MS = 86_400_000

/**
 * Takes one call of an allowance, durably and before it is made. Returns the day that has it; undefined when there is none.
 * A practice's onboarding begins with the first call taken, is over by itself after its days, and never begins again.
 */
export async function takeAllowance(
  deps: { db: Db },
  limits: AllowanceLimits,
  wanted: { practice: number; kind: AllowanceKind },
): Promise<string | undefined> {
  const { practice, kind } = wanted
  const { days, calls } = limits.onboarding
  return deps.db.control(async (tx) => {
    if (kind === 'gap') return countedCall(tx, { practice, kind, callsMax: limits.gapCalls ?? GAP_CALLS })
    const { began_at, now_at } = await onboardingRow(tx, practice)
    const over = now_at >= began_at + days * DAY_MS || calls < 1
    return over ? undefined : countedCall(tx, { practice, kind, callsMax: calls })
  })
}

/** Gives back a call that `takeAllowance` took and that was not made. */
export async function giveBackAllowance(
  deps: { db: Db },
  taken: { practice: number; kind: AllowanceKind; day: string },
): Promise<void> {
  await deps.db.control((tx) => uncountCall(tx, taken))
}

/** Calls that a practice made on each allowance today (UTC). */
export async function allowancesUsed(deps: { db: Db }, practice: number): Promise<Record<AllowanceKind, number>> {
  const rows = await deps.db.control((tx) => allowanceRows(tx, practice))
  const used = { onboarding: 0, gap: 0 }
  for (const { kind, calls } of rows) used[kind] = calls
  return used
}
