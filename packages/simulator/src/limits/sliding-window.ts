const windowMs = 1000

/**
 * Admits at most `limit` arrivals in any window of one second, wherever the window starts: an arrival counts until a
 * full second has passed. Refused arrivals do not count, so a caller who waits is served again. Constant time.
 */
export class SlidingWindow {
  readonly #admittedAt: Float64Array
  #next = 0

  /** `limit` is a whole number of at least 1, or Infinity to admit everything. */
  constructor(limit: number) {
    this.#admittedAt = new Float64Array(Number.isFinite(limit) ? Math.floor(limit) : 0).fill(-Infinity)
  }

  /** Whether an arrival at `at` (ms) would be admitted. */
  hasRoom(at: number): boolean {
    const oldest = this.#admittedAt[this.#next]
    return oldest === undefined || at - oldest >= windowMs
  }

  /** Counts an arrival that was admitted; `at` is not before earlier ones. */
  count(at: number): void {
    if (this.#admittedAt.length === 0) return
    this.#admittedAt[this.#next] = at
    this.#next = (this.#next + 1) % this.#admittedAt.length
  }
}
