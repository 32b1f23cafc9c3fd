import { isKnownZone, offsetMinutesAt, type Zone } from '../wire/time-zone.ts'
import type { Department } from './practice-records.ts'

/** What of a department tells its clock. */
export type ZoneFields = Pick<Department, 'timezonename' | 'timezoneoffset' | 'doesnotobservedst'>

/** Where a department gives only its standard offset in hours: the American zones that observe daylight time, and Hawaii. */
const zoneByOffset = new Map([
  [-5, 'America/New_York'],
  [-6, 'America/Chicago'],
  [-7, 'America/Denver'],
  [-8, 'America/Los_Angeles'],
  [-9, 'America/Anchorage'],
  [-10, 'Pacific/Honolulu'],
])

/**
 * The clock on a department's wall: its `timezonename` (US/Eastern and the like, or any IANA name), held to standard time
 * where it does not observe daylight time; without a name, its `timezoneoffset`. Undefined when neither tells.
 */
export function departmentZone(department: ZoneFields): Zone | undefined {
  const { timezonename, timezoneoffset, doesnotobservedst = false } = department
  const name = timezonename !== undefined && isKnownZone(timezonename) ? timezonename : undefined
  if (doesnotobservedst) return fixedZone(name, timezoneoffset)
  if (name !== undefined) return { name }
  if (timezoneoffset === undefined) return undefined
  const known = zoneByOffset.get(timezoneoffset)
  return known === undefined ? fixedZone(undefined, timezoneoffset) : { name: known }
}

function fixedZone(name: string | undefined, offsetHours: number | undefined): Zone | undefined {
  if (name !== undefined) return { offsetMinutes: standardOffsetMinutes({ name }) }
  if (offsetHours === undefined || Math.abs(offsetHours) > 14) return undefined
  return { offsetMinutes: Math.round(offsetHours * 60) }
}

/** Standard time is the smaller offset of the two halves of a year (2024 stands for all: only the rule matters). */
function standardOffsetMinutes(zone: Zone): number {
  return Math.min(offsetMinutesAt(zone, Date.UTC(2024, 0, 15)), offsetMinutesAt(zone, Date.UTC(2024, 6, 15)))
}
