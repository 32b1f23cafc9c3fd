import { seededRandom } from './seeded-random.ts'

/** Choices that follow from a seed: the same seed makes the same ones. */
export interface Draw {
  /** Uniform in [0, 1). */
  fraction(): number
  /** True with the given probability. */
  chance(probability: number): boolean
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number
  /** One of several; the list must not be empty. */
  pick<T>(list: readonly [T, ...T[]]): T
}

export function drawFrom(seed: number): Draw {
  const fraction = seededRandom(seed)
  const between = (low: number, high: number): number => low + Math.floor(fraction() * (high - low + 1))
  return {
    fraction,
    between,
    chance: (probability) => fraction() < probability,
    pick: (list) => list[between(0, list.length - 1)] ?? list[0],
  }
}
