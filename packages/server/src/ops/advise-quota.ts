import { formatDuration } from '../clock/duration.ts'
import { priorityRules } from '../quota/priorities.ts'
import { hasChangedFeed, isReadByPatient } from '../sync/feed-table.ts'
import { furtherFeeds } from '../sync/feed-name.ts'
import type { SyncSettings } from '../sync/sync-settings.ts'
import type { QuotaAdvice } from './quota-report.ts'

/** What advice rests on. */
export interface AdviceFacts {
  readonly settings: SyncSettings
  readonly limit: number
  readonly practices: number
  /** Calls that others made on the same app today. */
  readonly foreign: number
  /** Calls wanted until midnight, and left for now. */
  readonly wanted: number
  readonly left: number
  /** Until midnight. */
  readonly msLeft: number
  readonly bulkToday: number
}

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** Intervals that are worth setting. */
const INTERVALS_MIN = [2, 3, 5, 10, 15, 30, 60]

/** Less than this share of a day's calls is not worth a change. */
const WORTH_SHARE = 0.01
const ADVICE_MAX = 5

/** What would make a day's calls do, that which saves most first (pure). */
export function adviseQuota(facts: AdviceFacts): QuotaAdvice[] {
  const all = [
    ...pollAdvice(facts),
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
}

/** Polls of a day as they are configured. */
function pollsOfDay({ settings, practices }: AdviceFacts, intervalMs: number): number {
  return practices * settings.feeds.filter(hasChangedFeed).length * (DAY_MS / intervalMs)
}

/** The shortest interval with which the calls that are wanted beyond those there are need not be made. */
function pollAdvice(facts: AdviceFacts): QuotaAdvice[] {
  const { settings, wanted, left, limit, msLeft } = facts
  const now = pollsOfDay(facts, settings.pollIntervalMs)
  const missing = wanted - (left - limit * priorityRules.feeds.dayFloorShare)
  const longer = INTERVALS_MIN.map((minutes) => minutes * MINUTE_MS).filter((ms) => ms > settings.pollIntervalMs)
  const savesBy = (ms: number) => now - pollsOfDay(facts, ms)
  const enough = longer.find((ms) => savesBy(ms) * (msLeft / DAY_MS) >= missing) ?? longer.at(-1)
  if (enough === undefined) return []
  const change = `${formatDuration(enough)} instead of ${formatDuration(settings.pollIntervalMs)}: what changes is seen that much later`
  return [{ setting: 'sync.pollInterval', change, saves: savesBy(enough) }]
}

function feedAdvice({ settings, practices }: AdviceFacts): QuotaAdvice[] {
  const polls = (practices * DAY_MS) / settings.pollIntervalMs
  return furtherFeeds
    .filter((feed) => settings.feeds.includes(feed))
    .map((feed) => ({
      setting: 'sync.feeds',
      change: `without ${feed}, if nobody needs it; its changes are left out as well`,
      saves: polls,
    }))
}

/** Two looks at each subscription. */
function checkAdvice(facts: AdviceFacts): QuotaAdvice[] {
  const { settings, practices } = facts
  const hourMs = 60 * MINUTE_MS
  if (settings.subscriptionCheckMs >= hourMs) return []
  const feeds = practices * settings.feeds.filter(hasChangedFeed).length
  const looks = (ms: number) => (2 * feeds * DAY_MS) / ms
  const change = `1h instead of ${formatDuration(settings.subscriptionCheckMs)}: a lost subscription is found that much later`
  return [{ setting: 'sync.subscriptionCheck', change, saves: looks(settings.subscriptionCheckMs) - looks(hourMs) }]
}

function foreignAdvice({ foreign }: AdviceFacts): QuotaAdvice[] {
  if (foreign === 0) return []
  const change =
    'give the other programs that use this app (client id) one of their own, or let them call through Aegis'
  return [{ setting: null, change, saves: foreign }]
}

function bulkAdvice({ settings, bulkToday }: AdviceFacts): QuotaAdvice[] {
  if (!settings.loadByPatient || !settings.feeds.some(isReadByPatient)) return []
  const change = 'false: of what is listed by patient only, what changes from now on is mirrored and nothing older'
  return [{ setting: 'sync.loadByPatient', change, saves: bulkToday }]
}
