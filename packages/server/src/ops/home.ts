import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Environment } from '@aegis/client'
import type { Random } from '../clock/random.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { diskFullError } from '../errors/disk-full.ts'
import { writeWhole } from './write-whole.ts'

/** The directories of one installation, all for its owner only. Paths are absolute, without links. */
export interface Home {
  readonly path: string
  /** The embedded PostgreSQL. */
  readonly data: string
  /** Key files: worth a backup of their own, kept apart from that of the data. */
  readonly keys: string
  /** Lock, instance file and sockets: of no worth when nothing runs. */
  readonly run: string
  readonly logs: string
}

const PRIVATE = 0o700

/**
 * Makes what is missing of a home and returns its directories. A home below a project is kept out of its git. Throws
 * `ops.home-unusable` when a part cannot be made, entered or written to,
 * `db.disk-full` when there is no room for it.
 */
export function prepareHome(path: string): Home {
  try {
    const isNew = !existsSync(path)
    makeDirectory(path)
    const home = homeAt(realpathSync(path))
    accessSync(home.path, constants.R_OK | constants.W_OK | constants.X_OK)
    if (isNew) writeWhole(join(home.path, '.gitignore'), '# Keys and patient data: never in a repository.\n*\n')
    for (const part of [home.data, home.keys, home.run, home.logs]) prepareDirectory(part)
    return home
  } catch (error) {
    throw unusable(error, path)
  }
}

/** The directories of a home, whether they are there or not. */
export function homeAt(path: string): Home {
  const part = (name: string) => join(path, name)
  return { path, data: part('data'), keys: part('keys'), run: part('run'), logs: part('logs') }
}

/** What a home belongs to, for good. */
export interface HomeBinding {
  readonly environment: Environment
  /** The demo's records are made up; they must not stand beside real ones. */
  readonly demo: boolean
}

/** What a home belongs to: an environment, or `demo`; undefined where that is not known or not decided yet. */
export function boundTo(home: Home): string | undefined {
  try {
    return readFileSync(join(home.path, 'environment'), 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}

/** Binds a new home to an environment, or throws `ops.home-crossed` when it belongs to another one. Call under the lock. */
export function bindHome(home: Home, { environment, demo }: HomeBinding): void {
  const file = join(home.path, 'environment')
  const wanted = demo ? 'demo' : environment
  const bound = readIfThere(file)?.trim()
  if (bound === undefined || bound === '') writeWhole(file, `${wanted}\n`)
  else if (bound !== wanted) throw new AegisError('ops.home-crossed', { home: home.path, belongsTo: bound, wanted })
}

/**
 * The id of a home, made when it has none: the same after a restart, and another one on every other machine, where homes
 * may well have the same path. Call under the lock.
 */
export function identifyHome(home: Home, random: Pick<Random, 'uuid'>): string {
  const file = join(home.path, 'id')
  const known = readIfThere(file)?.trim()
  if (known !== undefined && UUID.test(known)) return known
  const id = random.uuid()
  writeWhole(file, `${id}\n`)
  return id
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** One directory at a time: Node's own recursion never ends where a parent is there and nothing can be made, as in /proc. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return
  makeDirectory(dirname(path))
  try {
    mkdirSync(path, { mode: PRIVATE })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

function prepareDirectory(path: string): void {
  makeDirectory(path)
  accessSync(path, constants.W_OK | constants.X_OK)
  const { mode, uid } = statSync(path)
  if ((mode & 0o077) !== 0 && uid === process.getuid?.()) chmodSync(path, PRIVATE)
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw unusable(error, path)
  }
}

function unusable(error: unknown, path: string): AegisError {
  if (isAegisError(error)) return error
  return (
    diskFullError(error, path) ?? new AegisError('ops.home-unusable', { path, reason: codeOf(error) }, { cause: error })
  )
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
