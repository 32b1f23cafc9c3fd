import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/clock/clock.ts'
import type { RuntimeLogins } from '../src/db/database-login.ts'
import { externalCluster } from './external-cluster.ts'

/** The shared test cluster. */
export interface TestCluster {
  readonly ownerUrl: string
  readonly logins: RuntimeLogins
}

const checkout = createHash('sha256')
  .update(import.meta.dirname)
  .digest('hex')
  .slice(0, 8)
/** A run's test files have a directory each (scripts/leak-guard.ts); the cluster lies beside them. */
const runDirectory = process.env['AEGIS_TEST_RUN_DIRECTORY'] ?? tmpdir()
/** One per user and checkout: the files of a test run share it. */
export const keeperDirectory = join(runDirectory, `aegis-test-${userInfo().uid}-${checkout}`)
export const keeperSocket = join(keeperDirectory, 'keeper')

const attemptsMax = 400
const attemptDelayMs = 25

let cluster: Promise<TestCluster> | undefined

/**
 * The test cluster, started when nobody did yet. The connection is held until this process ends and does not keep it
 * alive; the cluster goes when the last process is gone.
 */
export function testCluster(): Promise<TestCluster> {
  cluster ??= reach()
  return cluster
}

async function reach(): Promise<TestCluster> {
  const external = process.env['AEGIS_TEST_DATABASE_URL']
  if (external) return externalCluster(external)
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const socket = await connected()
    const found = socket && (await firstLine(socket))
    if (found) {
      socket.unref()
      return found
    }
    // The first try finds whether there is a keeper; a second one is started in case the first was just ending.
    if (attempt % 40 === 0) startKeeper()
    await systemClock.sleep(attemptDelayMs)
  }
  throw new Error(`The test cluster did not start: see ${join(keeperDirectory, 'keeper.log')}`)
}

function connected(): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(keeperSocket)
    socket.once('error', () => resolve(undefined))
    socket.once('connect', () => resolve(socket))
  })
}

/** The keeper's answer; undefined when it closes the connection because it is ending. */
function firstLine(socket: Socket): Promise<TestCluster | undefined> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (data) => {
      text += data.toString('utf8')
      // What postgres-keeper.ts writes.
      if (text.endsWith('\n')) resolve(JSON.parse(text) as TestCluster)
    })
    socket.once('close', () => resolve(undefined))
  })
}

function startKeeper(): void {
  const log = openLog()
  const program = join(import.meta.dirname, 'postgres-keeper.ts')
  const args = ['--conditions=aegis-source', program]
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { LC_ALL: 'C', TMPDIR: runDirectory, AEGIS_TEST_OUTLIVES_FILE: '1' },
    cwd: '/',
  })
  child.unref()
  closeSync(log)
}

/** A keeper that ends may take the empty directory away between its making and the opening of the file. */
function openLog(): number {
  for (;;) {
    mkdirSync(keeperDirectory, { recursive: true, mode: 0o700 })
    try {
      return openSync(join(keeperDirectory, 'keeper.log'), 'a', 0o600)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}
