import { offsetMinutesAt } from '@aegis/client'

/** A date and time as a clock on the wall of some place shows it. Months count from 1. */
export interface WallTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** What clocks in `timeZone` (an IANA name) show at `at` (epoch ms). RangeError for a zone the runtime does not know. */
export function wallTimeAt(timeZone: string, at: number): WallTime {
  const shown = new Date(at + zoneOffsetMs(timeZone, at))
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
  }
}

/**
 * The instants (epoch ms, in order) at which clocks in `timeZone` show `wall`: one, or two where the clocks are set back
 * over it. Where they are set forward over it there is none, and the two instants are those one gap before and after:
 * reading the wall time by the offset before and after the change. The earlier one lies before the change, the later
 * one after it.
 */
export function instantsOf(timeZone: string, wall: WallTime): [number, ...number[]] {
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute)
  // No zone has two changes within two days, so these are the offsets on both sides of a change, if there is one.
  const before = asUtc - zoneOffsetMs(timeZone, asUtc - DAY_MS)
  const after = asUtc - zoneOffsetMs(timeZone, asUtc + DAY_MS)
  if (before === after) return [before]
  const shown = [before, after].filter((at) => at + zoneOffsetMs(timeZone, at) === asUtc)
  const [first, second] = shown.length > 0 ? shown.toSorted((a, b) => a - b) : [before, after].toSorted((a, b) => a - b)
  return second === undefined ? [first ?? before] : [first ?? before, second]
}

/** Local time less UTC at an instant: -5 h in New York in winter. */
function zoneOffsetMs(timeZone: string, at: number): number {
  return offsetMinutesAt({ name: timeZone }, at) * MINUTE_MS
}
