/** What somebody has had so far. */
interface Share {
  /** Grows with every call by one over the weight. */
  tag: number
  /** Calls that wait. */
  waiting: number
  /** Of those with equal tags, who came or was served first. */
  order: number
}

/** Shares of those who left are remembered until they make no difference; looked through once there are so many. */
const rememberedMin = 1_000

/** Who was served out of turn is ahead by so many calls at most: it does not wait for ever once that is over. */
const aheadMax = 8

/**
 * Turns between those who wait (start-time fair queueing): next is who has had the least. Who comes after a while goes
 * before who was served a moment ago, and nobody gets more by leaving and coming back.
 */
export class FairTurns<Key> {
  readonly #weightOf: (key: Key) => number
  readonly #shares = new Map<Key, Share>()
  /** The tag of the last turn: who was not here begins there, not ahead of those who waited meanwhile. */
  #now = 0
  #orders = 0
  #waiting = 0
  #forgetAt = rememberedMin

  constructor(weightOf: (key: Key) => number) {
    this.#weightOf = weightOf
  }

  /** Calls that wait, of all. */
  get waiting(): number {
    return this.#waiting
  }

  /** Those who wait or are remembered. */
  get size(): number {
    return this.#shares.size
  }

  /** A call more waits. */
  enter(key: Key): void {
    const share = this.#shares.get(key) ?? { tag: 0, waiting: 0, order: 0 }
    if (share.waiting === 0) {
      share.tag = Math.max(share.tag, this.#now)
      share.order = this.#orders++
      this.#shares.set(key, share)
    }
    share.waiting++
    this.#waiting++
  }

  /** A call less waits: it was served, or given up. */
  leave(key: Key): void {
    const share = this.#shares.get(key)
    if (!share) return
    share.waiting--
    this.#waiting--
    if (share.waiting === 0 && this.#shares.size > this.#forgetAt) this.#forget()
  }

  /** Whether it makes a difference what this one has had. */
  remembers(key: Key): boolean {
    return this.#shares.has(key)
  }

  /** Whose turn it is. */
  next(): Key | undefined {
    let next: Key | undefined
    let first: Share | undefined
    for (const [key, share] of this.#shares) {
      if (share.waiting === 0 || (first && compare(first, share) < 0)) continue
      next = key
      first = share
    }
    return next
  }

  /** Counts a call; `inTurn` when it was this one's turn here, and not for another reason. */
  count(key: Key, inTurn: boolean): void {
    const share = this.#shares.get(key)
    if (!share) return
    const cost = 1 / this.#weightOf(key)
    if (inTurn) this.#now = Math.max(this.#now, share.tag)
    share.tag = Math.max(share.tag, Math.min(share.tag + cost, this.#now + aheadMax * cost))
    share.order = this.#orders++
  }

  #forget(): void {
    for (const [key, { tag, waiting }] of this.#shares) {
      if (waiting === 0 && tag <= this.#now) this.#shares.delete(key)
    }
    this.#forgetAt = Math.max(rememberedMin, 2 * this.#shares.size)
  }

  /** Those who wait, in the order of their turns. */
  inOrder(): Key[] {
    const waiting = [...this.#shares].filter(([, share]) => share.waiting > 0)
    return waiting.toSorted(([, a], [, b]) => compare(a, b)).map(([key]) => key)
  }
}

function compare(one: Share, other: Share): number {
  return one.tag - other.tag || one.order - other.order
}
