import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { Arrival } from './answer.ts'
import type { SimulatorSettings } from './options.ts'

/**
 * What callers did to a simulator, in a file of JSON lines. The practices' own life follows from the seed and the time,
 * so this is all that is needed to be, at a next start, what the simulator was: it begins at the same moment and goes
 * through the same calls at the same times.
 */
export interface Journal {
  /** Virtual time at the very first start, epoch ms; undefined when this is the first one. */
  readonly startAt: number | undefined
  /** What was done before this start, in order. */
  readonly entries: readonly JournalEntry[]
  /** Where time stood at the end of the last run as far as the file says; undefined at the first start. */
  readonly last: { readonly at: number; readonly isCleanStop: boolean; readonly writtenAt: number } | undefined
  /** Notes when the first start was; a later one changes nothing. */
  begin(startAt: number): void
  /** Keeps an entry; it survives the death of the process when this returns. */
  write(entry: JournalEntry): void
  /** Notes the time of a clean stop and closes the file. */
  close(at: number): void
  /** Closes the file of a simulator that could not be started. */
  abandon(): void
}

/** One call that changed something. */
export interface JournalEntry {
  /** Virtual time, epoch ms with fractions. */
  readonly at: number
  /** Client id; absent for the administration. */
  readonly app?: string
  readonly arrival: Omit<Arrival, 'authorization'>
}

/** What must be the same for the calls to mean the same. */
export type JournalSettings = Pick<
  SimulatorSettings,
  'seed' | 'practices' | 'day' | 'activationLagMs' | 'retentionMs' | 'fallBackHour'
>

interface Line {
  readonly journal?: 1
  readonly startAt?: number
  readonly settings?: unknown
  readonly at?: number
  readonly app?: string
  readonly arrival?: Omit<Arrival, 'authorization'>
  readonly stopped?: true
}

/**
 * Opens a journal, making it when there is none. A last line that was cut short by the death of a process is dropped.
 * Throws RangeError when the file belongs to a simulator with other settings, or is no journal.
 */
export function openJournal(path: string, settings: JournalSettings): Journal {
  const handle = openSync(path, 'a+', 0o600)
  const own = settingsOf(settings)
  try {
    const { lines, bytes, writtenAt } = readLines(path, handle)
    const [header, ...rest] = lines
    checkHeader(header, own)
    ftruncateSync(handle, bytes)
    return {
      startAt: header?.startAt,
      entries: rest.flatMap(entryOf),
      last: header && { ...endOf(header, rest.at(-1)), writtenAt },
      begin: (startAt) => header ?? append(handle, { journal: 1, startAt, settings: own }),
      write: (entry) => append(handle, entry),
      close(at) {
        append(handle, { at, stopped: true })
        fsyncSync(handle)
        closeSync(handle)
      },
      abandon: () => closeSync(handle),
    }
  } catch (error) {
    closeSync(handle)
    throw error
  }
}

function checkHeader(header: Line | undefined, own: JournalSettings): void {
  if (header === undefined) return
  if (header.journal !== 1 || typeof header.startAt !== 'number') throw notAJournal()
  if (JSON.stringify(header.settings) === JSON.stringify(own)) return
  throw new RangeError('journal: this file belongs to a simulator with other settings; name another file, or remove it')
}

function endOf(header: Line, final: Line | undefined): { at: number; isCleanStop: boolean } {
  return { at: final?.at ?? header.startAt ?? 0, isCleanStop: final?.stopped === true }
}

function readLines(path: string, handle: number): { lines: Line[]; bytes: number; writtenAt: number } {
  const text = readFileSync(path, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  const lines = whole
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine)
  return { lines, bytes: Buffer.byteLength(whole), writtenAt: fstatSync(handle).mtimeMs }
}

function parseLine(line: string): Line {
  try {
    const parsed: unknown = JSON.parse(line)
    if (typeof parsed === 'object' && parsed !== null) return parsed
  } catch (error) {
    throw notAJournal(error)
  }
  throw notAJournal()
}

function notAJournal(cause?: unknown): RangeError {
  return new RangeError('journal: this file is no journal of a simulator; name another one', { cause })
}

function entryOf({ at, app, arrival }: Line): JournalEntry[] {
  if (at === undefined || arrival === undefined) return []
  return [{ at, arrival, ...(app !== undefined && { app }) }]
}

function settingsOf({
  seed,
  practices,
  day,
  activationLagMs,
  retentionMs,
  fallBackHour,
}: JournalSettings): JournalSettings {
  return { seed, practices, day, activationLagMs, retentionMs, fallBackHour }
}

function append(handle: number, line: object): void {
  writeSync(handle, `${JSON.stringify(line)}\n`)
}
