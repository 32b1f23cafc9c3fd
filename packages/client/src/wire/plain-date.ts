declare const plainDate: unique symbol
declare const plainTime: unique symbol

/** A calendar date without time and zone, `YYYY-MM-DD`: a date of birth must never pass through `Date`. */
export type PlainDate = string & { readonly [plainDate]: true }

/** A time of day without date and zone, `HH:MM:SS`, or `HH:MM` where athenahealth gives no seconds. */
export type PlainTime = string & { readonly [plainTime]: true }

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** The date, or undefined when there is no such day. `month` and `day` count from 1. */
export function makePlainDate(year: number, month: number, day: number): PlainDate | undefined {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const days = month === 2 && leap ? 29 : DAYS[month - 1]
  if (!days || day < 1 || day > days || year < 1 || year > 9999) return undefined
  // The brand's only birthplace: the checks above are what it stands for.
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}` as PlainDate
}

/** Reads `YYYY-MM-DD` or athenahealth's `MM/DD/YYYY`; undefined when it is neither or no such day exists. */
export function readPlainDate(text: string): PlainDate | undefined {
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (iso) return makePlainDate(Number(iso[1]), Number(iso[2]), Number(iso[3]))
  const us = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text)
  return us ? makePlainDate(Number(us[3]), Number(us[1]), Number(us[2])) : undefined
}

/** As athenahealth wants dates: `MM/DD/YYYY`. */
export function toUsDate(date: PlainDate): string {
  return `${date.slice(5, 7)}/${date.slice(8, 10)}/${date.slice(0, 4)}`
}

/** The day `days` after (or before) a date, by the calendar alone. */
export function addDays(date: PlainDate, days: number): PlainDate | undefined {
  return dateOfDayNumber(dayNumber(date) + days)
}

/** Days since 1970-01-01. */
export function dayNumber(date: PlainDate): number {
  const at = new Date(0)
  at.setUTCFullYear(Number(date.slice(0, 4)), Number(date.slice(5, 7)) - 1, Number(date.slice(8, 10)))
  return at.getTime() / 86_400_000
}

function dateOfDayNumber(days: number): PlainDate | undefined {
  const at = new Date(days * 86_400_000)
  return makePlainDate(at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate())
}

/**
 * Reads `HH:MM`, `HH:MM:SS`, with or without fraction (dropped) or AM/PM; undefined when it is no time of day.
 * Seconds are kept as given, and their absence too.
 */
export function readPlainTime(text: string): PlainTime | undefined {
  const match = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?: ?([AaPp])[Mm])?$/.exec(text)
  if (!match) return undefined
  const [, hours = '', minutes = '', seconds, half] = match
  const hour = half === undefined ? Number(hours) : twentyFour(Number(hours), half.toLowerCase() === 'p')
  if (hour === undefined || hour > 23 || Number(minutes) > 59 || Number(seconds ?? 0) > 59) return undefined
  const time = `${pad(hour, 2)}:${minutes}${seconds === undefined ? '' : `:${seconds}`}`
  // The brand's only birthplace.
  return time as PlainTime
}

function twentyFour(hour: number, afternoon: boolean): number | undefined {
  if (hour < 1 || hour > 12) return undefined
  return (hour % 12) + (afternoon ? 12 : 0)
}

/** Seconds since midnight. */
export function secondsOfTime(time: PlainTime): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number)
  return hours * 3600 + minutes * 60 + seconds
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
