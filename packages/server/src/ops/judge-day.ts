import type { AllowanceLimits } from '../policy/allowances.ts'
import { type OffHours, offHours } from '../policy/off-hours.ts'
import { priorityRules } from '../quota/priorities.ts'
import { checkedLimits, type QuotaLimits } from '../quota/quota-limits.ts'
import { usablePerSecond } from '../quota/rate-plan.ts'
import { type DayCalls, dayCalls, type LoadCalls, type PracticeShape } from '../sync/estimate-calls.ts'
import { type RehearsalFacts, type RehearsedDay, rehearseDay } from '../sync/rehearse-day.ts'
import type { SyncSettings } from '../sync/sync-settings.ts'
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

/** A working day as it is expected to be. Where all feeds are read alike, the calls are those that are asked for. */
export interface JudgedDay {
  readonly day: RehearsedDay
  /** Of all practices, and the sum of them. */
  readonly calls: DayCalls
  readonly total: number
  readonly second: { readonly usable: number; readonly average: number }
  readonly night: { readonly calls: number; readonly openMs: number; readonly neededMs: number }
  /** Whether the calls of the day and of the second do, and those of the nights. */
  readonly fits: boolean
  /** Whether changes wait longer than with a reading each interval. */
  readonly isShort: boolean
}

const DAY_MS = 86_400_000

/** Whether a configuration fits its limits (pure). */
export function judgeDay(input: PlanInput): JudgedDay {
  const { sync, shape, practices } = input
  const limits = checkedLimits(input.limits)
  const day = rehearse(input)
  const calls = sync.pacing.isAdaptive ? wholeCalls(day.calls, 1) : wholeCalls(dayCalls(sync, shape), practices)
  const total = totalOf(calls)
  const second = { usable: usablePerSecond(limits), average: total / (DAY_MS / 1_000) }
  const night = nightOf(input, second.usable)
  const fitsDay = sync.pacing.isAdaptive
    ? !isWorthAWord(day.stretch) && isAllMade(day)
    : total <= usableOf(limits.perDay)
  const fits = fitsDay && night.neededMs <= night.openMs && second.average <= second.usable
  const waitMs = meanWaitMs(day)
  const isShort = isUnread(day) || isWorthAWord((waitMs ?? 0) / (sync.pollIntervalMs / 2))
  return { day, calls, total, second, night, fits, isShort }
}

/** Goes through a working day, with bulk work beside it if there is any. */
export function rehearse(input: PlanInput, bulk?: RehearsalFacts['bulk']): RehearsedDay {
  const { sync, shape, practices, now } = input
  const limits = checkedLimits(input.limits)
  const calls = { perDayLimit: limits.perDay, usablePerSecond: usablePerSecond(limits) }
  return rehearseDay({ settings: sync, shape, practices, ...calls, now, ...(bulk && { bulk }) })
}

/** Of the day's calls, what sync may use. */
export function usableOf(perDay: number): number {
  return Math.floor(perDay * (1 - priorityRules.feeds.dayFloorShare))
}

/** How long a change waits on average, whatever feed it comes by; null where one is not read, or nothing changes. */
export function meanWaitMs(day: RehearsedDay): number | null {
  const changes = day.feeds.reduce((sum, feed) => sum + feed.changes, 0)
  if (isUnread(day) || changes === 0) return null
  return day.feeds.reduce((sum, feed) => sum + feed.changes * (feed.waitMs ?? 0), 0) / changes
}

function isUnread({ feeds }: RehearsedDay): boolean {
  return feeds.some(({ readings }) => readings === 0)
}

export function totalOf(calls: DayCalls | LoadCalls): number {
  return Object.values(calls).reduce((sum: number, one: number) => sum + one, 0)
}

/** Of what feeds lead to, hardly anything is left for the next day, on which it would be more. */
export function isAllMade({ calls, unmade }: RehearsedDay): boolean {
  const made = calls.named + calls.refresh + calls.checks
  return unmade === 0 || !isWorthAWord((made + unmade) / made)
}

/** Whole calls of so many. */
export function wholeCalls({ polls, looks, named, refresh, checks }: DayCalls, count: number): DayCalls {
  const whole = (calls: number) => Math.round(count * calls)
  return {
    polls: whole(polls),
    looks: whole(looks),
    named: whole(named),
    refresh: whole(refresh),
    checks: whole(checks),
  }
}

function nightOf({ practices, sync, shape, policy, now }: PlanInput, perSecond: number): JudgedDay['night'] {
  const calls = Math.round(practices * dayCalls(sync, shape).checks)
  const window = policy.offHours === 'always' ? { opensAt: 0, closesAt: DAY_MS } : offHours(now, policy.offHours)
  return { calls, openMs: window.closesAt - window.opensAt, neededMs: Math.round((calls / perSecond) * 1_000) }
}
