/*
 * A process that owns the test cluster: one embedded PostgreSQL for everybody who runs tests in this checkout at the
 * same time. Each test process holds a connection to the keeper's socket; when the last one is gone, however it ended,
 * the keeper stops the cluster, removes its directory and ends. Started by keeper-connection.ts.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statfsSync, statSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/clock/clock.ts'
import { type EmbeddedPostgres, startEmbedded } from '../src/db/embedded-postgres.ts'
import { postmasterState, readPostmasterPid } from '../src/db/postmaster-pid.ts'
import { keeperDirectory, keeperSocket } from './keeper-connection.ts'
import { silentLog } from './memory-log.ts'

/** Long enough for the next test file of the same command to start, short enough not to be noticed. */
const lingerMs = 1500
/** Nothing of a test needs to survive a power cut; everything else is as in production. */
const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  shared_buffers: '64MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  min_wal_size: '80MB',
  max_wal_size: '256MB',
}
/** In memory, where there is enough of it, a database is cloned in a twentieth of the time that a busy disk takes. */
const memoryDirectory = '/dev/shm'
const memoryBytesMin = 2 * 1024 ** 3

const homePrefix = 'aegis-test-cluster-'

const clients = new Set<Socket>()
let linger: { cancel(): void } | undefined

await main()

async function main(): Promise<void> {
  const server = await listenAlone()
  if (!server) return
  removeLeftovers()
  const home = mkdtempSync(join(hasMemory() ? memoryDirectory : keeperDirectory, `${homePrefix}${process.pid}-`))
  const cluster = startEmbedded({
    dataDir: join(home, 'data'),
    runDir: join(home, 'run'),
    log: silentLog,
    clock: systemClock,
    settings,
  })
  const end = once(() => shutDown({ server, home, cluster }))
  const endSoon = () => {
    linger = systemClock.timer(lingerMs, () => {
      if (clients.size === 0) void end()
    })
  }
  server.on('connection', (socket) => {
    linger?.cancel()
    clients.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clients.delete(socket)
      if (clients.size === 0) endSoon()
    })
    socket.resume()
    void cluster.then(({ ownerUrl, logins }) => socket.write(`${JSON.stringify({ ownerUrl, logins })}\n`))
  })
  endSoon() // the process that started us may be gone already
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end())
  await cluster.catch(end)
}

interface Kept {
  server: Server
  home: string
  cluster: Promise<EmbeddedPostgres>
}

async function shutDown({ server, home, cluster }: Kept): Promise<void> {
  server.close()
  for (const socket of clients) socket.destroy()
  await cluster.then(
    ({ stop }) => stop(),
    (error: unknown) => process.stderr.write(`${String(error)}\n`),
  )
  rmSync(home, { recursive: true, force: true })
  removeDirectory()
}

/** Unless another keeper has begun to use it, or the log of this one has something to say. */
function removeDirectory(): void {
  const log = join(keeperDirectory, 'keeper.log')
  try {
    if (statSync(log).size === 0) rmSync(log)
    rmdirSync(keeperDirectory)
  } catch {
    // Not empty.
  }
}

/** The socket is the lock: whoever listens on it is the keeper. */
async function listenAlone(): Promise<Server | undefined> {
  const server = createServer()
  for (let attempt = 0; attempt < 5; attempt++) {
    mkdirSync(keeperDirectory, { recursive: true, mode: 0o700 })
    const code = await new Promise<string>((resolve) => {
      server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
      server.listen(keeperSocket, () => resolve('listening'))
    })
    if (code === 'listening') return server
    if (code === 'EADDRINUSE' && (await answers())) return undefined
    rmSync(keeperSocket, { force: true }) // of a keeper that was killed
  }
  return undefined
}

function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(keeperSocket, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

/** What keepers left that were killed themselves. */
function removeLeftovers(): void {
  for (const directory of [keeperDirectory, memoryDirectory].filter((path) => existsSync(path))) {
    for (const name of readdirSync(directory)) {
      const keeper = name.startsWith(homePrefix) ? /^(\d+)-/.exec(name.slice(homePrefix.length))?.[1] : undefined
      if (keeper && !isAlive(Number(keeper))) removeHome(join(directory, name))
    }
  }
}

function removeHome(home: string): void {
  if (statSync(home).uid !== userInfo().uid) return
  const dataDir = join(home, 'data')
  const found = readPostmasterPid(dataDir)
  if (found && postmasterState(found.pid, dataDir) === 'running') process.kill(found.pid, 'SIGKILL')
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

function hasMemory(): boolean {
  if (!existsSync(memoryDirectory)) return false
  const { bavail, bsize } = statfsSync(memoryDirectory)
  return bavail * bsize >= memoryBytesMin
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => {
    running ??= work()
    return running
  }
}
