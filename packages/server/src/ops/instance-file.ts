import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { Home } from './home.ts'
import { writeWhole } from './write-whole.ts'

const instance = z.object({
  /** Base URL of the instance's API. */
  url: z.url(),
  /** What its API asks for as bearer token. Whoever can read the file may operate the instance. */
  token: z.string().min(32),
  pid: z.int(),
  /** ISO UTC. */
  startedAt: z.string(),
  version: z.string(),
})

/** How to reach the instance that runs on a home. */
export type Instance = z.output<typeof instance>

/** Tells other programs of this user about the running instance. */
export function writeInstance(home: Home, running: Instance): void {
  writeWhole(fileOf(home), `${JSON.stringify(running, null, 2)}\n`)
}

/**
 * The instance that last ran on a home and did not say that it ended; undefined when there is none. Whether it is still there
 * `homeUse` tells. `ops.home-unusable` when the file is not its owner's alone: it says where secrets are sent.
 */
export function readInstance(home: Home): Instance | undefined {
  let handle: number | undefined
  try {
    handle = openSync(fileOf(home), constants.O_RDONLY | constants.O_NOFOLLOW)
    if (!isPrivate(fstatSync(handle))) {
      throw new AegisError('ops.home-unusable', { path: fileOf(home), reason: "it is not this user's alone" })
    }
    return instance.parse(JSON.parse(readFileSync(handle, 'utf8')))
  } catch (error) {
    if (isAegisError(error)) throw error
    return undefined
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}

/** Root may use the homes of others. */
function isPrivate({ mode, uid }: Stats): boolean {
  const us = process.getuid?.() ?? uid
  return (mode & 0o077) === 0 && (uid === us || us === 0)
}

/** To be called when the instance ends by itself. */
export function removeInstance(home: Home): void {
  rmSync(fileOf(home), { force: true })
}

function fileOf(home: Home): string {
  return join(home.run, 'instance.json')
}
