/** While PostgreSQL writes one part of the work, the next one is made ready. */
export class WriteBehind {
  #last: Promise<void> = Promise.resolve()

  /** Resolves when the part before this one is written; fails as that one did. Without a part: when all is written. */
  async next(part: Promise<void> = Promise.resolve()): Promise<void> {
    const last = this.#last
    this.#last = part
    part.catch(() => undefined) // told by the next call; where there is none, the transaction has failed by itself
    await last
  }
}
