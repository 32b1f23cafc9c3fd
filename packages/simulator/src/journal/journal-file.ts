import { closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { JournalError } from './journal-error.ts'

/** What a world is made from. */
export interface Origin {
  /** JSON of the options that make it. */
  readonly options: string
  /** Virtual epoch ms. */
  readonly startAt: number
}

/** A moment of which the file knows everything. Times are virtual epoch ms with fractions. */
export interface Moment {
  readonly at: number
  /** The latest time that anybody may have seen: the world goes on from here. */
  readonly until: number
  /** Digest of the world at `at`. */
  readonly digest: number
  /** Entries made by then. */
  readonly entries: number
}

export interface NumberedEntry {
  /** Counts from 1. */
  readonly number: number
  readonly at: number
  readonly text: string
}

/**
 * The file behind a journal. Every write is there or absent as a whole, whenever the process is killed; when power is
 * lost the last ones may be absent. One process at a time has the file; the system lets go of it however that ends.
 */
export class JournalFile {
  readonly path: string
  readonly #database: DatabaseSync
  readonly #append: StatementSync
  readonly #mark: StatementSync
  #entries: number

  private constructor(path: string, database: DatabaseSync) {
    this.path = path
    this.#database = database
    this.#append = database.prepare('insert into entry (number, at, text) values (?, ?, ?)')
    this.#mark = database.prepare('insert or replace into moment values (1, ?, ?, ?, ?)')
    this.#entries = Number(database.prepare('select max(number) as last from entry').get()?.['last'] ?? 0)
  }

  /** Opens a file, or makes one for its owner only. Throws JournalError, or the system's error when it cannot be made. */
  static open(path: string): JournalFile {
    // Closing a file that exists would let go of the lock that another simulator of this process has on it.
    if (!existsSync(path)) closeSync(openSync(path, 'ax', 0o600))
    let database: DatabaseSync | undefined
    try {
      database = new DatabaseSync(path, { timeout: 0 })
      prepare(database, path)
      return new JournalFile(path, database)
    } catch (error) {
      if (database?.isOpen) database.close()
      throw explained(error, path)
    }
  }

  /** Undefined in a new file. */
  origin(): Origin | undefined {
    const row = this.#database.prepare('select options, start_at from origin').get()
    return row && { options: String(row['options']), startAt: Number(row['start_at']) }
  }

  begin({ options, startAt }: Origin): void {
    this.#database.prepare('insert into origin values (1, ?, ?)').run(options, startAt)
  }

  /** Adds an entry: it is kept when this returns, and is not when this throws. */
  append(at: number, text: string): void {
    this.#append.run(this.#entries + 1, at, text)
    this.#entries += 1
  }

  /** Puts a moment in the place of the one before; all entries made so far belong to it. */
  mark({ at, until, digest }: Omit<Moment, 'entries'>): void {
    this.#mark.run(at, until, digest, this.#entries)
  }

  /** The last moment marked, if any was. */
  moment(): Moment | undefined {
    const row = this.#database.prepare('select at, until, digest, entries from moment').get()
    if (row === undefined) return undefined
    const [at = 0, until = 0, digest = 0, entries = 0] = ['at', 'until', 'digest', 'entries'].map((name) =>
      Number(row[name]),
    )
    return { at, until, digest, entries }
  }

  /** All entries in order. */
  *entries(): Iterable<NumberedEntry> {
    for (const row of this.#database.prepare('select number, at, text from entry order by number').iterate()) {
      yield { number: Number(row['number']), at: Number(row['at']), text: String(row['text']) }
    }
  }

  /** Lets others have the file. A second call does nothing more. */
  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }
}

/** Tells a journal from any other database: "AgSm" in ASCII, 0x4167536d; the schema writes both numbers. */
const applicationId = 1_097_290_605
const formatVersion = 1

const schema = `
create table origin (only integer primary key check (only = 1), options text not null, start_at real not null) strict;
create table moment (
  only integer primary key check (only = 1),
  at real not null,
  until real not null,
  digest integer not null,
  entries integer not null
) strict;
create table entry (number integer primary key, at real not null, text text not null) strict;
pragma application_id = 1097290605;
pragma user_version = 1;`

/** Takes the lock, and looks whose file it is before anything is written to it. */
function prepare(database: DatabaseSync, path: string): void {
  database.exec('pragma locking_mode = exclusive; begin exclusive')
  const pragma = (name: string) => Number(database.prepare(`pragma ${name}`).get()?.[name])
  const isEmpty = database.prepare('select 1 from sqlite_schema').get() === undefined
  if (isEmpty) database.exec(schema)
  else if (pragma('application_id') !== applicationId) throw damaged(path)
  else if (pragma('user_version') !== formatVersion) {
    throw new JournalError('other-world', path, { is: 'was written by another version of the simulator' })
  }
  database.exec('commit')
  // A write-ahead log keeps each write whole without waiting for the disk.
  database.exec('pragma journal_mode = wal; pragma synchronous = normal')
  if (database.prepare('pragma quick_check(1)').get()?.['quick_check'] !== 'ok') throw damaged(path)
}

/** SQLite's primary result codes BUSY, CORRUPT and NOTADB (sqlite.org/rescode.html, read in 2026). */
const busyCode = 5
const damageCodes: readonly number[] = [11, 26]

function explained(error: unknown, path: string): unknown {
  if (error instanceof JournalError || !(error instanceof Error && 'errcode' in error)) return error
  // The lower byte of an extended result code is the primary one.
  const code = Number(error.errcode) & 0xff
  if (code === busyCode) {
    const remedy = 'stop that one, or name another file'
    return new JournalError('in-use', path, { is: 'is in use by another simulator', remedy, cause: error })
  }
  if (damageCodes.includes(code)) return damaged(path, error)
  const remedy = 'name a file in a directory that you may write to'
  return new JournalError('unusable', path, { is: `cannot be used (SQLite code ${code})`, remedy, cause: error })
}

function damaged(path: string, cause?: unknown): JournalError {
  return new JournalError('damaged', path, { is: 'is damaged, or no journal of a simulator', cause })
}
