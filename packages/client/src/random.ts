/** In [0, 1): for jitter only, where anything unpredictable enough will do. */
export function systemRandom(): number {
  return Math.random()
}

/** A random UUID: ids of calls must differ between all clients there are. */
export function randomId(): string {
  return globalThis.crypto.randomUUID()
}
