import { type PlainDate, type PlainTime, readPlainDate, readPlainTime } from './plain-date.ts'
import { instantOf, type Zone } from './time-zone.ts'

/**
 * A date-time as athenahealth writes it: a date, most often a time, seldom an offset. Without an offset it is a wall
 * time, and which wall it hung on depends on the field: the department's for appointments, Eastern for most others.
 */
export interface WireDateTime {
  readonly date: PlainDate
  readonly time?: PlainTime
  /** Minutes east of UTC, when the text says so. */
  readonly offsetMinutes?: number
}

/**
 * Reads every form seen in athenahealth's answers: `MM/DD/YYYY`, the same with `HH:MM`, `HH:MM:SS` or `HH:MM AM`,
 * `YYYY-MM-DD`, and ISO 8601 with or without fraction and offset (`Z`, `-04:00`, `-0400`). Undefined for any other text.
 */
export function readWireDateTime(text: string): WireDateTime | undefined {
  const match = /^(\S+?)(?:(?:T| +)(\S+(?: ?[AaPp][Mm])?))?$/.exec(text.trim())
  const date = match?.[1] === undefined ? undefined : readPlainDate(match[1])
  if (!date) return undefined
  const rest = match?.[2]
  if (rest === undefined) return { date }
  const [, clock = '', zone] = /^(.*?)(Z|[+-]\d{2}:?\d{2})?$/.exec(rest) ?? []
  const time = readPlainTime(clock)
  if (!time) return undefined
  if (zone === undefined) return { date, time }
  const offsetMinutes = readOffset(zone)
  return offsetMinutes === undefined ? undefined : { date, time, offsetMinutes }
}

/**
 * The instant (epoch ms) a date-time names: by its own offset, else as a wall time of `zone`; a date alone is its
 * midnight there. Undefined when the text is no date-time. In a repeated hour: the earlier instant.
 */
export function wireInstant(text: string, zone: Zone): number | undefined {
  const read = readWireDateTime(text)
  if (!read) return undefined
  const own = read.offsetMinutes === undefined ? zone : { offsetMinutes: read.offsetMinutes }
  return instantOf(own, { date: read.date, time: read.time ?? MIDNIGHT })
}

// Constant text that readPlainTime accepts.
const MIDNIGHT = '00:00' as PlainTime

function readOffset(text: string): number | undefined {
  if (text === 'Z') return 0
  const hours = Number(text.slice(1, 3))
  const minutes = Number(text.slice(-2))
  if (hours > 18 || minutes > 59) return undefined
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}
