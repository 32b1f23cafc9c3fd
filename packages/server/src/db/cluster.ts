import { execFile } from 'node:child_process'
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Random } from '../clock/random.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { type ClusterPasswords, makePasswords, readPasswords } from './cluster-passwords.ts'
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

/** Finds programs, user and directories for the cluster of `dataDir`, and makes the directories. */
export function clusterPaths({ dataDir, runDir }: { dataDir: string; runDir: string }): ClusterPaths {
  const wanted = resolve(dataDir)
  const home = usableDirectory(dirname(wanted))
  const path = join(home, basename(wanted))
  const user = postgresUser()
  const copies = `${path}.programs`
  const found = findPostgresBinaries(copies)
  // An account of its own usually cannot reach node_modules.
  const binaries = user.ids ? copyPostgresBinaries(found.root, copies) : found
  const logs = usableDirectory(`${path}.log`)
  return {
    dataDir: path,
    socketDir: socketDirectory(runDir, path, user),
    passwordFile: `${path}.passwords`,
    logFile: join(logs, 'postgres.log'),
    binaries,
    user,
  }
}

/** Makes the cluster unless it is there, and returns its passwords. A first start that was cut short is begun anew. */
export async function prepareCluster(
  paths: ClusterPaths,
  { random, sync }: { random: Random; sync: boolean },
): Promise<ClusterPasswords> {
  const { dataDir, binaries, passwordFile } = paths
  if (existsSync(dataDir)) {
    checkVersion(dataDir, binaries.major)
    return readPasswords(passwordFile) ?? (await replacePasswords(paths, random))
  }
  const passwords = makePasswords(passwordFile, random)
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
  if (/No space left on device|Disk quota exceeded/.test(said))
    return new AegisError('db.disk-full', { path: paths.dataDir })
  if (/incompatible with server/.test(said)) return new AegisError('db.cluster-version', { path: paths.dataDir })
  if (
    /Permission denied|Operation not permitted|Read-only file system|invalid permissions|wrong ownership/.test(said)
  ) {
    return new AegisError('db.data-directory', { path: paths.dataDir, reason: 'PostgreSQL may not write there' })
  }
  return new AegisError('db.start-failed', { log: paths.logFile })
}

/** Sets new passwords without knowing the old ones: the file that held them is gone, the data is still ours. */
async function replacePasswords(paths: ClusterPaths, random: Random): Promise<ClusterPasswords> {
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
  } catch {
    throw new AegisError('db.data-directory', { path: dataDir, reason: 'it is not a PostgreSQL data directory' })
  }
  if (Number(found) !== major) throw new AegisError('db.cluster-version', { path: dataDir, found, needed: major })
}

function usableDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.W_OK | constants.X_OK)
    return realpathSync(path)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unusable'
    if (reason === 'ENOSPC' || reason === 'EDQUOT') throw new AegisError('db.disk-full', { path })
    throw new AegisError('db.data-directory', { path, reason })
  }
}
