import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AegisError } from '../errors/aegis-error.ts'
import type { Home } from './home.ts'
import { type Instance, readInstance, removeInstance } from './instance-file.ts'
import { writeWhole } from './write-whole.ts'

/** Proof that this process is the only Aegis on its home. */
export interface HomeLock {
  /** Lets another process have the home. May be called twice. */
  release(): void
}

/** SQLITE_BUSY: another connection, of this process or another one, holds the lock. */
const SQLITE_BUSY = 5
/** Longer than whoever asks whether the lock is held is in its way, ms. */
const PASSING_MS = 250

/**
 * Takes a home for this process, or throws `ops.already-running` with the process that has it. The operating system
 * keeps the lock and lets go of it when the process ends, however it ends: nothing is left behind by kill -9, and a
 * process id that was given away again (in a container it is always 1) deceives nobody. Node has no such lock of its
 * own; SQLite's on an empty database is one.
 */
export function lockHome(home: Home): HomeLock {
  const pidFile = pidFileOf(home)
  const database = new DatabaseSync(lockFile(home), { timeout: PASSING_MS })
  try {
    database.exec('begin exclusive')
  } catch (error) {
    database.close()
    if (!isBusy(error)) throw unusable(error, home)
    throw new AegisError('ops.already-running', { home: home.path, ...holderOf(pidFile) })
  }
  removeInstance(home) // of a process that was killed; first, since from now on the file is believed
  writeWhole(pidFile, `${process.pid}\n`)
  return {
    release() {
      if (database.isOpen) database.close()
    },
  }
}

/** Who has a home. */
export type HomeUse =
  /** `left`: what one that was killed left behind. Nothing is to be sent there. */
  | { readonly held: false; readonly left: Instance | undefined }
  /** `instance`: undefined while the holder does not listen, since it starts, ends or is a command. */
  | { readonly held: true; readonly pid: number | undefined; readonly instance: Instance | undefined }

/**
 * Who has a home just now. To be asked before each thing that is sent to an instance: a killed one leaves its file behind, and
 * any user of the machine may listen at its port then. Whoever holds the lock wrote the file, and the port is the holder's own.
 * Errors: those of `readInstance`.
 */
export function homeUse(home: Home): HomeUse {
  if (!isLocked(home)) {
    const left = readInstance(home)
    // Who took the lock meanwhile may have written it.
    if (!left || !isLocked(home)) return { held: false, left }
  }
  return { held: true, pid: holderOf(pidFileOf(home)).pid, instance: readInstance(home) }
}

/** Whether anybody holds the lock, by a look that takes nothing from anybody. */
function isLocked(home: Home): boolean {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(lockFile(home), { readOnly: true, timeout: 0 })
    database.exec('select 1 from sqlite_schema')
    return false
  } catch (error) {
    return isBusy(error)
  } finally {
    database?.close()
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}

function pidFileOf(home: Home): string {
  return join(home.run, 'aegis.pid')
}

function lockFile(home: Home): string {
  return join(home.run, 'aegis.lock')
}

function holderOf(pidFile: string): { pid?: number } {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
    return Number.isSafeInteger(pid) ? { pid } : {}
  } catch {
    return {}
  }
}

function unusable(error: unknown, home: Home): AegisError {
  return new AegisError('ops.home-unusable', { path: home.run, reason: 'it cannot be locked' }, { cause: error })
}
