/** Values that may stand in clear: checked here, so that no text of upstream reaches an SQL cast or a clear column unseen. */

import { readPlainDate } from '@aegis/client'

const idPattern = /^[0-9]{1,18}$/
/** Short upstream codes (status, type): letters, digits and a few separators; anything else is not a code. */
const codePattern = /^[A-Za-z0-9_+.-]{1,24}$/

export function id(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && idPattern.test(text) ? text : undefined
}

export function code(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && codePattern.test(text) ? text : undefined
}

export function count(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < 100_000 ? number : undefined
}

export function flag(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true
  return value === false || value === 'false' ? false : undefined
}

export function isoDate(value: unknown): string | undefined {
  // A day that no calendar has, as February 29 of most years, would be counted as the one after it.
  return typeof value === 'string' && readPlainDate(value) === value ? value : undefined
}

/** HH:MM; seconds, where they are sent, are dropped. */
export function wallTime(value: unknown): string | undefined {
  return typeof value === 'string' && /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/.test(value) ? value.slice(0, 5) : undefined
}
