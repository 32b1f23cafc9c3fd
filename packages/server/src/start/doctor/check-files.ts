import { accessSync, constants, lstatSync, readdirSync, type Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Home } from '../../ops/home.ts'
import { type Finding, reporter } from './finding.ts'
import { isMissing, presenceOf } from './presence.ts'

const report = reporter('files')

/** Bits by which others read or write; to enter a directory alone shows nothing (PostgreSQL's own account may have to). */
const OTHERS_READ_WRITE = 0o066
const OTHERS = 0o077

interface Wanted {
  readonly check: string
  readonly path: string
  readonly kind: 'directory' | 'file'
  /** Bits that must not be set. */
  readonly forbidden: number
}

/** Whether only the user that runs Aegis can get at what is in the home: keys, sockets, passwords, logs, data. Makes nothing. */
export function checkFiles(home: Home, keys: string, us = process.getuid?.()): readonly Finding[] {
  const presence = presenceOf(home.path)
  const missing = presence === 'missing' ? [missingHome(home.path)] : []
  const parts = { there: partsOf(home), hidden: [directory('home', home.path)], missing: [] }
  const wanted = [...parts[presence], directory('keys', keys)]
  const found = [...wanted, ...keyFiles(keys)].flatMap((each) => judged(each, us))
  const bad = [...missing, ...found.filter((finding) => finding !== undefined)]
  if (found.length === 0 || bad.length > missing.length) return bad
  return [...missing, report.ok('permissions', `${found.length} files and directories are private`)]
}

/** Where the first start makes the home, if it can. */
function missingHome(path: string): Finding {
  const above = nearest(path)
  try {
    if (!lstatSync(above).isDirectory()) throw new Error('no directory')
    accessSync(above, constants.W_OK | constants.X_OK)
    return report.skipped('home', `${path} is not there yet; the first start makes it.`)
  } catch {
    const remedy = `Run as root, with the user that runs Aegis: install -d -m 700 -o USER ${path}; or name another place with --home or AEGIS_HOME.`
    const message = `${path} is not there and cannot be made: ${above} is no directory that this user may write to.`
    return report.failure('home', message, remedy)
  }
}

/** The path, or the nearest one above it that is there, where it is missing. */
export function nearest(path: string): string {
  return presenceOf(path) !== 'missing' || dirname(path) === path ? path : nearest(dirname(path))
}

function directory(check: string, path: string, forbidden = OTHERS): Wanted {
  return { check, path, kind: 'directory', forbidden }
}

function partsOf({ path, data, run, logs }: Home): Wanted[] {
  const file = (check: string, at: string): Wanted => ({ check, path: at, kind: 'file', forbidden: OTHERS })
  return [
    directory('home', path, OTHERS_READ_WRITE),
    directory('data', data, OTHERS_READ_WRITE),
    directory('run', run),
    directory('logs', logs),
    directory('socket', join(run, 'pg')),
    file('instance', join(run, 'instance.json')),
    file('passwords', join(data, 'postgres.passwords')),
  ]
}

/** Every file beside the keys: a copy that was left there opens as much as the original. */
function keyFiles(keys: string): Wanted[] {
  try {
    return readdirSync(keys).map((name) => ({
      check: 'key-file',
      path: join(keys, name),
      kind: 'file',
      forbidden: OTHERS,
    }))
  } catch {
    return []
  }
}

/** Undefined where all is well; nothing at all where there is no such file. */
function judged(wanted: Wanted, us: number | undefined): (Finding | undefined)[] {
  try {
    return [judgedBy(wanted, lstatSync(wanted.path), us)]
  } catch (error) {
    if (isMissing(error)) return []
    const remedy = 'Run the doctor as the user that runs Aegis; that user must own the home.'
    return [report.failure(wanted.check, `${wanted.path} cannot be looked at.`, remedy)]
  }
}

function judgedBy({ check, path, kind, forbidden }: Wanted, stat: Stats, us = stat.uid): Finding | undefined {
  if (kind === 'directory' ? !stat.isDirectory() : !stat.isFile()) {
    const remedy = `Put a plain ${kind} in its place; links are not followed here.`
    return report.failure(check, `${path} is not a plain ${kind}.`, remedy)
  }
  // Root may run PostgreSQL as an account of its own, and may read what others own.
  if (stat.uid !== us && us !== 0 && stat.uid !== 0) {
    const remedy = `Run Aegis, and the doctor, as the user that owns it, or chown it: chown ${us} ${path}`
    return report.failure(check, `${path} belongs to another user (${stat.uid}).`, remedy)
  }
  const open = stat.mode & forbidden
  if (open === 0) return undefined
  const mode = kind === 'directory' ? '700' : '600'
  return report.failure(
    check,
    `Other users of this machine can ${whatOthersCan(open)} ${path}.`,
    `Run: chmod ${mode} ${path}`,
  )
}

function whatOthersCan(open: number): string {
  if (open & 0o022) return 'change'
  return open & 0o044 ? 'read' : 'enter'
}
