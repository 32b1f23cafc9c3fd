import type { Basis } from '../quota/use-rhythm.ts'
import type { Estimate } from '../quota/forecast-day.ts'

/** What `aegis quota --json` prints. Instants are ISO UTC; the day is that of athenahealth, which ends at 00:00 GMT. */
export interface QuotaReport {
  readonly environment: 'preview' | 'production' | 'local'
  readonly now: string
  readonly day: {
    readonly date: string
    readonly limit: number
    readonly perSecondLimit: number
    /** By whomever; `foreign` of them were made by others with the same app. */
    readonly used: number
    readonly foreign: number
    readonly left: number
    /** Of them, what bulk work leaves to feeds, beside the share of the day that it leaves anyway. */
    readonly keptForFeeds: number
    readonly resetsAt: string
    /** In words, while calls wait or are spaced more widely because athenahealth throttled some; absent otherwise. */
    readonly throttling?: string
  }
  readonly forecast: QuotaForecast
  readonly spent: QuotaSpent
  /** Past days until the same hour and as a whole; null where not all of the day is known. */
  readonly compared: {
    readonly today: number
    readonly yesterday: ComparedDay | null
    readonly weekBefore: ComparedDay | null
  }
  /** What would make the day do, that which saves most first; empty when it does. */
  readonly advice: readonly QuotaAdvice[]
}

/** `lasts`: also if it goes badly. `may-not-last`: it should. `does-not-last`: some work is expected to wait for tomorrow. */
export type QuotaOutlook = 'lasts' | 'may-not-last' | 'does-not-last'

export interface QuotaForecast {
  readonly outlook: QuotaOutlook
  /** In words. */
  readonly explanation: string
  readonly restsOn: string
  readonly endsAt: string
  readonly basis: Basis
  /** Past days by which the range was judged; 0: it is a guess. */
  readonly judgedDays: number
  /** Calls wanted from now on, and left at the end of the day. */
  readonly wanted: Estimate
  readonly leftAtMidnight: Estimate
  readonly stops: readonly {
    readonly priority: string
    /** Null: expected to go on, but not for certain. */
    readonly at: string | null
    readonly earliest: string
    /** Null: it may go on all day. */
    readonly latest: string | null
  }[]
  /** Share of the polls there will be calls for. */
  readonly feedsServed: Estimate
}

export interface QuotaSpent {
  readonly works: readonly {
    readonly priority: string
    readonly work: string
    readonly caller?: string
    readonly today: number
    readonly yesterday: number
  }[]
  /** The twenty that spent most, and how many called at all. */
  readonly practices: readonly { readonly practice: number; readonly today: number; readonly yesterday: number }[]
  readonly practicesCount: number
}

export interface ComparedDay {
  readonly byNow: number
  readonly total: number
}

export interface QuotaAdvice {
  /** The setting to change; null where it is not a matter of settings. */
  readonly setting: string | null
  readonly change: string
  /** Calls a day. */
  readonly saves: number
  /** Whether the calls do with this change alone; absent where that is not known. */
  readonly isEnough?: boolean
}
