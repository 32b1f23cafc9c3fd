import { defaultDayBlock } from './quota-day.ts'

/** The limits of one athenahealth app and how they are used. */
export interface QuotaLimits {
  /** Calls in any second that athenahealth allows: 5 in preview, 100 in production. */
  readonly perSecond: number
  /** Calls a day, counted anew at 00:00 GMT: 50,000 in preview, 500,000 in production. */
  readonly perDay: number
  /** Token requests a minute: 5 in preview, 50 in production. The key server counts them, as the only one to make any. */
  readonly tokensPerMinute: number
  /** Calls in any second for one practice. Absent: no limit but the app's. */
  readonly perPracticePerSecond?: number
  /**
   * The share of `perSecond` that is planned for. Default 0.95: what is left keeps a sliding second whole when calls
   * arrive up to 52 ms later than planned, ours and the network's delay together.
   */
  readonly usableShare?: number
  /** Calls of the day reserved at once. Default: a 2,500th of the day, 1 to 200. A process begins with less; killed, it loses one at most. */
  readonly dayBlock?: number
  /** Shares of practices while several wait, by practice id; who is not named has 1. */
  readonly weights?: Readonly<Record<string, number>>
  /** The same for programs, by the id they call with. */
  readonly callerWeights?: Readonly<Record<string, number>>
  /** Most calls that may wait in one process. Default 10,000. */
  readonly waitingMax?: number
}

export type CheckedLimits = Required<Omit<QuotaLimits, OptionalLimit>> & Pick<QuotaLimits, OptionalLimit>

/** The limits that hold for every process on the database, whatever each is configured with. */
export interface HeldLimits {
  readonly perDay: number
  readonly perSecond: number
  /** Undefined: no limit but the app's. */
  readonly perPracticePerSecond: number | undefined
  /** Noted to be compared only: who asks for tokens counts by its own. */
  readonly tokensPerMinute: number
}

type OptionalLimit = 'perPracticePerSecond' | 'weights' | 'callerWeights'

/** What can be configured. */
export const limitBounds = {
  perDay: { min: 1, max: 100_000_000 },
  perSecond: { min: 0.1, max: 10_000 },
} as const

/** The presets of athenahealth's two environments (Best Practices page and recorded headers, read 2026-11). */
export const quotaPresets = {
  preview: { perSecond: 5, perDay: 50_000, tokensPerMinute: 5 },
  production: { perSecond: 100, perDay: 500_000, tokensPerMinute: 50 },
} as const satisfies Record<string, QuotaLimits>

/** Fills in the defaults. RangeError for numbers that make no limit; the configuration is checked before. */
export function checkedLimits(limits: QuotaLimits): CheckedLimits {
  const checked = {
    usableShare: 0.95,
    dayBlock: defaultDayBlock(limits.perDay),
    waitingMax: 10_000,
    ...limits,
  }
  const { usableShare, weights = {}, callerWeights = {}, ...counts } = checked
  const all = [counts, weights, callerWeights].flatMap((some) => Object.values(some))
  if (all.some((count) => !(count > 0))) throw new RangeError('every limit must be more than 0')
  if (!(usableShare > 0 && usableShare <= 0.99)) throw new RangeError('usableShare must lie between 0 and 0.99')
  return checked
}
