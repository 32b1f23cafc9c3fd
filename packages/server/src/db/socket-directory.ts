import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AegisError } from '../errors/aegis-error.ts'
import { giveTo, type PostgresUser } from './postgres-user.ts'

/** The kernel's limit for the path of a socket: sun_path holds 108 bytes with its end mark on Linux, 104 on macOS. */
const pathBytesMax = process.platform === 'darwin' ? 103 : 107
const socketName = '.s.PGSQL.5432'

/**
 * A directory for the server's socket that only the owner can enter: below `runDir`, or, where its path is too long for a
 * socket, one in the system's directory for temporary files named after `dataDir`.
 */
export function socketDirectory(runDir: string, dataDir: string, user: PostgresUser): string {
  // The account that PostgreSQL may run as cannot enter `runDir`, and has no business there.
  const own = user.ids ? [] : [join(runDir, 'pg')]
  const path = [...own, join(tmpdir(), shortName(dataDir)), join('/tmp', shortName(dataDir))].find(fits)
  if (!path) throw new AegisError('db.data-directory', { path: runDir, reason: 'too long for a socket' })
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const found = lstatSync(path)
  // Somebody else may have made it first, to listen where we connect.
  const owners = [process.getuid?.(), user.ids?.uid]
  if (!found.isDirectory() || !owners.includes(found.uid)) {
    throw new AegisError('db.data-directory', { path, reason: 'it belongs to somebody else' })
  }
  if (found.mode & 0o077) throw new AegisError('db.data-directory', { path, reason: 'others may enter it; chmod 700' })
  giveTo(user, path)
  return path
}

/** Removes the directory after the server has gone, unless something is left in it. */
export function removeSocketDirectory(path: string): void {
  try {
    rmdirSync(path)
  } catch {
    // Not ours to force: another server may have started there meanwhile.
  }
}

function fits(path: string): boolean {
  return Buffer.byteLength(join(path, socketName)) <= pathBytesMax
}

function shortName(dataDir: string): string {
  return `aegis-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`
}
