import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { systemCode } from '../../config/system-code.ts'
import { AegisError, isAegisError } from '../../errors/aegis-error.ts'
import type { Home } from '../../ops/home.ts'
import { writeWhole } from '../../ops/write-whole.ts'
import { isMissing } from './presence.ts'

const MINUTE_MS = 60_000

/** Epoch ms of the requests of the last minute. */
const noted = z.array(z.number())

/** `temporary`: the directory for what belongs to no home. */
interface TokenTurn {
  readonly now: number
  readonly perMinute: number
  readonly temporary: string
}

/**
 * Notes in the home that a token is asked for, while there is no database to count in. One request of each minute is left to
 * the start that may follow, where there is more than one: `key-server.token-unavailable` where it would be that one. A home
 * that is not there is not made for it, since it would belong to whoever looks: the note is kept in `temporary` then, by user
 * and home. What cannot be noted is not to be asked for: `ops.home-unusable`, `db.disk-full`.
 */
export function noteTokenRequest(home: Home, { now, perMinute, temporary }: TokenTurn): void {
  if (noteIn(join(home.run, 'doctor-asked.json'), { now, perMinute })) return
  const path = join(temporary, `aegis-doctor-${process.getuid?.() ?? 'user'}`)
  makePrivate(path)
  const ofHome = createHash('sha256').update(home.path).digest('hex').slice(0, 16)
  if (!noteIn(join(path, `asked-${ofHome}.json`), { now, perMinute })) throw unusable(path, 'it is gone')
}

/** Whether there is a directory to note it in. */
function noteIn(file: string, { now, perMinute }: Omit<TokenTurn, 'temporary'>): boolean {
  const lately = readNoted(file).filter((at) => at <= now && now - at < MINUTE_MS)
  if (lately.length >= Math.max(1, perMinute - 1)) {
    throw new AegisError('key-server.token-unavailable', { reason: 'requests-per-minute' })
  }
  try {
    writeWhole(file, `${JSON.stringify([...lately, now])}\n`)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw isAegisError(error) ? error : unusable(file, systemCode(error))
  }
}

/** Anybody may make something of that name where all may write: what is not this user's alone is not written to. */
function makePrivate(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw unusable(path, systemCode(error))
  }
  const stat = lstatSync(path)
  const us = process.getuid?.() ?? stat.uid
  if (!stat.isDirectory() || (stat.mode & 0o077) !== 0 || stat.uid !== us)
    throw unusable(path, "it is not this user's alone")
}

function unusable(path: string, reason: string): AegisError {
  return new AegisError('ops.home-unusable', { path, reason })
}

function readNoted(file: string): readonly number[] {
  try {
    return noted.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return []
  }
}
