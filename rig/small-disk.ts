import { execFileSync } from 'node:child_process'
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { FaultUnavailable } from './fault-run.ts'

const block = Buffer.alloc(1 << 20)
const page = 4_096

/** A disk of its own for a directory, that can be filled and freed. */
export interface SmallDisk {
  /** Takes all the room that is left, or all but so many bytes. */
  fill(leaving?: number): void
  free(): void
  /** Takes the disk away with all that is on it; nothing may be using it. May be called twice. */
  remove(): void
}

/** Mounts a disk in memory at `path`, or says why it cannot be had and what would help. */
export function mountSmallDisk(path: string, megabytes: number): SmallDisk {
  mkdirSync(path, { mode: 0o700 })
  const command = ['mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'aegis-rig', path] as const
  try {
    execFileSync(command[0], command.slice(1), { stdio: 'pipe', encoding: 'utf8' })
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error)
    throw new FaultUnavailable(
      `"${command.join(' ')}" was refused (${said}); run it as one who may mount: sudo npm run rig -- --faults disk`,
    )
  }
  return new MountedDisk(path)
}

class MountedDisk implements SmallDisk {
  readonly #path: string
  #isMounted = true

  constructor(path: string) {
    this.#path = path
  }

  get #ballast(): string {
    return join(this.#path, 'ballast')
  }

  fill(leaving = 0): void {
    const file = openSync(this.#ballast, 'a')
    try {
      for (const size of [block.length, page]) writeUntilFull(file, size)
      if (leaving > 0) ftruncateSync(file, Math.max(0, fstatSync(file).size - leaving))
    } finally {
      closeSync(file)
    }
  }

  free(): void {
    rmSync(this.#ballast, { force: true })
  }

  remove(): void {
    if (!this.#isMounted) return
    try {
      execFileSync('umount', [this.#path], { stdio: 'pipe' })
    } catch {
      // Somebody dying still holds it: it goes with them.
      execFileSync('umount', ['--lazy', this.#path], { stdio: 'pipe' })
    }
    this.#isMounted = false
  }
}

function writeUntilFull(file: number, size: number): void {
  try {
    while (writeSync(file, block, 0, size) > 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}
