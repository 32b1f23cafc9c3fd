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

export const systemRandom: Random = {
  fraction: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: (count) => randomBytes(count),
  uuid: () => randomUUID(),
}
