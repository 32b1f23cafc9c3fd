import { checkedLimits } from '../quota/quota-limits.ts'
import { usablePerSecond } from '../quota/rate-plan.ts'
import { latestOf } from '../pacing/pacing-settings.ts'
import { type DayCalls, dayCalls, type LoadCalls, loadCalls, type PracticeShape } from '../sync/estimate-calls.ts'
import { hasChangedFeed } from '../sync/feed-table.ts'
import { nextWednesday, type RehearsedDay, type RehearsedFeed, usualFeeds } from '../sync/rehearse-day.ts'
import { callsPerSecondForDrains, callsWanted } from '../sync/poll-stretch.ts'
import { advisePlan } from './advise-plan.ts'
import { boundsAlone, type DrainCalls, drainCallsBy } from './drain-calls.ts'
import {
  isAllMade,
  type JudgedDay,
  judgeDay,
  meanWaitMs,
  type PlanInput,
  rehearse,
  totalOf,
  usableOf,
  wholeCalls,
} from './judge-day.ts'
import type { QuotaAdvice } from './quota-report.ts'

/** What `aegis quota plan --json` prints: calls are estimates, durations in milliseconds. */
export interface QuotaPlan {
  readonly environment: PlanInput['environment']
  readonly practices: number
  readonly shape: PracticeShape
  readonly limits: { readonly perDay: number; readonly perSecond: number; readonly tokensPerMinute: number }
  /** Whether the calls of an ordinary day do, of its seconds, and of the nights. */
  readonly fits: boolean
  readonly day: {
    /** As it is expected to be: with feeds read as often as the calls do for, or, where all are read alike, as is asked for. */
    readonly perPractice: DayCalls
    /** Of all practices, and the sum of them. */
    readonly calls: DayCalls
    readonly total: number
    /** What feeds name and what lists are to be read, and there are no calls for: it is put off, and grows day by day. */
    readonly unmade: number
    /** Whether hardly any of it is. */
    readonly isAllMade: boolean
    /** The same with every feed read no more often than it has to be. */
    readonly least: number
    /** Of the day's calls, what sync may use: a tenth is kept for people. */
    readonly usable: number
  }
  readonly polls: {
    /** Feeds of all practices. */
    readonly feeds: number
    /** Of them, how many the day would do for at a call each interval, if nothing else called at all. */
    readonly feedsMax: number
    readonly intervalMs: number
    /** Whether when to read a feed is chosen by how it changes. */
    readonly isAdaptive: boolean
    /** Between two readings of a feed, as the day's calls allow, on average of all feeds; null where no feed is read. */
    readonly givenMs: number | null
    /** How long a change waits for one; null where a feed is not read, or nothing changes. */
    readonly waitMs: number | null
    /** Each feed of a practice on a working day; `boundMs`: how long it is left alone at most, if the calls do for that. */
    readonly byFeed: readonly (RehearsedFeed & { readonly boundMs: number })[]
    /** By how much bounds, or intervals, are stretched at worst; 1: not at all. */
    readonly stretch: number
    /** The most practices that this configuration does for, and the most of which every feed can be read each interval. */
    readonly practicesMax: number
    readonly practicesEachInterval: number
  }
  readonly second: {
    readonly usable: number
    readonly average: number
    /** On average of the busiest ten minutes of a working day. */
    readonly busiest: number
    /** Whether it, and not only the day, has feeds read less often than each interval. */
    readonly isShort: boolean
  }
  readonly load: {
    readonly perPractice: LoadCalls
    readonly total: number
    /** At the limit per second, were there no other. */
    readonly atLimitMs: number
    /** Calls that a day leaves for it, and how long a change waits meanwhile until it is read. */
    readonly aDay: number
    readonly waitMs: number | null
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
  /** What would make it fit, or where it does, would shorten the waits: settings, practices, limits. */
  readonly advice: readonly QuotaAdvice[]
}

const DAY_MS = 86_400_000

/** A token lives for an hour and is renewed after 80 to 90 % of it. */
const TOKENS_A_DAY = Math.ceil(DAY_MS / (3_600_000 * 0.8))

/** Judges a configuration by arithmetic alone: nothing is called, and no database is needed (pure). */
export function planQuota(input: PlanInput): QuotaPlan {
  const { environment, practices, shape, limits } = input
  const { perDay, perSecond, tokensPerMinute } = checkedLimits(limits)
  const judged = judgeDay(input)
  const { day, calls, total, second, night, fits, isShort } = judged
  const polls = pollsOf(input, judged)
  const drainCalls = drainCallsOf(input)
  return {
    environment,
    practices,
    shape,
    limits: { perDay, perSecond, tokensPerMinute },
    fits,
    day: {
      perPractice: wholeCalls(calls, 1 / practices),
      calls,
      total,
      least: leastCalls(input, drainCalls),
      unmade: Math.round(day.unmade),
      isAllMade: isAllMade(day),
      usable: usableOf(perDay),
    },
    polls,
    second: { ...second, busiest: day.busiestPerSecond, isShort: day.isOfSecond },
    load: loadOf(input, judged),
    night,
    tokensADay: TOKENS_A_DAY,
    advice: fits && !isShort ? [] : advisePlan({ input, judged, drainCalls, practicesMost: polls.practicesMax }),
  }
}

/** See `drainCallsBy`, at a price. */
function drainCallsOf({ sync: settings, shape, practices, now }: PlanInput): DrainCalls {
  const wednesday = nextWednesday(now)
  const known = usualFeeds({ settings, shape, practices }, wednesday)
  return (price) => drainCallsBy({ known, practices, price, now: wednesday })
}

/** Calls of a day with every feed read no more often than it has to be. */
function leastCalls({ sync, shape, practices }: PlanInput, drainCalls: DrainCalls): number {
  const { named, refresh, checks } = dayCalls(sync, shape)
  return Math.round(drainCalls(boundsAlone)(sync) + practices * (named + refresh + checks))
}

function pollsOf(input: PlanInput, { day }: Pick<JudgedDay, 'day'>): QuotaPlan['polls'] {
  const { practices, sync } = input
  const { perDay } = checkedLimits(input.limits)
  const feeds = practices * sync.feeds.filter(hasChangedFeed).length
  const { pollIntervalMs: intervalMs, pacing } = sync
  const eachInterval = practicesEachInterval(input)
  const most = practicesMax(input, eachInterval)
  return {
    feeds,
    feedsMax: Math.floor(perDay / (DAY_MS / intervalMs)),
    intervalMs,
    isAdaptive: pacing.isAdaptive,
    givenMs: day.calls.polls > 0 ? Math.round((feeds * DAY_MS) / day.calls.polls) : null,
    waitMs: roundedWait(day),
    byFeed: day.feeds.map((feed) => ({
      ...feed,
      boundMs: pacing.isAdaptive ? Math.max(intervalMs, latestOf(pacing, feed.feed)) : intervalMs,
    })),
    stretch: day.stretch,
    practicesMax: most,
    practicesEachInterval: Math.min(eachInterval, most),
  }
}

function roundedWait(day: RehearsedDay): number | null {
  const waitMs = meanWaitMs(day)
  return waitMs === null ? null : Math.round(waitMs)
}

/** The most practices of which every feed can be read each interval. */
function practicesEachInterval({ sync, shape, limits }: PlanInput): number {
  const checked = checkedLimits(limits)
  const ofDay = usableOf(checked.perDay) / totalOf(dayCalls(sync, shape))
  const wanted = callsWanted({ feeds: sync.feeds.filter(hasChangedFeed).length, msLeft: 1_000 }, sync)
  const ofSecond = callsPerSecondForDrains({ usablePerSecond: usablePerSecond(checked) }) / wanted
  return Math.floor(Math.min(ofDay, ofSecond))
}

/** More are not looked for. */
const PRACTICES_MAX = 100_000

/** The most practices with which the configuration fits. */
function practicesMax(input: PlanInput, eachInterval: number): number {
  const fits = (practices: number) => judgeDay({ ...input, practices }).fits
  // Not all that the day has is planned for drains: so many may be too many already.
  let [most, tooMany] = fits(eachInterval) ? [eachInterval, Math.max(2, 2 * eachInterval)] : [0, eachInterval]
  while (fits(tooMany) && tooMany < PRACTICES_MAX) [most, tooMany] = [tooMany, 2 * tooMany]
  while (tooMany - most > 1) {
    const middle = Math.floor((most + tooMany) / 2)
    if (fits(middle)) most = middle
    else tooMany = middle
  }
  return most
}

function loadOf(input: PlanInput, { second: rate, night: { openMs } }: JudgedDay): QuotaPlan['load'] {
  const { practices, sync, shape, policy } = input
  const perPractice = loadCalls(sync, shape)
  const total = practices * totalOf(perPractice)
  const free = Math.max(rate.usable * 0.05, rate.usable - rate.average)
  const aDay = Math.floor(rehearse(input, { perSecond: free, calls: Number.POSITIVE_INFINITY }).calls.bulk)
  const meanwhile = rehearse(input, { perSecond: free, calls: total })
  const isAlways = policy.offHours === 'always'
  const covered = isAlways ? perPractice.large : policy.onboarding.days * policy.onboarding.calls
  const confined = practices * Math.max(0, perPractice.large - covered)
  return {
    perPractice,
    total,
    atLimitMs: Math.round((total / rate.usable) * 1_000),
    aDay,
    waitMs: roundedWait(meanwhile),
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
