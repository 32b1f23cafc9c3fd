import { dayNumber, makePlainDate, type PlainDate, type PlainTime, readPlainTime, secondsOfTime } from './plain-date.ts'

/** A wall clock's reading somewhere. */
export interface WallTime {
  readonly date: PlainDate
  readonly time: PlainTime
}

/** An IANA zone by name, or a clock that never changes. */
export type Zone = { readonly name: string } | { readonly offsetMinutes: number }

/** The zone of athenahealth's own clock: feeds' processed windows and most modification times. */
export const easternZone: Zone = { name: 'America/New_York' }

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Zones change at multiples of 15 minutes UTC, so one look-up serves a quarter of an hour. */
const BUCKET_MS = 15 * MINUTE_MS
/** Of cached look-ups per zone: two years of quarters. Past it the cache starts again. */
const BUCKETS_MAX = 70_000

interface ZoneTable {
  readonly format: Intl.DateTimeFormat
  readonly offsets: Map<number, number>
}

// Formatters are dear to make (about 50 µs) and immutable; what is cached is a pure function of its key.
const tables = new Map<string, ZoneTable | undefined>()

/** Whether the runtime knows the zone's name. */
export function isKnownZone(name: string): boolean {
  return zoneTable(name) !== undefined
}

/** Minutes east of UTC in `zone` at an instant (epoch ms). An unknown name is a RangeError: check it with isKnownZone. */
export function offsetMinutesAt(zone: Zone, instant: number): number {
  if ('offsetMinutes' in zone) return zone.offsetMinutes
  const table = zoneTable(zone.name)
  if (!table) throw new RangeError('unknown time zone')
  const bucket = Math.floor(instant / BUCKET_MS)
  const known = table.offsets.get(bucket)
  if (known !== undefined) return known
  const offset = computeOffset(table.format, bucket * BUCKET_MS)
  if (table.offsets.size >= BUCKETS_MAX) table.offsets.clear()
  table.offsets.set(bucket, offset)
  return offset
}

/** What the clocks of a zone showed at an instant, to the whole second below. */
export function wallTimeAt(zone: Zone, instant: number): WallTime {
  return wallTimeOfUtc(Math.floor(instant / 1000) * 1000 + offsetMinutesAt(zone, instant) * MINUTE_MS)
}

/**
 * The instants (epoch ms, ascending) at which the clocks of a zone showed a wall time: one on most days, two in the hour
 * that is repeated when clocks go back, none in the hour that is skipped when they go forward.
 */
export function instantsOf(zone: Zone, wall: WallTime): readonly number[] {
  const utc = utcOfWallTime(wall)
  const [before, after] = [offsetMinutesAt(zone, utc - DAY_MS), offsetMinutesAt(zone, utc + DAY_MS)]
  // No zone changes its clock and changes it back within two days.
  if (before === after) return [utc - before * MINUTE_MS]
  return [before, after]
    .map((offset) => utc - offset * MINUTE_MS)
    .filter((instant) => offsetMinutesAt(zone, instant) * MINUTE_MS === utc - instant)
    .sort((left, right) => left - right)
}

/**
 * One instant for a wall time. In the repeated hour the earlier one, or the later if asked; a time in the skipped hour
 * is read with the offset before the change, as a clock that was not put forward would show it.
 */
export function instantOf(zone: Zone, wall: WallTime, repeated: 'earlier' | 'later' = 'earlier'): number {
  const instants = instantsOf(zone, wall)
  const chosen = repeated === 'earlier' ? instants[0] : instants.at(-1)
  if (chosen !== undefined) return chosen
  const utc = utcOfWallTime(wall)
  return utc - offsetMinutesAt(zone, utc - DAY_MS) * MINUTE_MS
}

/** The instant (epoch ms) of an Eastern wall time; see instantOf for the hours of change. */
export function easternWallToInstant(wall: WallTime, repeated: 'earlier' | 'later' = 'earlier'): number {
  return instantOf(easternZone, wall, repeated)
}

/** The Eastern wall time of an instant (epoch ms). */
export function instantToEasternWall(instant: number): WallTime {
  return wallTimeAt(easternZone, instant)
}

function utcOfWallTime(wall: WallTime): number {
  return dayNumber(wall.date) * DAY_MS + secondsOfTime(wall.time) * 1000
}

function wallTimeOfUtc(utc: number): WallTime {
  const at = new Date(utc)
  const date = makePlainDate(at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate())
  const time = readPlainTime(at.toISOString().slice(-13, -5))
  if (!date || !time) throw new RangeError('instant out of range')
  return { date, time }
}

function zoneTable(name: string): ZoneTable | undefined {
  if (!tables.has(name)) {
    // Names come from athenahealth's data: bound what strange ones can cost.
    if (tables.size > 500) tables.clear()
    tables.set(name, makeTable(name))
  }
  return tables.get(name)
}

function makeTable(name: string): ZoneTable | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    })
    return { format, offsets: new Map() }
  } catch {
    return undefined
  }
}

function computeOffset(format: Intl.DateTimeFormat, instant: number): number {
  const parts = new Map(format.formatToParts(instant).map((part) => [part.type, part.value]))
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type))
  const year = parts.get('era') === 'BC' ? 1 - part('year') : part('year')
  const local = new Date(0)
  local.setUTCFullYear(year, part('month') - 1, part('day'))
  local.setUTCHours(part('hour'), part('minute'), part('second'))
  return Math.round((local.getTime() - instant) / MINUTE_MS)
}
