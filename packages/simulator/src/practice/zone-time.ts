/**
 * Wall time of the United States' zones without Intl, which is too slow for a page of 5,000 records. Daylight saving
 * follows the rule in force since 2007: second Sunday of March 02:00 to first Sunday of November 02:00.
 */
import {
  civilOf,
  civilText,
  dateText,
  dayMs,
  dayOf,
  parseDate,
  secondsText,
  weekdayOf,
  type CivilDate,
} from './calendar-date.ts'

const hourMs = 3_600_000

export interface Zone {
  /** athenahealth's `timezonename`. */
  readonly name: string
  /** Offset from UTC without daylight saving, e.g. -5. */
  readonly standardHours: number
  readonly observesDst: boolean
}

export interface WallTime {
  /** Local day number. */
  readonly day: number
  /** Seconds after local midnight as the clock on the wall shows them. */
  readonly seconds: number
}

export const eastern: Zone = { name: 'US/Eastern', standardHours: -5, observesDst: true }
export const central: Zone = { name: 'US/Central', standardHours: -6, observesDst: true }
export const mountain: Zone = { name: 'US/Mountain', standardHours: -7, observesDst: true }
export const pacific: Zone = { name: 'US/Pacific', standardHours: -8, observesDst: true }
/** Mountain time all year. */
export const arizona: Zone = { name: 'US/Arizona', standardHours: -7, observesDst: false }

function sundayOnOrAfter(dayNumber: number): number {
  return dayNumber + ((7 - weekdayOf(dayNumber)) % 7)
}

/** True when standard wall time `standardMs` (epoch ms shifted by the standard offset), on day `civil`, is in daylight saving. */
function inDst({ year, month }: CivilDate, standardMs: number): boolean {
  if (month > 3 && month < 11) return true
  if (month < 3 || month === 12) return false
  if (month === 3) return standardMs >= sundayOnOrAfter(dayOf(year, 3, 8)) * dayMs + 2 * hourMs
  // 02:00 daylight time is 01:00 standard time.
  return standardMs < sundayOnOrAfter(dayOf(year, 11, 1)) * dayMs + hourMs
}

/** Hours to add to UTC at an instant. */
export function offsetHours(zone: Zone, at: number): number {
  if (!zone.observesDst) return zone.standardHours
  const standard = at + zone.standardHours * hourMs
  return zone.standardHours + (inDst(civilOf(Math.floor(standard / dayMs)), standard) ? 1 : 0)
}

/** What the wall clock shows at an instant (epoch ms). */
export function wallTime(zone: Zone, at: number): WallTime {
  const local = at + offsetHours(zone, at) * hourMs
  const day = Math.floor(local / dayMs)
  return { day, seconds: Math.floor((local - day * dayMs) / 1000) }
}

/**
 * The instant (epoch ms) of a wall time. In the hour that autumn repeats the first (daylight) reading is meant; a time in
 * the hour that spring skips counts as one hour later.
 */
export function instantOf(zone: Zone, wall: WallTime): number {
  const standard = wall.day * dayMs + wall.seconds * 1000 - zone.standardHours * hourMs
  if (!zone.observesDst) return standard
  const daylight = standard - hourMs
  return offsetHours(zone, daylight) === zone.standardHours ? standard : daylight
}

/** athenahealth's `MM/DD/YYYY HH:MM:SS` of an instant on a zone's clock. Rows have several, so the date is worked out once. */
export function wallText(zone: Zone, at: number): string {
  const standard = at + zone.standardHours * hourMs
  const standardDay = Math.floor(standard / dayMs)
  const civil = civilOf(standardDay)
  const local = zone.observesDst && inDst(civil, standard) ? standard + hourMs : standard
  const day = Math.floor(local / dayMs)
  const date = day === standardDay ? civilText(civil) : dateText(day)
  return `${date} ${secondsText(Math.floor((local - day * dayMs) / 1000))}`
}

/** `YYYY-MM-DDTHH:MM:SS-05:00` of an instant on a zone's clock, as documents and charts have it. */
export function isoText(zone: Zone, at: number): string {
  const hours = offsetHours(zone, at)
  const wall = wallText(zone, at)
  const sign = hours < 0 ? '-' : '+'
  const date = `${wall.slice(6, 10)}-${wall.slice(0, 2)}-${wall.slice(3, 5)}`
  return `${date}T${wall.slice(11)}${sign}${String(Math.abs(hours)).padStart(2, '0')}:00`
}

/** The instant of `MM/DD/YYYY HH:MM:SS` (time optional: midnight) on a zone's clock; undefined when it is none. */
export function parseWallText(zone: Zone, text: string): number | undefined {
  const match = /^(\S+)(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?$/.exec(text.trim())
  const day = match === null ? undefined : parseDate(match[1] ?? '')
  if (match === null || day === undefined) return undefined
  const [hours, minutes, seconds] = [Number(match[2] ?? 0), Number(match[3] ?? 0), Number(match[4] ?? 0)]
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined
  return instantOf(zone, { day, seconds: hours * 3600 + minutes * 60 + seconds })
}
