import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AegisError } from '../errors/aegis-error.ts'
import type { Home } from './home.ts'
import { removeInstance } from './instance-file.ts'
import { writeWhole } from './write-whole.ts'

/** Proof that this process is the only Aegis on its home. */
export interface HomeLock {
  /** Lets another process have the home. May be called twice. */
  release(): void
}

/** SQLITE_BUSY: another connection, of this process or another one, holds the lock. */
const SQLITE_BUSY = 5

/**
 * Takes a home for this process, or throws `ops.already-running` with the process that has it. The operating system
 * keeps the lock and lets go of it when the process ends, however it ends: nothing is left behind by kill -9, and a
 * process id that was given away again (in a container it is always 1) deceives nobody. Node has no such lock of its
 * own; SQLite's on an empty database is one.
 */
export function lockHome(home: Home): HomeLock {
  const pidFile = join(home.run, 'aegis.pid')
  const database = new DatabaseSync(join(home.run, 'aegis.lock'), { timeout: 0 })
  try {
    database.exec('begin exclusive')
  } catch (error) {
    database.close()
    if (!(error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY)) throw unusable(error, home)
    throw new AegisError('ops.already-running', { home: home.path, ...holderOf(pidFile) })
  }
  writeWhole(pidFile, `${process.pid}\n`)
  removeInstance(home) // of a process that was killed
  return {
    release() {
      if (database.isOpen) database.close()
    },
  }
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
