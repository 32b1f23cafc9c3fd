/** Timers in the order they are due; those due at the same instant fire in the order they were made. */
export interface Timer {
  readonly dueAt: number
  readonly sequence: number
  readonly fire: () => void
  cancelled: boolean
}

function isBefore(left: Timer, right: Timer): boolean {
  return left.dueAt < right.dueAt || (left.dueAt === right.dueAt && left.sequence < right.sequence)
}

/** A binary heap: adding and taking are logarithmic in the number of timers. */
export class TimerHeap {
  readonly #timers: Timer[] = []

  /** The next timer, or undefined; cancelled ones are dropped on the way. */
  peek(): Timer | undefined {
    while (this.#timers[0]?.cancelled) this.take()
    return this.#timers[0]
  }

  add(timer: Timer): void {
    this.#timers.push(timer)
    let index = this.#timers.length - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#swapUnlessOrdered(parent, index)) return
      index = parent
    }
  }

  take(): Timer | undefined {
    const first = this.#timers[0]
    const last = this.#timers.pop()
    if (first === undefined || last === undefined || first === last) return first
    this.#timers[0] = last
    let index = 0
    for (;;) {
      const child = this.#firstChild(index)
      if (child === undefined || !this.#swapUnlessOrdered(index, child)) return first
      index = child
    }
  }

  clear(): void {
    this.#timers.length = 0
  }

  #firstChild(index: number): number | undefined {
    const left = this.#timers[2 * index + 1]
    const right = this.#timers[2 * index + 2]
    if (left === undefined) return undefined
    return right !== undefined && isBefore(right, left) ? 2 * index + 2 : 2 * index + 1
  }

  #swapUnlessOrdered(parent: number, child: number): boolean {
    const upper = this.#timers[parent]
    const lower = this.#timers[child]
    if (upper === undefined || lower === undefined || !isBefore(lower, upper)) return false
    this.#timers[parent] = lower
    this.#timers[child] = upper
    return true
  }
}
