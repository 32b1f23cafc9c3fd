import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { LogDestination } from './create-log.ts'

export interface LogFileOptions {
  /** Made when missing, for the owner only. */
  readonly directory: string
  /** The newest file is `<name>.log`, older ones `<name>.1.log` and so on. */
  readonly name: string
  /** A file is put aside before it grows past this. Default 10 MiB. */
  readonly fileBytesMax?: number
  /** Files kept, the newest included. Default 5. */
  readonly filesMax?: number
}

/** A log destination in files that are bounded in size and number, readable by their owner only. */
export interface LogFile extends LogDestination {
  readonly path: string
  /** Lines lost because they could not be written, for example on a full disk: a log never stops the work. */
  readonly lostLines: number
  /** Lines written afterwards are lost. */
  close(): void
}

const mebibyte = 1024 * 1024

/** Opens the newest file, going on where it ends. Throws the system's error when that is not possible. */
export function openLogFile(options: LogFileOptions): LogFile {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 })
  return new RotatingFile({ fileBytesMax: 10 * mebibyte, filesMax: 5, ...options })
}

class RotatingFile implements LogFile {
  readonly #options: Required<LogFileOptions>
  #handle: number | undefined
  #bytes = 0
  #closed = false
  lostLines = 0

  constructor(options: Required<LogFileOptions>) {
    this.#options = options
    this.#open()
  }

  get path(): string {
    return this.#pathOf(0)
  }

  /** Each line is in the file when this returns: the last words of a process that is killed are the ones that matter. */
  write(line: string): void {
    const bytes = Buffer.from(line)
    try {
      if (this.#closed) throw new TypeError('the log is closed')
      if (this.#bytes > 0 && this.#bytes + bytes.length > this.#options.fileBytesMax) this.#rotate()
      if (this.#handle === undefined) this.#open()
      this.#bytes += writeSync(this.#handle ?? -1, bytes)
    } catch {
      this.lostLines += 1
    }
  }

  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle)
    this.#handle = undefined
    this.#closed = true
  }

  #open(): void {
    this.#handle = openSync(this.path, 'a', 0o600)
    this.#bytes = fstatSync(this.#handle).size
  }

  #rotate(): void {
    if (this.#handle !== undefined) closeSync(this.#handle)
    this.#handle = undefined
    const oldest = this.#options.filesMax - 1
    rmSync(this.#pathOf(oldest), { force: true })
    for (let age = oldest - 1; age >= 0; age--) renameIfThere(this.#pathOf(age), this.#pathOf(age + 1))
    if (oldest === 0) rmSync(this.path, { force: true })
    this.#open()
  }

  #pathOf(age: number): string {
    return join(this.#options.directory, `${this.#options.name}${age === 0 ? '' : `.${age}`}.log`)
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
