/** How answers were written before 2019: numbers and booleans as text, and no character set in the content type. */

/** Recorded as numbers in every answer of 2016 and 2017, between fields that are all text. */
const stillNumbers: ReadonlySet<string> = new Set(['totalcount', 'timezone', 'timezoneoffset', 'copay', 'balance'])

/** A value as the string era sent it under this name: what `JSON.stringify` takes as its second argument. */
export function inStringEra(name: string, value: unknown): unknown {
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'number' && !stillNumbers.has(name) ? String(value) : value
}
