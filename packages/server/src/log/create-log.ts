import { pino } from 'pino'
import type { Clock } from '../clock/clock.ts'
import type { Random } from '../clock/random.ts'
import { looksPersonal } from './looks-personal.ts'
import type { Log, LogLevel } from './log.ts'
import { reduceError } from './reduce-error.ts'

/** Where lines go; each ends with a line break. */
export interface LogDestination {
  write(line: string): void
}

export interface LogOptions {
  /** Lines below it are not written. */
  readonly level: LogLevel
  readonly destination: LogDestination
  readonly clock: Pick<Clock, 'now'>
  readonly random: Pick<Random, 'bytes'>
}

type Fields = Readonly<Record<string, unknown>>

/**
 * A log of one JSON object a line: `{ time, level, event, …fields }`, `time` in ISO UTC of the clock. Written when the
 * call returns, as far as the destination does so. A line whose fields look like a person's data is not written; a line
 * `log.line-dropped` with the event's name stands in its place.
 */
export function createLog({ level, destination, clock, random }: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  const write = (at: LogLevel, event: string, fields: Fields | undefined) => {
    if (!logger.isLevelEnabled(at)) return
    if (looksPersonal(fields)) logger.error({ event: 'log.line-dropped', dropped: event })
    else logger[at](lineOf(event, fields))
  }
  return {
    debug: (event, fields) => write('debug', event, fields),
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, error, fields) => write('error', event, { ...fields, error: reduceError(error, random) }),
  }
}

const RESERVED = ['time', 'level', 'event']

function lineOf(event: string, fields: Fields = {}): object {
  const renamed = Object.entries(fields).map(([name, value]) => [RESERVED.includes(name) ? `${name}_` : name, value])
  return { event, ...Object.fromEntries(renamed) }
}
