import type { Db } from '../db/db.ts'
import { dayResumesAt, limitInForce, quotaDay } from './quota-day.ts'
import type { CheckedLimits } from './quota-limits.ts'
import { usageRow, useRows } from './quota-usage.sql.ts'
import { usablePerSecond } from './rate-plan.ts'

/** What an app has used, for status and the console. */
export interface QuotaUsage {
  /** UTC date. */
  readonly day: string
  /** Of the process started last, as all limits. */
  readonly perSecondLimit: number
  /** Of it, what is planned for and given: less for some hours after athenahealth throttled calls. */
  readonly usablePerSecond: number
  /** The limit in force, or a lower one that athenahealth named today. */
  readonly perDayLimit: number
  /** Calls made or reserved by this installation today; at most a block per process too many. */
  readonly usedToday: number
  /** Calls that somebody else made on the same app today. */
  readonly foreignToday: number
  readonly leftToday: number
  /** Of them, what bulk work leaves to feeds beside the share of the day that it leaves anyway. */
  readonly keptForFeeds: number
  /** When a used-up day is over, epoch ms. */
  readonly resumesAt: number
  /** Calls of the last minute, estimated. */
  readonly callsLastMinute: number
  /** Set while athenahealth throttles us: epoch ms of the database's time. */
  readonly pausedUntil?: number
  /** Set while calls are spaced more widely because athenahealth throttled some. */
  readonly widened?: Widened
  /** Seconds behind the other figures. */
  readonly byPractice: readonly { readonly practice: number; readonly calls: number }[]
  readonly byPriority: Readonly<Record<string, number>>
}

export interface Widened {
  /** By what share of the usual space. */
  readonly by: number
  /** Until when that is more than a hundredth, epoch ms, if no call is throttled again. */
  readonly until: number
}

/** Reads an app's use: two small reads, cheap enough for a status that refreshes each second. */
export async function quotaUsage(deps: { db: Db }, limits: CheckedLimits, app: string): Promise<QuotaUsage> {
  const { row, uses } = await deps.db.control(async (tx) => ({
    row: await usageRow(tx, app),
    uses: await useRows(tx, app),
  }))
  const day = quotaDay(row.now_at)
  const perSecondLimit = row.per_second ?? limits.perSecond
  const perDayLimit = limitInForce(row.per_day ?? limits.perDay, row.upstream_limit)
  const paused = row.paused_until !== null && row.paused_until > row.now_at ? row.paused_until : undefined
  const widened = widenedBy(row.margin_seconds * limits.usableShare, row.now_at)
  return {
    day,
    perSecondLimit,
    usablePerSecond: usablePerSecond({ ...limits, perSecond: perSecondLimit }, row.margin_seconds),
    perDayLimit,
    usedToday: row.reserved,
    foreignToday: row.foreign_calls,
    leftToday: Math.max(0, perDayLimit - row.reserved - row.foreign_calls),
    keptForFeeds: row.kept_calls,
    resumesAt: dayResumesAt(day),
    callsLastMinute: Math.round(row.calls_last_minute),
    ...(paused === undefined ? {} : { pausedUntil: paused }),
    ...(widened && { widened }),
    byPractice: [...summed(uses, (use) => use.practice_id)].map(([practice, calls]) => ({ practice, calls })),
    byPriority: Object.fromEntries(summed(uses, (use) => use.priority)),
  }
}

/** Less is worth no word. */
const WIDENED_MIN = 0.01

/** Half of what is taught is forgotten each hour: see `pauseRow`. */
const HALF_LIFE_MS = 3_600_000

function widenedBy(by: number, now: number): Widened | undefined {
  return by > WIDENED_MIN ? { by, until: now + Math.log2(by / WIDENED_MIN) * HALF_LIFE_MS } : undefined
}

function summed<Use extends { calls: number }, Key>(uses: readonly Use[], keyOf: (use: Use) => Key): Map<Key, number> {
  const sums = new Map<Key, number>()
  for (const use of uses) sums.set(keyOf(use), (sums.get(keyOf(use)) ?? 0) + use.calls)
  return sums
}
