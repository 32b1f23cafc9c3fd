import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
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

/** The instance that last ran on a home and did not say that it ended; undefined when there is none. */
export function readInstance(home: Home): Instance | undefined {
  try {
    return instance.parse(JSON.parse(readFileSync(fileOf(home), 'utf8')))
  } catch {
    return undefined
  }
}

/** To be called when the instance ends by itself. */
export function removeInstance(home: Home): void {
  rmSync(fileOf(home), { force: true })
}

function fileOf(home: Home): string {
  return join(home.run, 'instance.json')
}
