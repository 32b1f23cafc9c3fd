import type { Profile } from './change-rate.ts'
import { hoursOfWeek } from './hour-of-week.ts'

/** Changes and hours looked at, by hour of the week, of one feed over all practices. */
export interface SeenOfAll {
  readonly changes: readonly number[]
  readonly hours: readonly number[]
}

/** Before anything was seen: five changes an hour while a practice is open, hardly any at night and on Sundays. */
export const profileDefault: Profile = Array.from({ length: hoursOfWeek }, (_, hour) => rateDefault(hour))

function rateDefault(hour: number): number {
  const day = Math.floor(hour / 24)
  const open = hour % 24 >= 8 && hour % 24 < 18
  if (day === 0 || !open) return 0.5
  return day === 6 ? 2 : 5
}

/** How much the broader figure is believed, in hours looked at. */
const broaderHours = 3

/**
 * How a feed changes in a typical practice, by hour of the week: as seen where it was seen for long, else as the same hour
 * of other working days, of Saturdays, of Sundays, and where these were not seen either, as the default times how busy the
 * feed is altogether.
 */
export function profileOf({ changes, hours }: SeenOfAll): Profile {
  const all = profileDefault.map((_, hour) => hour)
  const expected = sum(all, (hour) => (hours[hour] ?? 0) * (profileDefault[hour] ?? 0))
  const scale = (1 + sum(all, (hour) => changes[hour] ?? 0)) / (1 + expected)
  const alike = Map.groupBy(all, likeness)
  const ofAlike = (hour: number) => {
    const group = alike.get(likeness(hour)) ?? []
    return shrunk(
      sum(group, (one) => changes[one] ?? 0),
      {
        hours: sum(group, (one) => hours[one] ?? 0),
        towards: scale * (profileDefault[hour] ?? 0),
      },
    )
  }
  return all.map((hour) => shrunk(changes[hour] ?? 0, { hours: hours[hour] ?? 0, towards: ofAlike(hour) }))
}

function shrunk(changes: number, { hours, towards }: { hours: number; towards: number }): number {
  return (broaderHours * towards + changes) / (broaderHours + hours)
}

/** Hours of a day that are alike: of all working days, of Saturday, of Sunday. */
function likeness(hour: number): number {
  const day = Math.floor(hour / 24)
  return (hour % 24) + (day === 0 ? 24 : day === 6 ? 48 : 0)
}

function sum(hours: readonly number[], of: (hour: number) => number): number {
  return hours.reduce((total, hour) => total + of(hour), 0)
}
