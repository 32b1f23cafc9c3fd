import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock/clock.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { type ClusterPaths, postgresEnvironment, startError } from './cluster.ts'
import { settingArguments } from './cluster-settings.ts'
import { hasBackends, postmasterState, readPostmasterPid } from './postmaster-pid.ts'

/** The server's main process, started by us or by a former process of ours. */
export interface Postmaster {
  readonly pid: number
  readonly adopted: boolean
  readonly socketDirectory: string
  isRunning(): boolean
  /** Ends all connections and the server in order (SIGINT, "fast"); resolves when its process is gone. */
  stop(): Promise<void>
}

export interface LaunchInput {
  paths: ClusterPaths
  clock: Clock
  settings: Readonly<Record<string, string>>
  /** Ends the waiting with the signal's reason, and the server with it if it was started here. */
  signal?: AbortSignal | undefined
}

const pollMs = 10
const socketName = '.s.PGSQL.5432'
/** Crash recovery after a busy hour takes seconds; a minute without a sign of life is a fault. */
const startTimeoutMs = 60_000
/** How often a start is repeated that met the leftovers of a killed server. */
const startsMax = 20
const retryDelayMs = 250
/** A fast shutdown writes one checkpoint. Past this the server is told to stop at once; the next start recovers. */
const stopTimeoutMs = 30_000

/** Takes over the running server of the data directory, or starts one. */
export async function launchPostmaster(input: LaunchInput): Promise<Postmaster> {
  const { paths, clock, signal } = input
  for (let attempt = 1; ; attempt++) {
    const running = await adopt(input)
    if (running) return running
    await clearLeftovers(input)
    const outcome = await startOnce(input)
    if ('pid' in outcome) return outcome
    // A server killed a moment ago may still hold its lock file or its shared memory.
    const passing = /lock file ".*" already exists|pre-existing shared memory block|is already in use/.test(
      outcome.said,
    )
    if (!passing || attempt >= startsMax) throw startError(outcome.said, paths)
    await clock.sleep(retryDelayMs, signal)
  }
}

async function adopt({ paths, clock, signal }: LaunchInput): Promise<Postmaster | undefined> {
  for (let waitedMs = 0; waitedMs < startTimeoutMs; waitedMs += pollMs) {
    const found = readPostmasterPid(paths.dataDir)
    if (!found || postmasterState(found.pid, paths.dataDir) !== 'running') return undefined
    if (found.status === 'ready') {
      const server = postmasterOf(found.pid, { paths, clock, socketDirectory: found.socketDirectory })
      if (existsSync(join(found.socketDirectory, socketName))) return server
      await server.stop() // its socket was cleaned away: nobody can reach it any more
      return undefined
    }
    await clock.sleep(pollMs, signal) // it is starting, or stopping
  }
  throw new AegisError('db.start-failed', { log: paths.logFile })
}

async function clearLeftovers({ paths, clock, signal }: LaunchInput): Promise<void> {
  const { dataDir, socketDir } = paths
  for (let waitedMs = 0; hasBackends(dataDir) && waitedMs < startTimeoutMs; waitedMs += pollMs)
    await clock.sleep(pollMs, signal)
  const found = readPostmasterPid(dataDir)
  // PostgreSQL itself clears the files of a process that is gone, but takes a zombie or a stranger for a live server.
  if (found && postmasterState(found.pid, dataDir) !== 'another program') return
  for (const file of [join(dataDir, 'postmaster.pid'), join(socketDir, `${socketName}.lock`)])
    rmSync(file, { force: true })
}

async function startOnce(input: LaunchInput): Promise<Postmaster | { said: string }> {
  const { paths, clock, signal } = input
  const logStart = sizeOf(paths.logFile)
  const child = spawnPostmaster(input)
  let ended = false
  child.once('error', () => (ended = true))
  child.once('exit', () => (ended = true))
  for (let waitedMs = 0; waitedMs < startTimeoutMs && !ended; waitedMs += pollMs) {
    const found = readPostmasterPid(paths.dataDir)
    if (found && found.pid === child.pid && found.status === 'ready') {
      return postmasterOf(found.pid, { paths, clock, socketDirectory: paths.socketDir, child })
    }
    await clock.sleep(pollMs)
    if (signal?.aborted && child.pid !== undefined && !ended) {
      await postmasterOf(child.pid, { paths, clock, socketDirectory: paths.socketDir, child }).stop()
      signal.throwIfAborted()
    }
  }
  if (!ended) child.kill('SIGQUIT')
  return { said: readFileSync(paths.logFile).subarray(logStart).toString('utf8') }
}

function spawnPostmaster({ paths, settings }: LaunchInput): ChildProcess {
  const { binaries, user, dataDir, socketDir } = paths
  const where = ['-D', dataDir, '-c', `unix_socket_directories=${socketDir}`, '-p', '5432']
  const [program = '', ...args] = [...user.prefix, binaries.postgres, ...where, ...settingArguments(settings)]
  // A file, not a pipe: the server may outlive us. Its own session: Ctrl-C in a terminal must reach it through us, last.
  const log = openSync(paths.logFile, 'a', 0o600)
  try {
    const child = spawn(program, args, {
      stdio: ['ignore', log, log],
      detached: true,
      env: postgresEnvironment,
      cwd: '/',
      ...user.ids,
    })
    child.unref()
    return child
  } finally {
    closeSync(log)
  }
}

interface Running {
  paths: ClusterPaths
  clock: Clock
  socketDirectory: string
  child?: ChildProcess
}

function postmasterOf(pid: number, { paths, clock, socketDirectory, child }: Running): Postmaster {
  const isRunning = () =>
    child ? child.exitCode === null && child.signalCode === null : postmasterState(pid, paths.dataDir) === 'running'
  return {
    pid,
    adopted: !child,
    socketDirectory,
    isRunning,
    async stop() {
      for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
        if (!isRunning()) return
        process.kill(pid, signal)
        for (let waitedMs = 0; isRunning() && waitedMs < stopTimeoutMs; waitedMs += pollMs) await clock.sleep(pollMs)
      }
    },
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch {
    return 0
  }
}
