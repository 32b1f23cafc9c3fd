import { parseDuration } from '@aegis/server'
import { InvalidArgumentError, Option } from 'commander'

/** `--home`, the same on every command that has one. */
export function homeFlag(): Option {
  return new Option(
    '--home <directory>',
    'where data, keys and logs are (else AEGIS_HOME, else home in the file, else .aegis)',
  )
}

/** `--config`, the same on every command that has one. */
export function configFlag(): Option {
  return new Option('--config <file>', 'configuration (else AEGIS_CONFIG, else ./aegis.yaml)')
}

/** Reads a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`)
  }
}

/** Reads a number that is not negative. */
export function notNegative(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= 0 && Number.isFinite(value)) return value
  throw new InvalidArgumentError('Give 0 or a positive number.')
}

/** Reads a number from `min` to `max`, which may have a fraction. */
export function decimal(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`)
  }
}

/** Reads a duration such as 15m or 90s, in milliseconds. */
export function durationMs(text: string): number {
  const ms = parseDuration(/^\d+$/.test(text) ? Number(text) : text)
  if (ms !== undefined) return ms
  throw new InvalidArgumentError('Give a duration such as 90s, 15m or 1h30m.')
}

/** Whether there is such a day: Date.parse takes February 30 for March 2. */
export function isDay(text: string): boolean {
  const at = Date.parse(text)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}

/** The instant that a text with its zone names, epoch ms; undefined where it names none. */
export function instantIn(text: string): number | undefined {
  const at = /^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : Number.NaN
  return !Number.isNaN(at) && isDay(text.slice(0, 10)) ? at : undefined
}

/** Reads an instant, epoch ms. */
export function instant(text: string): number {
  const at = instantIn(text)
  if (at !== undefined) return at
  throw new InvalidArgumentError('Give an instant with its zone, such as 2026-11-23T14:00:00Z.')
}

/** Reads on or off. */
export function onOrOff(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on'
  throw new InvalidArgumentError('Give on or off.')
}

/** Reads a practice id. */
export const practiceId = wholeNumber(1, 2_147_483_647)

/** Collects the values of a flag that may be given several times. */
export function collect<T>(
  read: (text: string) => T,
): (text: string, before: readonly T[] | undefined) => readonly T[] {
  return (text, before = []) => [...before, read(text)]
}
