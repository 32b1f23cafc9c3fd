import type { AllowanceLimits } from '../policy/allowances.ts'
import { type OffHours, offHours } from '../policy/off-hours.ts'
import { priorityRules } from '../quota/priorities.ts'
import { checkedLimits, type QuotaLimits } from '../quota/quota-limits.ts'
import { usablePerSecond } from '../quota/rate-plan.ts'
import { latestOf } from '../pacing/pacing-settings.ts'
import { type DayCalls, dayCalls, type LoadCalls, loadCalls, type PracticeShape } from '../sync/estimate-calls.ts'
import { hasChangedFeed } from '../sync/feed-table.ts'
import {
  nextWednesday,
  type RehearsalFacts,
  type RehearsedDay,
  type RehearsedFeed,
  rehearseDay,
  usualFeeds,
} from '../sync/rehearse-day.ts'
import { callsWanted, pollShare } from '../sync/poll-stretch.ts'
import type { SyncSettings } from '../sync/sync-settings.ts'
import { adviseQuota } from './advise-quota.ts'
import { drainCallsBy } from './drain-calls.ts'
import type { QuotaAdvice } from './quota-report.ts'
import { isWorthAWord } from './read-paces.ts'

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
    /** As it is expected to be: with feeds read as often as the calls do for, or, where all are read alike, as is asked for. */
    readonly perPractice: DayCalls
    readonly total: number
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
    /** Between two readings of a feed, as the day's calls allow, on average of all feeds; how long a change waits for one. */
    readonly givenMs: number
    readonly waitMs: number
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
    readonly waitMs: number
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
  const { environment, practices, shape, limits } = input
  const { perDay, perSecond, tokensPerMinute } = checkedLimits(limits)
  const judged = judgeDay(input)
  const { day, perPractice, total } = judged
  const rate = {
    usable: usablePerSecond(checkedLimits(limits)),
    average: total / (DAY_MS / 1_000),
    busiest: day.busiestPerSecond,
    isShort: day.isOfSecond,
  }
  const night = nightOf(input, { perPractice, perSecond: rate.usable })
  const fits = judged.fits && night.neededMs <= night.openMs && rate.average <= rate.usable
  const usable = usableOf(perDay)
  const polls = pollsOf(input, judged)
  return {
    environment,
    practices,
    shape,
    limits: { perDay, perSecond, tokensPerMinute },
    fits,
    day: { perPractice: rounded(perPractice), total, least: judged.least, usable },
    polls,
    second: rate,
    load: loadOf(input, { rate, openMs: night.openMs }),
    night,
    tokensADay: TOKENS_A_DAY,
    advice: fits && !isShort(input, day) ? [] : adviceFor(input, judged, polls.practicesMax),
  }
}

/** Of the day's calls, what sync may use. */
function usableOf(perDay: number): number {
  return Math.floor(perDay * (1 - priorityRules.feeds.dayFloorShare))
}

interface JudgedDay {
  readonly day: RehearsedDay
  readonly perPractice: DayCalls
  readonly total: number
  readonly least: number
  /** See `drainCallsBy`, at a price. */
  readonly drainCalls: (price: number) => (settings: SyncSettings) => number
  /** Whether the calls of a working day do. */
  readonly fits: boolean
}

/** The price of a call at which nothing but its bound has a feed read. */
const boundsAlone = Number.POSITIVE_INFINITY

/** A working day as it is expected to be. Where all feeds are read alike, the calls are those that are asked for. */
function judgeDay(input: PlanInput): JudgedDay {
  const { sync, shape, practices, now } = input
  const { perDay } = checkedLimits(input.limits)
  const day = rehearse(input)
  const asked = dayCalls(sync, shape)
  const known = usualFeeds({ settings: sync, shape, practices }, nextWednesday(now))
  const drainCalls = (price: number) => drainCallsBy({ known, practices, price, now: nextWednesday(now) })
  const least = Math.round(drainCalls(boundsAlone)(sync) + practices * (asked.named + asked.refresh + asked.checks))
  if (!sync.pacing.isAdaptive) {
    const total = Math.round(practices * totalOf(asked))
    return { day, perPractice: asked, total, least: total, drainCalls, fits: total <= usableOf(perDay) }
  }
  const perPractice = { ...asked, polls: day.drains / practices, looks: day.looks / practices }
  const total = Math.round(day.drains + day.looks + day.others)
  return { day, perPractice, total, least, drainCalls, fits: !isWorthAWord(day.stretch) }
}

function rehearse({ sync, shape, practices, limits, now }: PlanInput, bulk?: RehearsalFacts['bulk']): RehearsedDay {
  const checked = checkedLimits(limits)
  const calls = { perDayLimit: checked.perDay, usablePerSecond: usablePerSecond(checked) }
  return rehearseDay({ settings: sync, shape, practices, ...calls, now, ...(bulk && { bulk }) })
}

/** Whether changes wait longer than with a reading each interval. */
function isShort({ sync }: PlanInput, day: RehearsedDay): boolean {
  return isWorthAWord(meanWaitMs(day) / (sync.pollIntervalMs / 2))
}

