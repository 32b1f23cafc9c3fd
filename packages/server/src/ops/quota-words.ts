import type { DayForecast, Stop } from '../quota/forecast-day.ts'
import { priorities, type Priority } from '../quota/priorities.ts'
import type { QuotaUsage } from '../quota/quota-usage.ts'
import type { QuotaAdvice, QuotaOutlook } from './quota-report.ts'

/** Below this share of the polls it is worth a word. */
const SERVED_ENOUGH = 0.95

/** Whether the day's calls do (pure). */
export function outlookOf({ stops, feedsServed }: Pick<DayForecast, 'stops' | 'feedsServed'>): QuotaOutlook {
  if (stops.some(({ at }) => at !== null) || feedsServed.mid < SERVED_ENOUGH) return 'does-not-last'
  return stops.length > 0 || feedsServed.low < SERVED_ENOUGH ? 'may-not-last' : 'lasts'
}

/** What a priority is to people. */
const names: Readonly<Record<Priority, string>> = {
  interactive: 'calls for people',
  notifications: 'notifications',
  feeds: 'feeds',
  reconciliation: 'checks',
  bulk: 'bulk work',
}

/** How the day is expected to end, in one or two sentences (pure). */
export function forecastInWords(forecast: DayForecast, limit: number): string {
  const { leftAtMidnight: left, stops } = forecast
  const share = (calls: number) => Math.round((calls / Math.max(1, limit)) * 100)
  const range = share(left.low) === share(left.high) ? '' : ` (${share(left.low)} to ${share(left.high)} %)`
  switch (outlookOf(forecast)) {
    case 'lasts':
      return `Today's calls do: ${share(left.mid)} % are left at midnight GMT${range}.`
    case 'may-not-last':
      return `Today's calls should do, with ${share(left.mid)} % left at midnight GMT${range}, but ${mayStop(forecast)}.`
    default:
      return `Today's calls do not do: ${listed([...stops.filter(({ at }) => at !== null).map(stopInWords), ...thinned(forecast)])}.`
  }
}

/** What the forecast rests on, in a sentence (pure). */
export function basisInWords({ basis, judgedDays }: Pick<DayForecast, 'basis' | 'judgedDays'>): string {
  const rests = {
    weeks: 'It rests on the same hours of past weeks, scaled by the last twelve hours',
    days: 'It rests on the same hours of past days, scaled by the last twelve hours; a week is not known yet',
    hours: 'It rests on the last hours alone, since nothing older is known of some of the hours to come',
  }[basis]
  const judged = judgedDays > 0 ? `the range held on 8 of 10 of ${judgedDays} past days` : 'the range is a guess'
  return `${rests}; ${judged}.`
}

/** What comes of calls that athenahealth throttled, in a sentence; undefined where nothing does any more (pure). */
export function throttlingInWords({
  pausedUntil,
  widened,
  usablePerSecond,
}: Pick<QuotaUsage, 'pausedUntil' | 'widened' | 'usablePerSecond'>): string | undefined {
  const parts: string[] = []
  if (pausedUntil !== undefined) parts.push(`none is made until ${gmtSecond(pausedUntil)} GMT`)
  if (widened) {
    const { by, until } = widened
    parts.push(
      `they are spaced ${Math.round(by * 100)} % wider than planned, ${perSecond(usablePerSecond)} a second now; ` +
        `half of that is taken back each hour, and they are as planned from ${gmt(until)} GMT on`,
    )
  }
  return parts.length > 0 ? `athenahealth throttled calls: ${listed(parts)}.` : undefined
}

/** Who has spent the day's calls, most first, what would help most, and where there is more, in sentences (pure). */
export function spendingInWords(
  { byPriority, foreignToday }: Pick<QuotaUsage, 'byPriority' | 'foreignToday'>,
  [first]: readonly QuotaAdvice[],
): string {
  const spenders = [
    ...priorities.map((priority) => [names[priority], byPriority[priority] ?? 0] as const),
    ['others with the same app', foreignToday] as const,
  ].filter(([, calls]) => calls > 0)
  const all = spenders.reduce((sum, [, calls]) => sum + calls, 0)
  const told = spenders
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, calls]) => `${name} ${Math.round((calls / all) * 100)} %`)
  const who = told.length > 0 ? [`Spent so far by ${listed(told)}.`] : []
  const setting = first?.setting ? `${first.setting}: ` : ''
  const what = first ? [`What would help most: ${setting}${first.change}.`] : []
  return [...who, ...what, 'More: aegis quota.'].join(' ')
}

function perSecond(calls: number): string {
  return calls < 10 ? calls.toFixed(2) : calls.toFixed(1)
}

function stopInWords({ priority, at, earliest, latest }: Stop): string {
  const until = latest === null ? 'not at all' : gmt(latest)
  return `${names[priority]} ${stopVerb(priority)} about ${gmt(at ?? earliest)} GMT (${gmt(earliest)} to ${until})`
}

function stopVerb(priority: Priority): string {
  return priority === 'bulk' ? 'stops' : 'stop'
}

function mayStop({ stops, feedsServed }: DayForecast): string {
  const first = stops.reduce<Stop | undefined>(
    (one, stop) => (one && one.earliest < stop.earliest ? one : stop),
    undefined,
  )
  if (first) return `${names[first.priority]} might stop from ${gmt(first.earliest)} GMT on`
  return `feeds might be read at ${Math.round(feedsServed.low * 100)} % of their pace`
}

function thinned({ feedsServed }: DayForecast): string[] {
  if (feedsServed.mid >= SERVED_ENOUGH) return []
  return [`feeds are read at ${Math.round(feedsServed.mid * 100)} % of their pace`]
}

function listed(parts: readonly string[]): string {
  return parts.length > 1 ? `${parts.slice(0, -1).join(', ')}, and ${parts.at(-1)}` : (parts[0] ?? '')
}

function gmtSecond(at: number): string {
  return new Date(at).toISOString().slice(11, 19)
}

/** HH:MM of the day of the quota. */
function gmt(at: number): string {
  return new Date(at).toISOString().slice(11, 16)
}
