import { formatDuration } from '../clock/duration.ts'
import { priorityRules } from '../quota/priorities.ts'
import { isReadByPatient } from '../sync/feed-table.ts'
import { furtherFeeds } from '../sync/feed-name.ts'
import type { SyncSettings } from '../sync/sync-settings.ts'
import type { QuotaAdvice } from './quota-report.ts'

/** What advice rests on. */
export interface AdviceFacts {
  readonly settings: SyncSettings
  readonly limit: number
  /** Calls that others made on the same app today. */
  readonly foreign: number
  /** Calls wanted until midnight, and left for now. */
  readonly wanted: number
  readonly left: number
  /** Until midnight. */
  readonly msLeft: number
  readonly bulkToday: number
  /** Calls of a day for drains and looks at subscriptions, if these were the settings. */
  readonly drainCalls: (settings: SyncSettings) => number
  /** Whether not even the bounds of feeds can be kept: then it is they that cost calls. */
  readonly isStretched: boolean
  /** Whether the day does with other settings, where that can be told better than by how many calls they save. */
  readonly suffices?: (settings: SyncSettings) => boolean
}

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Values that are worth setting. */
const intervals = [2, 3, 5, 10, 15, 30, 60].map((minutes) => minutes * MINUTE_MS)
const bounds = [1, 2, 3, 4, 6, 12, 24].map((hours) => hours * HOUR_MS)
const worths = [1, 5, 30, 60, 300, 900, 3_600].map((seconds) => seconds * 1_000)

/** Less than this share of a day's calls is not worth a change. */
const WORTH_SHARE = 0.01
const ADVICE_MAX = 5

/** Advice, and the settings it comes to, where it is a matter of those that are known here. */
interface Change extends QuotaAdvice {
  readonly to?: Partial<SyncSettings>
}

/** What would make a day's calls do, that which saves most first (pure). */
export function adviseQuota(facts: AdviceFacts): QuotaAdvice[] {
  const all: Change[] = [
    ...paceAdvice(facts),
    ...feedAdvice(facts),
    ...checkAdvice(facts),
    ...foreignAdvice(facts),
    ...bulkAdvice(facts),
  ]
  return all
    .map((advice) => ({ ...advice, saves: Math.round(advice.saves) }))
    .filter(({ saves }) => saves >= facts.limit * WORTH_SHARE)
    .toSorted((one, other) => other.saves - one.saves)
    .slice(0, ADVICE_MAX)
    .map(({ to, ...advice }) => ({ ...advice, ...isEnough(facts, to) }))
}

function isEnough({ settings, suffices }: AdviceFacts, to: Partial<SyncSettings> | undefined) {
  return suffices && to ? { isEnough: suffices({ ...settings, ...to }) } : {}
}

/** Calls a day that other settings save. */
function savedBy({ settings, drainCalls }: AdviceFacts, changes: Partial<SyncSettings>): number {
  return drainCalls(settings) - drainCalls({ ...settings, ...changes })
}

/** One of the settings that say how often feeds are read. */
interface Knob {
  readonly setting: string
  readonly now: number
  /** Greater ones save more. */
  readonly values: readonly number[]
  readonly with: (value: number) => Partial<SyncSettings>
  readonly means: string
}

/** The least change with which the calls that are wanted beyond those there are need not be made. */
function paceAdvice(facts: AdviceFacts): Change[] {
  const { wanted, left, limit, msLeft, settings } = facts
  const { setting, now, values, with: change, means } = knobOf(facts)
  const missing = wanted - (left - limit * priorityRules.feeds.dayFloorShare)
  const greater = values.filter((value) => value > now)
  const savesBy = (value: number) => savedBy(facts, change(value))
  const does = (value: number) =>
    facts.suffices?.({ ...settings, ...change(value) }) ?? savesBy(value) * (msLeft / DAY_MS) >= missing
  const enough = greater.find(does) ?? greater.at(-1)
  if (enough === undefined) return []
  const text = `${formatDuration(enough)} instead of ${formatDuration(now)}: ${means}`
  return [{ setting, change: text, saves: savesBy(enough), to: change(enough) }]
}

function knobOf({ settings, isStretched }: AdviceFacts): Knob {
  const { pacing, pollIntervalMs } = settings
  if (!pacing.isAdaptive)
    return {
      setting: 'sync.pollInterval',
      now: pollIntervalMs,
      values: intervals,
      with: (value) => ({ pollIntervalMs: value }),
      means: 'what changes is seen that much later',
    }
  if (isStretched)
    return {
      setting: 'sync.latest',
      now: pacing.latestMs,
      values: bounds,
      with: (latestMs) => ({ pacing: { ...pacing, latestMs } }),
      means: 'feeds that hardly ever change are read less often, and the others get their calls',
    }
  return {
    setting: 'sync.callWorth',
    now: pacing.callWorthMs,
    values: worths,
    with: (callWorthMs) => ({ pacing: { ...pacing, callWorthMs } }),
    means: 'feeds are read less often where hardly anything changes',
  }
}

function feedAdvice(facts: AdviceFacts): Change[] {
  const { feeds } = facts.settings
  return furtherFeeds
    .filter((feed) => feeds.includes(feed))
    .map((feed) => {
      const to = { feeds: feeds.filter((one) => one !== feed) }
      const change = `without ${feed}, if nobody needs it; its changes are left out as well`
      return { setting: 'sync.feeds', change, saves: savedBy(facts, to), to }
    })
}

/** Two looks at each subscription. */
function checkAdvice(facts: AdviceFacts): Change[] {
  const { subscriptionCheckMs } = facts.settings
  if (subscriptionCheckMs >= HOUR_MS) return []
  const change = `1h instead of ${formatDuration(subscriptionCheckMs)}: a lost subscription is found that much later`
  const to = { subscriptionCheckMs: HOUR_MS }
  return [{ setting: 'sync.subscriptionCheck', change, saves: savedBy(facts, to), to }]
}

function foreignAdvice({ foreign }: AdviceFacts): QuotaAdvice[] {
  if (foreign === 0) return []
  const change =
    'give the other programs that use this app (client id) one of their own, or let them read the mirror instead ("aegis sql")'
  return [{ setting: null, change, saves: foreign }]
}

function bulkAdvice({ settings, bulkToday }: AdviceFacts): QuotaAdvice[] {
  if (!settings.loadByPatient || !settings.feeds.some(isReadByPatient)) return []
  const change = 'false: of what is listed by patient only, what changes from now on is mirrored and nothing older'
  return [{ setting: 'sync.loadByPatient', change, saves: bulkToday }]
}
