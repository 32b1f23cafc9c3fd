import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** Starts an embedded cluster, asks it and stops it, as whoever runs it: a process is one user. */
const program = join(import.meta.dirname, 'embedded-process.ts')

export interface ToldByCluster {
  rows?: number
  adopted?: boolean
  code?: string
  detail?: Record<string, unknown>
}

/** Runs embedded-process.ts in `home`, by way of `wrapper` if one is given, and returns what it says. */
export function tellOfCluster(home: string, args: readonly string[], wrapper: readonly string[] = []): ToldByCluster {
  const command = [...wrapper, process.execPath, '--conditions=aegis-source', program, ...args]
  const [file = '', ...rest] = command
  const { stdout, stderr } = spawnSync(file, rest, {
    encoding: 'utf8',
    cwd: '/',
    env: { TMPDIR: home, PATH: process.env['PATH'] },
  })
  assert.equal(stderr, '')
  // Written by embedded-process.ts.
  return JSON.parse(stdout) as ToldByCluster
}
