import type { Clock } from '../clock/clock.ts'
import type { Db } from '../db/db.ts'
import { readKnownFeeds } from '../pacing/plan.ts'
import { readPlan } from '../pacing/plan.sql.ts'
import { type DayForecast, forecastDay } from '../quota/forecast-day.ts'
import type { Quota } from '../quota/quota.ts'
import type { QuotaUsage } from '../quota/quota-usage.ts'
import { comparedDay, readHourUse, readSpending } from '../quota/quota-spending.ts'
import { HOUR_MS, type HourUse } from '../quota/use-rhythm.ts'
import { pollShare } from '../sync/poll-stretch.ts'
import { listPractices } from '../sync/schedule.sql.ts'
import type { SyncSettings } from '../sync/sync-settings.ts'
import { adviseQuota } from './advise-quota.ts'
import { drainCallsBy } from './drain-calls.ts'
import type { StatusFilter } from './operations.ts'
import type { QuotaAdvice, QuotaForecast, QuotaReport } from './quota-report.ts'
import { isWorthAWord } from './read-paces.ts'
import { basisInWords, forecastInWords, outlookOf, throttlingInWords } from './quota-words.ts'
import type { StatusReport } from './status-report.ts'

export interface QuotaReportDeps {
  readonly db: Db
  readonly clock: Clock
  readonly quota: Quota
  readonly app: string
  readonly settings: SyncSettings
  readonly fixed: Pick<StatusReport, 'environment'>
}

/** Where the day's calls stand, how the day is expected to end, who spent them and what to change. */
export async function buildQuotaReport(deps: QuotaReportDeps, only: StatusFilter = {}): Promise<QuotaReport> {
  const now = deps.clock.now()
  const usage = await deps.quota.usage(deps.app)
  const hours = await readHourUse(deps, deps.app)
  const forecast = forecastOf(deps, { now, usage, hours })
  const throttling = throttlingInWords(usage)
  const compared = (daysBack: number) => comparedDay(hours, now, daysBack) ?? null
  const today = Math.floor(now / (24 * HOUR_MS)) * 24 * HOUR_MS
  return {
    environment: deps.fixed.environment,
    now: iso(now),
    day: {
      date: usage.day,
      limit: usage.perDayLimit,
      perSecondLimit: usage.perSecondLimit,
      used: usage.usedToday + usage.foreignToday,
      foreign: usage.foreignToday,
      left: usage.leftToday,
      keptForFeeds: usage.keptForFeeds,
      resetsAt: iso(usage.resumesAt),
      ...(throttling !== undefined && { throttling }),
    },
    forecast: quotaForecast(forecast, usage.perDayLimit),
    spent: await readSpending(deps, deps.app, only.practice),
    compared: {
      today: hours.filter(({ at }) => at >= today).reduce((sum, { calls }) => sum + calls, 0),
      yesterday: compared(1),
      weekBefore: compared(7),
    },
    advice: await adviceFor(deps, { usage, forecast }),
  }
}

/** The forecast of a day as reports carry it (pure). */
export function quotaForecast(forecast: DayForecast, limit: number): QuotaForecast {
  const { endsAt, basis, judgedDays, wanted, leftAtMidnight, stops, feedsServed } = forecast
  return {
    outlook: outlookOf(forecast),
    explanation: forecastInWords(forecast, limit),
    restsOn: basisInWords(forecast),
    endsAt: iso(endsAt),
    basis,
    judgedDays,
    wanted,
    leftAtMidnight,
    stops: stops.map(({ priority, at, earliest, latest }) => ({
      priority,
      at: at === null ? null : iso(at),
      earliest: iso(earliest),
      latest: latest === null ? null : iso(latest),
    })),
    feedsServed,
  }
}

/** How long a forecast serves: status is asked for each second, and nothing changes so fast. */
const SERVES_MS = 60_000

/** A forecast, and what would help where the calls are not expected to do. */
export interface AdvisedForecast extends DayForecast {
  readonly advice: readonly QuotaAdvice[]
}

/** Forecasts that are made anew once a minute of the installation's time. */
export function createForecaster(
  deps: Pick<QuotaReportDeps, 'db' | 'clock' | 'app' | 'settings'>,
): (usage: QuotaUsage) => Promise<AdvisedForecast> {
  let made: { readonly at: number; readonly day: string; readonly forecast: AdvisedForecast } | undefined
  return async (usage) => {
    const now = deps.clock.now()
    if (made && made.day === usage.day && Math.abs(now - made.at) < SERVES_MS) return made.forecast
    const foreseen = forecastOf(deps, { now, usage, hours: await readHourUse(deps, deps.app) })
    const isShort = outlookOf(foreseen) === 'does-not-last'
    const forecast = { ...foreseen, advice: isShort ? await adviceFor(deps, { usage, forecast: foreseen }) : [] }
    made = { at: now, day: usage.day, forecast }
    return forecast
  }
}

/** Most practices of athenahealth are nearest to this zone; it is that of its own off-hours. */
const ZONE_DEFAULT = 'America/New_York'

function forecastOf(
  { settings }: Pick<QuotaReportDeps, 'settings'>,
  { now, usage, hours }: { now: number; usage: QuotaUsage; hours: readonly HourUse[] },
): DayForecast {
  const { perDayLimit: limit, leftToday: left, keptForFeeds: kept } = usage
  const zone = settings.offHours === 'always' ? ZONE_DEFAULT : settings.offHours.timeZone
  const pollsAre = settings.pacing.isAdaptive ? 'as-wanted' : 'even'
  return forecastDay(hours, { now, limit, left, kept, zone, pollShare, pollsAre })
}

/** What would help where the day does not do; nothing where it does, and every feed is read as often as it should be. */
async function adviceFor(
  { db, clock, settings }: Pick<QuotaReportDeps, 'db' | 'clock' | 'settings'>,
  { usage, forecast }: { usage: QuotaUsage; forecast: DayForecast },
): Promise<QuotaAdvice[]> {
  const { plan, known, practices } = await db.control(async (tx) => ({
    plan: settings.pacing.isAdaptive ? await readPlan(tx) : undefined,
    known: await readKnownFeeds(tx),
    practices: (await listPractices(tx)).length,
  }))
  const isStretched = isWorthAWord(plan?.stretch ?? 1)
  if (!isStretched && outlookOf(forecast) === 'lasts') return []
  const now = clock.now()
  const msLeft = forecast.endsAt - now
  const drainCalls = drainCallsBy({ known, practices, price: plan?.price ?? 0, now })
  // What was given of late is less than feeds want where their bounds are stretched.
  const forBounds = isStretched ? (drainCalls(settings) * msLeft) / (24 * HOUR_MS) : 0
  return adviseQuota({
    settings,
    limit: usage.perDayLimit,
    foreign: usage.foreignToday,
    wanted: Math.max(forecast.wanted.mid, forBounds),
    left: usage.leftToday,
    msLeft,
    bulkToday: usage.byPriority.bulk ?? 0,
    drainCalls,
    isStretched,
  })
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
