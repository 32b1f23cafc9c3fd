import type { Profile } from './change-rate.ts'
import type { ForecastGroup } from './drain-price.ts'
import { hourMs, hourOfWeek } from './hour-of-week.ts'

/** Feeds of one kind in one zone that are of like size. */
export interface SizeGroup {
  readonly feed: string
  readonly zone: string
  /** See `sizeStep`. */
  readonly step: number
  readonly feeds: number
}

/** Steps for each doubling of a size. */
const stepsPerDoubling = 4
const stepMost = 80

/** Sizes of feeds (`relativeSize`) in steps, so that thousands of feeds are some hundred groups. */
export function sizeStep(size: number): number {
  return Math.max(-stepMost, Math.min(stepMost, Math.round(Math.log2(size) * stepsPerDoubling)))
}

/** What is forecast: until when, and how each kind of feed changes. */
export interface Forecast {
  readonly now: number
  readonly until: number
  readonly profileOf: (feed: string) => Profile
  readonly boundsOf: (feed: string) => Pick<ForecastGroup, 'leastMs' | 'mostMs'>
}

/** What changes are expected hour by hour until the end of the day of calls. */
export function dayForecast(
  sizes: readonly SizeGroup[],
  { now, until, profileOf, boundsOf }: Forecast,
): { groups: ForecastGroup[]; lengths: number[] } {
  const starts: number[] = []
  for (let at = now; at < until; at += hourMs - (at % hourMs)) starts.push(at)
  const lengths = starts.map((at, index) => (starts[index + 1] ?? until) - at)
  const hoursIn = new Map<string, number[]>()
  const groups = sizes.map(({ feed, zone, step, feeds }): ForecastGroup => {
    const hours = hoursIn.get(zone) ?? starts.map((at) => hourOfWeek(zone, at))
    hoursIn.set(zone, hours)
    const size = 2 ** (step / stepsPerDoubling)
    const profile = profileOf(feed)
    return { feeds, rates: hours.map((hour) => size * (profile[hour] ?? 0)), ...boundsOf(feed) }
  })
  return { groups, lengths }
}
