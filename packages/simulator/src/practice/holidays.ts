/** The days on which hardly any practice in the United States is open. */
import { civilOf, dayOf, weekdayOf } from './calendar-date.ts'

const monday = 1
const thursday = 4
const december = 12

/** Day number of the n-th given weekday of a month. */
function nthWeekday(year: number, month: number, { weekday, nth }: { weekday: number; nth: number }): number {
  const first = dayOf(year, month, 1)
  return first + ((weekday - weekdayOf(first) + 7) % 7) + (nth - 1) * 7
}

/** Day number of the last given weekday of a month. */
function lastWeekday(year: number, month: number, weekday: number): number {
  const last = (month === december ? dayOf(year + 1, 1, 1) : dayOf(year, month + 1, 1)) - 1
  return last - ((weekdayOf(last) - weekday + 7) % 7)
}

/**
 * True on New Year's Day, Memorial Day, Independence Day, Labor Day, Thanksgiving and Christmas Day. A holiday that falls
 * on a weekend is not kept on another day: practices differ in that.
 */
export function isHoliday(day: number): boolean {
  const { year, month, day: ofMonth } = civilOf(day)
  if (month === 5) return day === lastWeekday(year, 5, monday)
  if (month === 9) return day === nthWeekday(year, 9, { weekday: monday, nth: 1 })
  if (month === 11) return day === nthWeekday(year, 11, { weekday: thursday, nth: 4 })
  return (month === 1 && ofMonth === 1) || (month === 7 && ofMonth === 4) || (month === december && ofMonth === 25)
}
