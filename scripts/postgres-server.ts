/*
 * node scripts/postgres-server.ts [command …]: starts a PostgreSQL server of this machine's own packages (15 or newer) on
 * a temporary directory, runs the command (default: the tests of the server's database slices) against it instead of
 * the embedded one, stops the server and removes the directory. Installs nothing.
 */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../packages/server/src/clock/clock.ts'
import { ensureLogins } from '../packages/server/src/db/cluster-logins.ts'
import { clusterSettings } from '../packages/server/src/db/cluster-settings.ts'
import { giveTo, postgresUser } from '../packages/server/src/db/postgres-user.ts'
import { readPostmasterPid } from '../packages/server/src/db/postmaster-pid.ts'
import { externalPasswords } from '../packages/server/testing/external-cluster.ts'

const defaultCommand = [
  process.execPath,
  'scripts/test.ts',
  ...['db', 'leases', 'queue', 'sealing', 'audit', 'quota'].map((slice) => `packages/server/src/${slice}`),
]
const majorMin = 15
const pollMs = 20
const startTimeoutMs = 30_000

process.exitCode = await main(process.argv.slice(2))

async function main(command: readonly string[]): Promise<number> {
  const programs = findPrograms()
  if (!programs) return refuse()
  const home = mkdtempSync(join(tmpdir(), 'aegis-postgres-'))
  try {
    const server = await start(programs, home)
    try {
      const [program = '', ...args] = command.length ? command : defaultCommand
      return await run(program, args, server.url)
    } finally {
      await server.stop()
    }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

interface Programs {
  readonly directory: string
  readonly major: number
}

/** Debian and Ubuntu keep each major version in a directory of its own; elsewhere the programs are on the path. */
function findPrograms(): Programs | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).map((name) => join(debian, name, 'bin')) : []
  const onPath = (process.env['PATH'] ?? '').split(':')
  return [...versions, ...onPath]
    .filter((directory) => existsSync(join(directory, 'initdb')) && existsSync(join(directory, 'postgres')))
    .map((directory) => ({ directory, major: majorOf(directory) }))
    .filter(({ major }) => major >= majorMin)
    .sort((a, b) => b.major - a.major)[0]
}

function majorOf(directory: string): number {
  const said = execFileSync(join(directory, 'postgres'), ['--version'], { encoding: 'utf8' })
  return Number(/\(PostgreSQL\) (\d+)/.exec(said)?.[1] ?? 0)
}

function refuse(): number {
  process.stderr.write(
    `No PostgreSQL server (${majorMin} or newer) is installed on this machine.\n` +
      'Remedy, on Debian or Ubuntu: sudo apt-get install --no-install-recommends postgresql\n',
  )
  return 1
}

interface Server {
  readonly url: string
  stop(): Promise<void>
}

async function start({ directory, major }: Programs, home: string): Promise<Server> {
  const user = postgresUser()
  const dataDir = join(home, 'data')
  const password = randomBytes(24).toString('base64url')
  const passwordFile = join(home, 'password')
  mkdirSync(dataDir, { mode: 0o700 })
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  for (const path of [home, dataDir, passwordFile]) giveTo(user, path)
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  const options = [
    '-U',
    'postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '-N',
  ]
  const [initdb = '', ...initArgs] = [...user.prefix, join(directory, 'initdb'), '-D', dataDir, ...options]
  execFileSync(initdb, initArgs, { env, cwd: '/', stdio: ['ignore', 'ignore', 'inherit'], ...user.ids })
  const [program = '', ...args] = [...user.prefix, join(directory, 'postgres'), '-D', dataDir, ...settings(major, home)]
  const logFile = join(home, 'log')
  const log = openSync(logFile, 'a')
  const child = spawn(program, args, { env, cwd: '/', stdio: ['ignore', log, log], ...user.ids })
  closeSync(log)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async () => {
    child.kill('SIGINT')
    await ended
  }
  try {
    await ready(dataDir)
    const url = `postgres://postgres:${password}@localhost/postgres?host=${encodeURIComponent(home)}`
    await ensureLogins({ url, database: 'aegis', passwords: externalPasswords(url) })
    process.stdout.write(`PostgreSQL ${major} from ${directory}, in ${home}\n`)
    return { url, stop }
  } catch (error) {
    process.stderr.write(readFileSync(logFile))
    await stop()
    throw error
  }
}

/** Those of the embedded cluster, as far as this version has them. */
function settings(major: number, home: string): string[] {
  const { io_method, log_connections, ...common } = clusterSettings
  const own = { ...common, unix_socket_directories: home, max_connections: '300' }
  const all = major >= 18 ? { ...own, io_method, log_connections } : own
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

async function ready(dataDir: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < startTimeoutMs; waitedMs += pollMs) {
    if (readPostmasterPid(dataDir)?.status === 'ready') return
    await systemClock.sleep(pollMs)
  }
  throw new Error('The server did not start')
}

function run(program: string, args: readonly string[], url: string): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, AEGIS_TEST_DATABASE_URL: url } })
  // Ctrl-C reaches the command by itself; this process stays to clean up after it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
