import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { AegisError } from '../../errors/aegis-error.ts'
import type { Home } from '../../ops/home.ts'
import { writeWhole } from '../../ops/write-whole.ts'

const MINUTE_MS = 60_000

/** Epoch ms of the requests of the last minute. */
const noted = z.array(z.number())

/**
 * Notes in the home that a token is asked for, while there is no database to count in. One request of each minute is left to
 * the start that may follow, where there is more than one: `key-server.token-unavailable` where it would be that one. A home
 * that is not there is not made for it, since it would belong to whoever looks; nor need the one that is there be ours.
 */
export function noteTokenRequest({ run }: Home, { now, perMinute }: { now: number; perMinute: number }): void {
  const file = join(run, 'doctor-asked.json')
  const lately = readNoted(file).filter((at) => at <= now && now - at < MINUTE_MS)
  if (lately.length >= Math.max(1, perMinute - 1)) {
    throw new AegisError('key-server.token-unavailable', { reason: 'requests-per-minute' })
  }
  try {
    writeWhole(file, `${JSON.stringify([...lately, now])}\n`)
  } catch {
    // Why the home cannot be used is told of its files and its disk.
  }
}

function readNoted(file: string): readonly number[] {
  try {
    return noted.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return []
  }
}
