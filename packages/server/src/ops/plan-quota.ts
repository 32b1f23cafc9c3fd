import type { AllowanceLimits } from '../policy/allowances.ts'
import { type OffHours, offHours } from '../policy/off-hours.ts'
import { priorityRules } from '../quota/priorities.ts'
import { checkedLimits, type QuotaLimits } from '../quota/quota-limits.ts'
import { type DayCalls, dayCalls, type LoadCalls, loadCalls, type PracticeShape } from '../sync/estimate-calls.ts'
import { hasChangedFeed } from '../sync/feed-table.ts'
import { pollShare, pollStretch } from '../sync/poll-stretch.ts'
import type { SyncSettings } from '../sync/sync-settings.ts'
import { adviseQuota } from './advise-quota.ts'
import type { QuotaAdvice } from './quota-report.ts'

/** What is to be judged before anything is started. */
export interface PlanInput {
  readonly environment: 'preview' | 'production' | 'local'
  readonly practices: number
  readonly shape: PracticeShape
  readonly limits: QuotaLimits
  readonly sync: SyncSettings
  readonly policy: AllowanceLimits & { readonly offHours: OffHours }
  /** Of the off-hours as they are now, epoch ms. */
  readonly now: number
}

/** What `aegis quota plan --json` prints: calls are estimates, durations in milliseconds. */
export interface QuotaPlan {
  readonly environment: PlanInput['environment']
  readonly practices: number
  readonly shape: PracticeShape
  readonly limits: { readonly perDay: number; readonly perSecond: number; readonly tokensPerMinute: number }
  /** Whether the calls of an ordinary day do, and those of the nights. */
  readonly fits: boolean
  readonly day: {
    readonly perPractice: DayCalls
    readonly total: number
    /** Of the day's calls, what sync may use: a tenth is kept for people. */
    readonly usable: number
  }
  readonly polls: {
    /** Feeds of all practices. */
    readonly feeds: number
    /** Of them, how many the day would do for at a call each interval, if nothing else called at all. */
    readonly feedsMax: number
    readonly intervalMs: number
    /** Between two readings of a feed, as the day's calls allow. */
    readonly givenMs: number
    /** The most practices that this configuration does for. */
    readonly practicesMax: number
  }
  readonly second: { readonly usable: number; readonly average: number }
  readonly load: {
    readonly perPractice: LoadCalls
    readonly total: number
    /** At the limit per second, were there no other. */
    readonly atLimitMs: number
    /** Calls that a day leaves for it. */
    readonly aDay: number
    /** Large calls that the onboarding allowance does not cover: they wait for the nights. */
    readonly confined: number
    /** Until everything is mirrored; null: the day's calls leave nothing for it. */
    readonly lastsMs: number | null
  }
  readonly night: {
    readonly calls: number
    /** How long the off-hours are, and how long the checks take in them at the limit per second. */
    readonly openMs: number
    readonly neededMs: number
  }
  readonly tokensADay: number
  /** What would make it fit, that which saves most first; empty when it does. */
  readonly advice: readonly QuotaAdvice[]
}

const DAY_MS = 86_400_000

/** A token lives for an hour and is renewed after 80 to 90 % of it. */
const TOKENS_A_DAY = Math.ceil(DAY_MS / (3_600_000 * 0.8))

/** Judges a configuration by arithmetic alone: nothing is called, and no database is needed (pure). */
export function planQuota(input: PlanInput): QuotaPlan {
  const { environment, practices, shape, sync, limits } = input
  const { perDay, perSecond, tokensPerMinute, usableShare } = checkedLimits(limits)
  const perPractice = dayCalls(sync, shape)
  const ofPractice = totalOf(perPractice)
  const total = Math.round(practices * ofPractice)
  const usable = Math.floor(perDay * (1 - priorityRules.feeds.dayFloorShare))
  const rate = { usable: perSecond * usableShare, average: total / (DAY_MS / 1_000) }
  const night = nightOf(input, { perPractice, perSecond: rate.usable })
  const polls = pollsOf(input, { usable, ofPractice, perDay })
  const fits = total <= usable && night.neededMs <= night.openMs && rate.average <= rate.usable
  return {
    environment,
    practices,
    shape,
    limits: { perDay, perSecond, tokensPerMinute },
    fits,
    day: { perPractice: rounded(perPractice), total, usable },
    polls,
    second: rate,
    load: loadOf(input, { total, perDay, rate, openMs: night.openMs }),
    night,
    tokensADay: TOKENS_A_DAY,
    advice: fits ? [] : adviceFor(input, { total, perDay }),
  }
}

function totalOf(calls: DayCalls | LoadCalls): number {
  return Object.values(calls).reduce((sum: number, one: number) => sum + one, 0)
}

