import { execFile } from 'node:child_process'
import {
  accessSync,
  appendFileSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Random } from '../clock/random.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { diskFullError, isOutOfRoom } from '../errors/disk-full.ts'
import { type ClusterPasswords, makePasswords, readPasswords } from './cluster-passwords.ts'
import { postmasterState, readPostmasterPid } from './postmaster-pid.ts'
import { copyPostgresBinaries, findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts'
import { giveTo, type PostgresUser, postgresUser } from './postgres-user.ts'
import { socketDirectory } from './socket-directory.ts'

/** Everything about one embedded cluster that is known before its server runs. */
export interface ClusterPaths {
  readonly dataDir: string
  readonly socketDir: string
  readonly passwordFile: string
  readonly logFile: string
  readonly binaries: PostgresBinaries
  readonly user: PostgresUser
}

const run = promisify(execFile)
/** PostgreSQL needs none of our environment, and none of it should be readable in its processes. */
export const postgresEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

export interface ClusterPathsInput {
  dataDir: string
  runDir: string
  /** Default: `postgresUser()`. */
  user?: PostgresUser
}

/** Finds programs, user and directories for the cluster of `dataDir`, and makes the directories. */
export function clusterPaths({ dataDir, runDir, ...input }: ClusterPathsInput): ClusterPaths {
  const wanted = resolve(dataDir)
  const home = usableDirectory(dirname(wanted))
  const path = join(home, basename(wanted))
  const user = input.user ?? ownerOf(path) ?? postgresUser()
  if (user.ids) openTheWay(home, user.ids.uid)
  const copies = `${path}.programs`
  const found = findPostgresBinaries(copies)
  // An account of its own usually cannot reach node_modules.
  const binaries = user.ids ? copyPostgresBinaries(found.root, copies) : found
  const logs = usableDirectory(`${path}.log`)
  return {
    dataDir: path,
    socketDir: socketDirectory(resolve(runDir), path, user),
    passwordFile: `${path}.passwords`,
    logFile: join(logs, 'postgres.log'),
    binaries,
    user,
  }
}

/** To root: whom an earlier start gave the data to, if that was not root. */
function ownerOf(dataDir: string): PostgresUser | undefined {
  const found = statSync(dataDir, { throwIfNoEntry: false })
  if (process.getuid?.() !== 0 || !found || found.uid === 0) return undefined
  return { prefix: [], ids: { uid: found.uid, gid: found.gid } }
}

/** Makes the cluster unless it is there, and returns its passwords. A first start that was cut short is begun anew. */
export async function prepareCluster(
  paths: ClusterPaths,
  { random, sync }: { random: Random; sync: boolean },
): Promise<ClusterPasswords> {
  try {
    if (!existsSync(paths.dataDir)) return await makeCluster(paths, { random, sync })
    checkVersion(paths.dataDir, paths.binaries.major)
    return readPasswords(paths.passwordFile) ?? (await replacePasswords(paths, random))
  } catch (error) {
    throw fileError(error, paths.dataDir)
  }
}

async function makeCluster(
  paths: ClusterPaths,
  { random, sync }: { random: Random; sync: boolean },
): Promise<ClusterPasswords> {
  const { dataDir } = paths
  const passwords = makePasswords(paths.passwordFile, random)
  const unfinished = `${dataDir}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { mode: 0o700 })
  giveTo(paths.user, unfinished)
  await initdb(paths, { into: unfinished, passwords, sync })
  renameSync(unfinished, dataDir)
  return passwords
}

interface InitdbInput {
  into: string
  passwords: ClusterPasswords
  sync: boolean
}

async function initdb(paths: ClusterPaths, { into, passwords, sync }: InitdbInput): Promise<void> {
  const passwordFile = `${into}.password`
  writeFileSync(passwordFile, `${passwords.aegis_owner}\n`, { mode: 0o600 })
  giveTo(paths.user, passwordFile)
  const settings = {
    pgdata: into,
    username: 'aegis_owner',
    pwfile: passwordFile,
    auth: 'scram-sha-256',
    encoding: 'UTF8',
    // Sorting by code point, the same on every machine and in every release of its libraries.
    'locale-provider': 'builtin',
    'builtin-locale': 'C.UTF-8',
    locale: 'C',
  }
  const options = Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
  const flags = ['--data-checksums', '--no-instructions', ...(sync ? [] : ['--no-sync'])]
  const [program = '', ...args] = [...paths.user.prefix, paths.binaries.initdb, ...options, ...flags]
  try {
    await run(program, args, { env: postgresEnvironment, cwd: '/', ...paths.user.ids })
  } catch (error) {
    rmSync(into, { recursive: true, force: true })
    throw programError(error, paths)
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

function programError(error: unknown, paths: ClusterPaths): AegisError {
  const said = String(error instanceof Error && 'stderr' in error ? error.stderr : error)
  try {
    appendFileSync(paths.logFile, said, { mode: 0o600 })
  } catch {
    // The disk may be what is full; the code of the error says so.
  }
  return startError(said, paths)
}

/** What went wrong, read from what PostgreSQL's programs say when they give up. */
export function startError(said: string, paths: Pick<ClusterPaths, 'dataDir' | 'logFile'>): AegisError {
  const path = paths.dataDir
  if (/No space left on device|Disk quota exceeded/.test(said)) return new AegisError('db.disk-full', { path })
  if (/incompatible with server/.test(said)) return new AegisError('db.cluster-version', { path })
  if (/has invalid permissions/.test(said)) {
    return new AegisError('db.data-directory', { path, reason: 'others may enter it; chmod 700' })
  }
  if (/Permission denied|Operation not permitted|Read-only file system|has wrong ownership/.test(said)) {
    return new AegisError('db.data-directory', { path, reason: 'PostgreSQL may not write there' })
  }
  // Its log may be on the same disk, with no room for what it had to say.
  if (isOutOfRoom(dirname(path))) return new AegisError('db.disk-full', { path })
  return new AegisError('db.start-failed', { log: paths.logFile })
}

/** Sets new passwords without knowing the old ones: the file that held them is gone, the data is still ours. */
async function replacePasswords(paths: ClusterPaths, random: Random): Promise<ClusterPasswords> {
  const running = readPostmasterPid(paths.dataDir)
  if (running && postmasterState(running.pid, realpathSync(paths.dataDir)) === 'running') {
    throw new AegisError('db.data-directory', {
      path: paths.passwordFile,
      reason: 'missing',
      serverToStopFirst: running.pid,
    })
  }
  const passwords = makePasswords(paths.passwordFile, random)
  // Single-user mode takes one statement a line and refuses to run beside a server, so nothing can be broken.
  const statements = `alter role aegis_owner password '${passwords.aegis_owner}'\n`
  const [program = '', ...args] = [
    ...paths.user.prefix,
    paths.binaries.postgres,
    '--single',
    '-D',
    paths.dataDir,
    'postgres',
  ]
  try {
    const done = run(program, args, { env: postgresEnvironment, cwd: '/', ...paths.user.ids })
    done.child.stdin?.on('error', () => undefined)
    done.child.stdin?.end(statements)
    await done
  } catch (error) {
    rmSync(paths.passwordFile, { force: true })
    throw programError(error, paths)
  }
  return passwords
}

function checkVersion(dataDir: string, major: number): void {
  let found: string
  try {
    found = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim()
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new AegisError('db.data-directory', { path: dataDir, reason: 'it is not a PostgreSQL data directory' })
  }
  if (Number(found) !== major) throw new AegisError('db.cluster-version', { path: dataDir, found, needed: major })
}

/**
 * Lets PostgreSQL's account walk through the home to its data: it can enter, not list, and everything else in there has
 * its own rights. Directories further up are not ours to change.
 */
function openTheWay(home: string, uid: number): void {
  chmodSync(home, statSync(home).mode | 0o011)
  for (let path = home; path !== dirname(path); path = dirname(path)) {
    const { mode, uid: owner } = statSync(path)
    if (mode & 0o001 || owner === uid) continue
    throw new AegisError('db.data-directory', { path, reason: 'the account that PostgreSQL runs as cannot enter it' })
  }
}

function usableDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.W_OK | constants.X_OK)
    return realpathSync(path)
  } catch (error) {
    throw fileError(error, path)
  }
}

/** An error of the file system as one that tells the operator what to do; others as they are. */
function fileError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof AegisError || !('code' in error)) return error
  return diskFullError(error, path) ?? new AegisError('db.data-directory', { path, reason: String(error.code) })
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
