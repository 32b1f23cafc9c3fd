/** Calendar days as whole numbers (days since 1 January 1970) and athenahealth's `MM/DD/YYYY` text for them. */

export const dayMs = 86_400_000

/** `00` to `99`: pages of thousands of rows are mostly dates and times. */
const pairs = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'))
const twoDigits = (value: number): string => pairs[value] ?? String(value)

export interface CivilDate {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** 1 to 31. */
  readonly day: number
}

/** Days in 400 Gregorian years, after which the calendar repeats. */
const eraDays = 146_097

/** Day number of a civil date; the date must exist. Counts years from March so that the leap day ends a year. */
export function dayOf(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * eraDays + dayOfEra - 719_468
}

/** The civil date of a day number. */
export function civilOf(dayNumber: number): CivilDate {
  const shifted = dayNumber + 719_468
  const era = Math.floor(shifted / eraDays)
  const dayOfEra = shifted - era * eraDays
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  }
}

/** 0 for Sunday to 6 for Saturday. */
export function weekdayOf(dayNumber: number): number {
  return (((dayNumber + 4) % 7) + 7) % 7
}

/** `MM/DD/YYYY`. */
export function dateText(dayNumber: number): string {
  return civilText(civilOf(dayNumber))
}

/** `MM/DD/YYYY` of a civil date of the years 1000 to 9999. */
export function civilText({ year, month, day }: CivilDate): string {
  return `${twoDigits(month)}/${twoDigits(day)}/${year}`
}

/** `HH:MM`, 24 hours, of minutes after midnight. */
export function clockText(minutes: number): string {
  return `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`
}

/** `HH:MM:SS`, 24 hours, of seconds after midnight. */
export function secondsText(seconds: number): string {
  return `${clockText(Math.floor(seconds / 60))}:${twoDigits(seconds % 60)}`
}

/** Day number of `MM/DD/YYYY` (one-digit month and day accepted), undefined when there is no such date. */
export function parseDate(text: string): number | undefined {
  const match = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text.trim())
  if (match === null) return undefined
  const [month, day, year] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined
  const dayNumber = dayOf(year, month, day)
  return civilOf(dayNumber).day === day ? dayNumber : undefined
}

/** Minutes after midnight of `HH:MM` in 24 hours, undefined when it is no time of day. */
export function parseClock(text: string): number | undefined {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text.trim())
  if (match === null) return undefined
  const [hours, minutes] = [Number(match[1]), Number(match[2])]
  return hours < 24 && minutes < 60 ? hours * 60 + minutes : undefined
}
