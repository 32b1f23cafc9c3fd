import { statfsSync } from 'node:fs'
import { AegisError } from './aegis-error.ts'

/** A segment of PostgreSQL's write-ahead log: with less room than this the next commit may find none. */
const roomMin = 16 * 1024 * 1024

/** Bytes that are free on the disk of `path`, for whoever runs this; undefined where there is no such path: that is another fault. */
export function freeBytes(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize
  } catch {
    return undefined
  }
}

/** Whether the database cannot go on with so much room (pure). */
export function isTooLittle(free: number): boolean {
  return free < roomMin
}

/** Whether the database could not go on on the disk of `path`, for want of room. */
export function isOutOfRoom(path: string): boolean {
  const free = freeBytes(path)
  return free !== undefined && isTooLittle(free)
}

/** An error of the file system that means a full disk as ours; undefined for any other. */
export function diskFullError(error: unknown, path: string): AegisError | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOSPC' || code === 'EDQUOT' ? new AegisError('db.disk-full', { path }, { cause: error }) : undefined
}
