/** By so much a process that has just booked lets the others go first, as often as there are others: one is always the quickest. */
const COURTESY_MS = 10

/** How a process that has booked keeps back, so that one whose timers are a little later than its own gets calls as well. */
export class Courtesy {
  /** How often it still lets others go first. */
  #left = 0
  /** By the steady clock: so long they take at most, if they want to. */
  #until = Number.NEGATIVE_INFINITY

  /** Begins after a booking of `now`: each of `others` may book, which takes `turnMs`. */
  begin(now: number, { others, turnMs }: { readonly others: number; readonly turnMs: number }): void {
    this.#left = others
    this.#until = now + others * turnMs
  }

  /** By how much to keep back this time. */
  takeMs(now: number): number {
    if (this.#left <= 0 || now >= this.#until) return 0
    this.#left -= 1
    return COURTESY_MS
  }
}
