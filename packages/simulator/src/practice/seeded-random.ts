/** Reproducible randomness: a 32-bit stream per seed, good for making things up, never for secrets. */

/** One well-mixed 32-bit number of two: the start of an independent stream for record `index` of `seed`. */
export function mixSeed(seed: number, index: number): number {
  let mixed = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(index + 0x7f4a_7c15, 0xc2b2_ae35)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97)
  return (mixed ^ (mixed >>> 15)) >>> 0
}

export class SeededRandom {
  #state: number

  /** The stream of `seed`, or the independent stream of its record `index`. */
  constructor(seed: number, index = 0) {
    this.#state = mixSeed(seed, index)
  }

  /** Uniform in [0, 1). */
  fraction(): number {
    this.#state = (this.#state + 0x9e37_79b9) | 0
    let mixed = this.#state ^ (this.#state >>> 16)
    mixed = Math.imul(mixed, 0x21f0_aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4_294_967_296
  }

  /** A whole number from 0 up to but not including `limit`; 0 when there is nothing to choose from. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit)
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  /** One element; the list must not be empty. */
  pick<T>(list: readonly T[]): T {
    const chosen = list[this.below(list.length)]
    if (chosen === undefined) throw new RangeError('nothing to pick from')
    return chosen
  }

  /** One of several, each as often as its weight says; the list must not be empty. */
  pickWeighted<T>(list: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.fraction() * list.reduce((sum, [weight]) => sum + weight, 0)
    // Rounding may leave nothing chosen at the very end.
    const chosen = list.find(([weight]) => (left -= weight) < 0) ?? list.at(-1)
    if (chosen === undefined) throw new RangeError('nothing to pick from')
    return chosen[1]
  }
}
