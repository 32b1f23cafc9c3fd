import { type Priority, priorities } from './priorities.ts'

/** Who can stand in the line. */
export interface Waiting {
  readonly priority: Priority
  readonly practice: number
}

/**
 * Those who wait for a permission: the more urgent priority first, and within one priority the practices in turn, one
 * call each, so that a practice with thousands of calls does not hold up one with a single call. Calls of one practice
 * and priority keep their order.
 */
export class WaitingLine<W extends Waiting> {
  /** Per priority: practices in the order of their turns, each with its calls. A Map keeps the order of insertion. */
  readonly #turns: Record<Priority, Map<number, W[]>> = {
    interactive: new Map(),
    notifications: new Map(),
    feeds: new Map(),
    reconciliation: new Map(),
    bulk: new Map(),
  }
  readonly #counts: Record<Priority, number> = {
    interactive: 0,
    notifications: 0,
    feeds: 0,
    reconciliation: 0,
    bulk: 0,
  }

  get size(): number {
    return priorities.reduce((sum, priority) => sum + this.#counts[priority], 0)
  }

  count(priority: Priority): number {
    return this.#counts[priority]
  }

  add(waiter: W): void {
    const turns = this.#turns[waiter.priority]
    const calls = turns.get(waiter.practice)
    if (calls) calls.push(waiter)
    else turns.set(waiter.practice, [waiter])
    this.#counts[waiter.priority]++
  }

  /** Puts back a waiter that was taken, ahead of everybody of its priority. */
  addFirst(waiter: W): void {
    const turns = this.#turns[waiter.priority]
    const others = [...turns].filter(([practice]) => practice !== waiter.practice)
    const calls = [waiter, ...(turns.get(waiter.practice) ?? [])]
    turns.clear()
    turns.set(waiter.practice, calls)
    for (const [practice, waiting] of others) turns.set(practice, waiting)
    this.#counts[waiter.priority]++
  }

  /** Removes a waiter; false when it is not in the line. */
  remove(waiter: W): boolean {
    const turns = this.#turns[waiter.priority]
    const calls = turns.get(waiter.practice)
    const at = calls?.indexOf(waiter) ?? -1
    if (!calls || at < 0) return false
    calls.splice(at, 1)
    if (calls.length === 0) turns.delete(waiter.practice)
    this.#counts[waiter.priority]--
    return true
  }

  /** Takes out whose turn it is, or whose turn it is within `practice`. */
  take(practice?: number): W | undefined {
    for (const priority of priorities) {
      const turns = this.#turns[priority]
      const next = practice ?? turns.keys().next().value
      const calls = next === undefined ? undefined : turns.get(next)
      const waiter = calls?.shift()
      if (next === undefined || !calls || !waiter) continue
      turns.delete(next)
      if (calls.length > 0) turns.set(next, calls)
      this.#counts[priority]--
      return waiter
    }
    return undefined
  }

  /** The first priority whose waiters are not all served once `served` of the line are, with how many of it are not. */
  unserved(served: number): { priority: Priority; count: number } | undefined {
    let before = 0
    for (const priority of priorities) {
      before += this.#counts[priority]
      if (before > served) return { priority, count: Math.min(this.#counts[priority], before - served) }
    }
    return undefined
  }

  /** The practices that wait, in the order of their turns, most urgent priority first. */
  practices(): { practice: number; priority: Priority }[] {
    const seen = new Map<number, Priority>()
    for (const priority of priorities) {
      for (const practice of this.#turns[priority].keys()) if (!seen.has(practice)) seen.set(practice, priority)
    }
    return [...seen].map(([practice, priority]) => ({ practice, priority }))
  }

  /** Takes out everybody of a priority, in order. */
  takeAll(priority: Priority): W[] {
    const all = [...this.#turns[priority].values()].flat()
    this.#turns[priority].clear()
    this.#counts[priority] = 0
    return all
  }
}