/** How long a change waits on average, whatever feed it comes by. */
function meanWaitMs({ feeds }: RehearsedDay): number {
  const changes = feeds.reduce((sum, feed) => sum + feed.changes, 0)
  return changes > 0 ? feeds.reduce((sum, feed) => sum + feed.changes * feed.waitMs, 0) / changes : 0
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

function pollsOf(input: PlanInput, { day }: JudgedDay): QuotaPlan['polls'] {
  const { practices, sync } = input
  const { perDay } = checkedLimits(input.limits)
  const feeds = practices * sync.feeds.filter(hasChangedFeed).length
  const { pollIntervalMs: intervalMs, pacing } = sync
  const eachInterval = practicesEachInterval(input)
  return {
    feeds,
    feedsMax: Math.floor(perDay / (DAY_MS / intervalMs)),
    intervalMs,
    isAdaptive: pacing.isAdaptive,
    givenMs: Math.round((feeds * DAY_MS) / Math.max(1, day.drains)),
    waitMs: Math.round(meanWaitMs(day)),
    byFeed: day.feeds.map((feed) => ({
      ...feed,
      boundMs: pacing.isAdaptive ? Math.max(intervalMs, latestOf(pacing, feed.feed)) : intervalMs,
    })),
    stretch: day.stretch,
    practicesMax: pacing.isAdaptive ? practicesMax(input, eachInterval) : eachInterval,
    practicesEachInterval: eachInterval,
  }
}

/** The most practices of which every feed can be read each interval. */
function practicesEachInterval({ sync, shape, limits }: PlanInput): number {
  return Math.floor(usableOf(checkedLimits(limits).perDay) / totalOf(dayCalls(sync, shape)))
}

/** More are not looked for. */
const PRACTICES_MAX = 100_000

/** The most practices of which every feed can be read within its bound. */
function practicesMax(input: PlanInput, eachInterval: number): number {
  const fits = (practices: number) => !isWorthAWord(rehearse({ ...input, practices }).stretch)
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

function nightOf(
  { practices, policy, now }: PlanInput,
  { perPractice, perSecond }: { perPractice: DayCalls; perSecond: number },
): QuotaPlan['night'] {
  const calls = Math.round(practices * perPractice.checks)
  const window = policy.offHours === 'always' ? { opensAt: 0, closesAt: DAY_MS } : offHours(now, policy.offHours)
  return { calls, openMs: window.closesAt - window.opensAt, neededMs: Math.round((calls / perSecond) * 1_000) }
}

interface LoadFacts {
  readonly rate: { readonly usable: number; readonly average: number }
  readonly openMs: number
}

function loadOf(input: PlanInput, { rate, openMs }: LoadFacts): QuotaPlan['load'] {
  const { practices, sync, shape, policy } = input
  const perPractice = loadCalls(sync, shape)
  const total = practices * totalOf(perPractice)
  const free = Math.max(rate.usable * 0.05, rate.usable - rate.average)
  const aDay = Math.floor(rehearse(input, { perSecond: free, calls: Number.POSITIVE_INFINITY }).bulk)
  const meanwhile = rehearse(input, { perSecond: free, calls: total })
  const isAlways = policy.offHours === 'always'
  const covered = isAlways ? perPractice.large : policy.onboarding.days * policy.onboarding.calls
  const confined = practices * Math.max(0, perPractice.large - covered)
  return {
    perPractice,
    total,
    atLimitMs: Math.round((total / rate.usable) * 1_000),
    aDay,
    waitMs: Math.round(meanWaitMs(meanwhile)),
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

function adviceFor(input: PlanInput, judged: JudgedDay, practicesMost: number): QuotaAdvice[] {
  const { day, perPractice, total, least, drainCalls } = judged
  const { sync, practices } = input
  const { perDay } = checkedLimits(input.limits)
  const { isAdaptive } = sync.pacing
  const isStretched = isAdaptive && isWorthAWord(day.stretch)
  const facts = { settings: sync, limit: perDay, foreign: 0, wanted: least, left: perDay, msLeft: DAY_MS, bulkToday: 0 }
  const atPrice = drainCalls(isStretched ? boundsAlone : day.price)
  const suffices = (changed: SyncSettings) => !isWorthAWord(rehearse({ ...input, sync: changed }).stretch)
  const settings = adviseQuota({
    ...facts,
    drainCalls: atPrice,
    isStretched,
    ...(isStretched && { suffices }),
  }).filter(
    // A call that is not made where hardly anything changes is made elsewhere already.
    ({ setting }) => setting !== 'sync.callWorth',
  )
  // With as many calls, every change is seen as soon as it can be.
  const wanted = isAdaptive ? practices * totalOf(dayCalls(sync, input.shape)) : total
  const needed = Math.ceil(wanted / (1 - priorityRules.feeds.dayFloorShare) / 1_000) * 1_000
  return [
    ...settings,
    ...fewerPractices(practices, practicesMost, totalOf(perPractice)),
    ...(needed > perDay ? [moreCalls('limits.perDay', needed)] : []),
    ...(day.isOfSecond ? [moreCalls('limits.perSecond', secondNeeded(input))] : []),
  ]
}

function fewerPractices(practices: number, most: number, ofPractice: number): QuotaAdvice[] {
  if (most < 1 || most >= practices) return []
  const change = `${most} instead of ${practices}; the others with an app of their own, which has limits of its own`
  return [{ setting: 'practices', change, saves: Math.round((practices - most) * ofPractice) }]
}

/** Calls a second with which every feed can be read each interval. */
function secondNeeded({ sync, limits, practices }: PlanInput): number {
  const feeds = practices * sync.feeds.filter(hasChangedFeed).length
  const wanted = callsWanted({ feeds, msLeft: 1_000 }, sync)
  return Math.ceil(wanted / pollShare / checkedLimits(limits).usableShare)
}

function moreCalls(setting: string, needed: number): QuotaAdvice {
  return {
    setting,
    change: `${needed.toLocaleString('en-US')}, if athenahealth grants that many`,
    saves: 0,
  }
}
