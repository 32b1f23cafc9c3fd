import { randomBytes, randomUUID } from 'node:crypto'

/** Randomness as an input. The system's is cryptographically strong; a seeded one is for tests and the rig only. */
export interface Random {
  /** Uniform in [0, 1): jitter and sampling, never secrets. */
  fraction(): number
  /** `count` random bytes, fit for keys and nonces. */
  bytes(count: number): Buffer
  /** A random UUID (version 4). */
  uuid(): string
}

const fractionBytes = 6
let pool = Buffer.alloc(0)
let used = 0

/** One call of the system's generator for many fractions: by itself it costs more than what most are for. */
function fraction(): number {
  if (used === pool.length) [pool, used] = [randomBytes(fractionBytes * 256), 0]
  used += fractionBytes
  return pool.readUIntBE(used - fractionBytes, fractionBytes) / 2 ** 48
}

export const systemRandom: Random = {
  fraction,
  bytes: (count) => randomBytes(count),
  uuid: () => randomUUID(),
}
