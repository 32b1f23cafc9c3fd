/** Growable columns of numbers: a million records cost a few bytes each instead of an object each. */

export type Kind = 'u8' | 'u16' | 'u32' | 'i32'

type Cells = Uint8Array | Uint16Array | Uint32Array | Int32Array

function allocate(kind: Kind, length: number): Cells {
  if (kind === 'u8') return new Uint8Array(length)
  if (kind === 'u16') return new Uint16Array(length)
  return kind === 'u32' ? new Uint32Array(length) : new Int32Array(length)
}

/** Numbers by position; positions never written read 0. Values wrap at the kind's width like the machine's. */
export class Column {
  #cells: Cells
  readonly #kind: Kind

  constructor(kind: Kind, capacity = 64) {
    this.#kind = kind
    this.#cells = allocate(kind, capacity)
  }

  get(position: number): number {
    return this.#cells[position] ?? 0
  }

  set(position: number, value: number): void {
    if (position >= this.#cells.length) this.#grow(position + 1)
    this.#cells[position] = value
  }

  /** The raw cells, for scans; its length is the capacity, not the count of records. Stale after the next `set`. */
  get cells(): Readonly<ArrayLike<number>> {
    return this.#cells
  }

  #grow(needed: number): void {
    const larger = allocate(this.#kind, Math.max(needed, this.#cells.length * 2))
    larger.set(this.#cells)
    this.#cells = larger
  }
}
