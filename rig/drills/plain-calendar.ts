/** A calendar by arithmetic alone, for a judge that asks neither `Intl` nor the zone of its process. */

const hourMs = 3_600_000
export const dayMs = 24 * hourMs

/** What clocks of a place show. */
export interface ShownTime {
  /** Days since 1970-01-01 there. */
  readonly day: number
  /** 0 is Sunday. */
  readonly weekday: number
  readonly minuteOfDay: number
}

export function clockIn(zone: 'eastern' | 'arizona' | 'utc', at: number): ShownTime {
  const offset = { eastern: easternOffset(at), arizona: -7, utc: 0 }[zone]
  const local = at + offset * hourMs
  const day = Math.floor(local / dayMs)
  // The epoch began on a Thursday.
  return { day, weekday: (day + 4) % 7, minuteOfDay: Math.floor((local - day * dayMs) / 60_000) }
}

/** Minutes of the Eastern day from which on and until which large pulls run; athenahealth names hours of which these are part. */
export const nightly = { opens: 22 * 60, closes: 6 * 60 } as const

export function isNight({ minuteOfDay }: Pick<ShownTime, 'minuteOfDay'>): boolean {
  return minuteOfDay >= nightly.opens || minuteOfDay < nightly.closes
}

/** Hours from UTC: summer time from the second Sunday of March to the first of November, at 2:00 (Energy Policy Act of 2005). */
function easternOffset(at: number): number {
  const { year } = dateOf(Math.floor(at / dayMs))
  const begins = sundayFrom(dayOf(year, 3, 8)) * dayMs + 7 * hourMs
  const ends = sundayFrom(dayOf(year, 11, 1)) * dayMs + 6 * hourMs
  return at >= begins && at < ends ? -4 : -5
}

function sundayFrom(day: number): number {
  return day + ((7 - ((day + 4) % 7)) % 7)
}

const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
const monthDays = (year: number) => [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Days since 1970-01-01 of a date. Months count from 1. */
function dayOf(year: number, month: number, day: number): number {
  let days = day - 1
  for (let before = 1970; before < year; before += 1) days += isLeap(before) ? 366 : 365
  return monthDays(year)
    .slice(0, month - 1)
    .reduce((sum, length) => sum + length, days)
}

function dateOf(days: number): { year: number; month: number; day: number } {
  let [year, left] = [1970, days]
  for (; left >= (isLeap(year) ? 366 : 365); year += 1) left -= isLeap(year) ? 366 : 365
  let month = 1
  for (const length of monthDays(year)) {
    if (left < length) break
    left -= length
    month += 1
  }
  return { year, month, day: left + 1 }
}

const two = (value: number) => String(value).padStart(2, '0')

/** `YYYY-MM-DD` of an instant, in UTC. */
export function utcDate(at: number): string {
  const { year, month, day } = dateOf(Math.floor(at / dayMs))
  return `${year}-${two(month)}-${two(day)}`
}

/** `MM/DD/YYYY` of a day. */
export function usDate(days: number): string {
  const { year, month, day } = dateOf(days)
  return `${two(month)}/${two(day)}/${year}`
}
