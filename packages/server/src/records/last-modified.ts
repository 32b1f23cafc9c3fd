import { easternZone, offsetMinutesAt, wireInstant } from '@aegis/client'

const hourMs = 3_600_000

/**
 * athenahealth's own time of last change (epoch ms) where it can order two versions. The text is an Eastern wall time:
 * in the hour that clocks repeat in autumn it names two instants, and taking either would make a later change look
 * older than an earlier one and be dropped. Such a time, like an unreadable one, is therefore undefined.
 */
export function lastModifiedAt(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined
  const instant = wireInstant(text, easternZone)
  if (instant === undefined || !isStorable(instant)) return undefined
  const offset = offsetMinutesAt(easternZone, instant)
  const [before, after] = [instant - hourMs, instant + hourMs].map((other) => offsetMinutesAt(easternZone, other))
  // What was an hour more an hour ago, or is an hour less in an hour: the clock shows this time twice.
  return before === offset + 60 || after === offset - 60 ? undefined : instant
}

/** When at the earliest what bears this time was changed, also in the hour that clocks repeat; undefined of one that cannot be read. */
export function lastModifiedFrom(text: unknown): number | undefined {
  // The earlier of two is read.
  const instant = typeof text === 'string' ? wireInstant(text, easternZone) : undefined
  return instant !== undefined && isStorable(instant) ? instant : undefined
}

/** By when at the latest. */
export function lastModifiedBy(text: unknown): number | undefined {
  const from = lastModifiedFrom(text)
  return from === undefined ? undefined : (lastModifiedAt(text) ?? from + hourMs)
}

// A day later than the first of all: the hour before it is asked for too.
const storable = { from: Date.parse('0001-01-02T00:00:00Z'), to: Date.parse('9999-12-31T23:59:59Z') }

/**
 * Whether an instant (epoch ms) has a year of four digits: outside of them PostgreSQL and ISO 8601 write years in
 * different ways. "Never" is sent as 12/31/9999, whose evening in America is already the year 10000.
 */
export function isStorable(instant: number): boolean {
  return instant >= storable.from && instant <= storable.to
}
