/** How busy a practice is by the hour of its own wall clock. */
import { weekdayOf } from '../practice/calendar-date.ts'
import { isHoliday } from '../practice/holidays.ts'
import { wallTime, type Zone } from '../practice/zone-time.ts'

/** Share of the peak rate for each hour from 06:00 to 20:00; outside of them it is night. */
const weekdayShares = [0.25, 0.5, 1, 1, 1, 0.95, 0.7, 0.85, 1, 0.95, 0.85, 0.5, 0.3, 0.25, 0.2] as const
const saturdayShares = [0.1, 0.2, 0.4, 0.45, 0.45, 0.4, 0.25] as const
const firstHour = 6
const sunday = 0
const saturday = 6

/** Whether anybody is at work at an instant in a zone. */
export function isOpen(zone: Zone, at: number): boolean {
  return busyness(zone, at, 0) > 0
}

/** Share of the peak rate, 0 to 1, at an instant in a zone; `night` is the least it falls to. */
export function busyness(zone: Zone, at: number, night: number): number {
  const { day, seconds } = wallTime(zone, at)
  const hour = Math.floor(seconds / 3600) - firstHour
  const weekday = weekdayOf(day)
  if (weekday === sunday || isHoliday(day)) return night
  const shares = weekday === saturday ? saturdayShares : weekdayShares
  return Math.max(night, shares[hour] ?? 0)
}
