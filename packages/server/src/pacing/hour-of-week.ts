import { offsetMinutesAt } from '@aegis/client'

export const hoursOfWeek = 168

export const hourMs = 3_600_000

/** athenahealth's own zone: for practices whose zone is not known. */
export const zoneDefault = 'America/New_York'

/** The epoch began on a Thursday. */
const epochHour = 4 * 24

/** A part of a stretch of time that lies in one hour of the week. */
export interface HourPart {
  /** 0 is Sunday from 00:00 to 01:00, as clocks in the zone show it. */
  readonly hour: number
  readonly from: number
  readonly to: number
}

/**
 * Cuts a stretch of time (epoch ms) into hours of the week by the clocks of a zone. The hour that comes twice in autumn is the
 * same hour twice, the one left out in spring is left out. A zone that the runtime does not know counts as `zoneDefault`.
 */
export function* hourParts(zone: string, from: number, to: number): Generator<HourPart> {
  const known = { name: knownZone(zone) }
  for (let at = from; at < to; ) {
    const local = at + offsetMinutesAt(known, at) * 60_000
    // Zones change by half an hour or more, and where an hour of the clock begins.
    const end = Math.min(to, at + hourMs - mod(local, hourMs))
    yield { hour: mod(Math.floor(local / hourMs) + epochHour, hoursOfWeek), from: at, to: end }
    at = end
  }
}

/** The hour of the week that clocks in a zone show. */
export function hourOfWeek(zone: string, at: number): number {
  for (const { hour } of hourParts(zone, at, at + 1)) return hour
  return 0
}

function knownZone(name: string): string {
  try {
    offsetMinutesAt({ name }, 0)
    return name
  } catch {
    return zoneDefault
  }
}

const mod = (value: number, by: number): number => ((value % by) + by) % by
