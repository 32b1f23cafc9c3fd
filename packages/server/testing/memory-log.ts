import type { Log, LogLevel } from '../src/log/log.ts'

export interface LogLine {
  readonly level: LogLevel
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
  /** Of `log.error`: what was passed, for assertions; a real log reduces it to class and code. */
  readonly error?: unknown
}

/** A log that keeps its lines for assertions. */
export function memoryLog(): Log & { readonly lines: LogLine[]; events(): string[] } {
  const lines: LogLine[] = []
  const keep = (level: LogLevel) => (event: string, fields?: object) => {
    lines.push({ level, event, fields: { ...fields } })
  }
  return {
    lines,
    events: () => lines.map(({ event }) => event),
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error(event: string, error: unknown, fields?: object) {
      lines.push({ level: 'error', event, fields: { ...fields }, error })
    },
  }
}

/** A log that drops everything. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
