/** A set of ids in ascending order in one typed array: cheap to keep, quick to page through. */
export class SortedIds {
  #ids: Uint32Array
  #length = 0

  constructor(capacity = 16) {
    this.#ids = new Uint32Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  at(position: number): number | undefined {
    return position < this.#length ? this.#ids[position] : undefined
  }

  has(id: number): boolean {
    const position = this.#positionOf(id)
    return position < this.#length && this.#ids[position] === id
  }

  /** The ids from one position up to but not including another, as an array of its own. */
  slice(from: number, to: number): number[] {
    return Array.from(this.#ids.subarray(from, Math.min(to, this.#length)))
  }

  /** The ids a test holds for, in ascending order; several times quicker than a loop over the set. */
  filter(holds: (id: number) => boolean): number[] {
    const ids = this.#ids
    const found: number[] = []
    for (let position = 0; position < this.#length; position += 1) {
      const id = ids[position] ?? 0
      if (holds(id)) found.push(id)
    }
    return found
  }

  *[Symbol.iterator](): IterableIterator<number> {
    for (let position = 0; position < this.#length; position += 1) yield this.#ids[position] ?? 0
  }

  /** Adds an id; a larger one than all before costs least. Adding one twice changes nothing. */
  add(id: number): void {
    const position = this.#positionOf(id)
    if (position < this.#length && this.#ids[position] === id) return
    if (this.#length === this.#ids.length) {
      const larger = new Uint32Array(Math.max(16, this.#length * 2))
      larger.set(this.#ids)
      this.#ids = larger
    }
    this.#ids.copyWithin(position + 1, position, this.#length)
    this.#ids[position] = id
    this.#length += 1
  }

  delete(id: number): void {
    const position = this.#positionOf(id)
    if (position >= this.#length || this.#ids[position] !== id) return
    this.#ids.copyWithin(position, position + 1, this.#length)
    this.#length -= 1
  }

  /** Position of the first id not below `id`. */
  #positionOf(id: number): number {
    const last = this.#ids[this.#length - 1]
    if (this.#length === 0 || (last !== undefined && last < id)) return this.#length
    let low = 0
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ids[middle] ?? 0) < id) low = middle + 1
      else high = middle
    }
    return low
  }
}