function rounded(calls: DayCalls): DayCalls {
  const { polls, looks, named, refresh, checks } = calls
  const whole = Math.round
  return {
    polls: whole(polls),
    looks: whole(looks),
    named: whole(named),
    refresh: whole(refresh),
    checks: whole(checks),
  }
}

function pollsOf(
  { practices, sync }: PlanInput,
  { usable, ofPractice, perDay }: { usable: number; ofPractice: number; perDay: number },
): QuotaPlan['polls'] {
  const feeds = practices * sync.feeds.filter(hasChangedFeed).length
  const { pollIntervalMs: intervalMs } = sync
  // As the schedule itself decides at the beginning of a day.
  const stretch = pollStretch({ feeds, perDayLimit: perDay, leftToday: perDay, msLeft: DAY_MS }, sync)
  return {
    feeds,
    feedsMax: Math.floor(perDay / (DAY_MS / intervalMs)),
    intervalMs,
    givenMs: Math.round(intervalMs * stretch),
    practicesMax: Math.floor(usable / ofPractice),
  }
}

function nightOf(
  { practices, policy, now }: PlanInput,
  { perPractice, perSecond }: { perPractice: DayCalls; perSecond: number },
): QuotaPlan['night'] {
  const calls = Math.round(practices * perPractice.checks)
  const window = policy.offHours === 'always' ? { opensAt: 0, closesAt: DAY_MS } : offHours(now, policy.offHours)
  return { calls, openMs: window.closesAt - window.opensAt, neededMs: Math.round((calls / perSecond) * 1_000) }
}

interface LoadFacts {
  /** Calls of an ordinary day. */
  readonly total: number
  readonly perDay: number
  readonly rate: { readonly usable: number; readonly average: number }
  readonly openMs: number
}

function loadOf(input: PlanInput, { total: ofDay, perDay, rate, openMs }: LoadFacts): QuotaPlan['load'] {
  const { practices, sync, shape, policy } = input
  const perPractice = loadCalls(sync, shape)
  const total = practices * totalOf(perPractice)
  // Where the day does not do, polls take what they may and no more.
  const taken = Math.min(ofDay, perDay * (1 - priorityRules.feeds.dayFloorShare) * pollShare)
  const aDay = Math.max(0, Math.floor(perDay * (1 - priorityRules.bulk.dayFloorShare) - taken))
  const free = Math.max(rate.usable * 0.05, rate.usable - rate.average)
  const isAlways = policy.offHours === 'always'
  const covered = isAlways ? perPractice.large : policy.onboarding.days * policy.onboarding.calls
  const confined = practices * Math.max(0, perPractice.large - covered)
  return {
    perPractice,
    total,
    atLimitMs: Math.round((total / rate.usable) * 1_000),
    aDay,
    confined,
    lastsMs: lastsMs({ total, confined, aDay, free, openMs }),
  }
}

/** How long a load takes: the limit per second, the calls that days leave, and nights for what is confined to them. */
function lastsMs(load: { total: number; confined: number; aDay: number; free: number; openMs: number }): number | null {
  const { total, confined, aDay, free, openMs } = load
  if (total > 0 && aDay === 0) return null
  const atRate = (calls: number) => (calls / free) * 1_000
  const byRate = atRate(total)
  // Of a last day that is not needed as a whole, the part that is.
  const byDay = Math.floor(total / aDay) * DAY_MS + Math.min(DAY_MS, atRate(total % aDay))
  const byNight = Math.floor(atRate(confined) / openMs) * DAY_MS + (atRate(confined) % openMs)
  return Math.round(Math.max(byRate, byDay, byNight))
}

function adviceFor(
  { sync, practices, shape }: PlanInput,
  { total, perDay }: { total: number; perDay: number },
): QuotaAdvice[] {
  const facts = { settings: sync, limit: perDay, practices, foreign: 0, wanted: total, left: perDay, msLeft: DAY_MS }
  const bulkToday = 0
  const needed = Math.ceil(total / (1 - priorityRules.feeds.dayFloorShare) / 1_000) * 1_000
  const ofPractice = totalOf(dayCalls(sync, shape))
  const most = Math.floor((perDay * (1 - priorityRules.feeds.dayFloorShare)) / ofPractice)
  const others: QuotaAdvice[] =
    most > 0 && most < practices
      ? [
          {
            setting: 'practices',
            change: `${most} instead of ${practices}; the others with an app of their own, which has limits of its own`,
            saves: Math.round((practices - most) * ofPractice),
          },
        ]
      : []
  const more: QuotaAdvice = {
    setting: 'limits.perDay',
    change: `${needed.toLocaleString('en-US')}, if athenahealth grants that many`,
    saves: 0,
  }
  return [...adviseQuota({ ...facts, bulkToday }), ...others, ...(needed > perDay ? [more] : [])]
}
