import { FairLane, type LaneCall, type Weights } from './fair-lane.ts'
import { type Priority, priorities } from './priorities.ts'

/** Who can stand in the line. */
export interface Waiting extends LaneCall {
  readonly priority: Priority
}

const alike: Weights = { practice: () => 1, caller: () => 1 }

/**
 * Those who wait for a permission: the more urgent priority first, and within one priority fair shares between practices
 * and between callers, by weight; see `FairLane`.
 */
export class WaitingLine<W extends Waiting> {
  readonly #lanes: Record<Priority, FairLane<W>>

  constructor(weights: Weights = alike) {
    const lane = () => new FairLane<W>(weights)
    const [interactive, notifications, feeds] = [lane(), lane(), lane()]
    this.#lanes = { interactive, notifications, feeds, reconciliation: lane(), bulk: lane() }
  }

  get size(): number {
    return priorities.reduce((sum, priority) => sum + this.#lanes[priority].count, 0)
  }

  count(priority: Priority): number {
    return this.#lanes[priority].count
  }

  add(waiter: W): void {
    this.#lanes[waiter.priority].add(waiter)
  }

  /** Puts back a waiter that was taken, ahead of everybody of its priority. */
  addFirst(waiter: W): void {
    this.#lanes[waiter.priority].addFirst(waiter)
  }

  /** Removes a waiter; false when it is not in the line. */
  remove(waiter: W): boolean {
    return this.#lanes[waiter.priority].remove(waiter)
  }

  /** Takes out whose turn it is, or whose turn it is within `practice`. */
  take(practice?: number): W | undefined {
    for (const priority of priorities) {
      const waiter = this.#lanes[priority].take(practice)
      if (waiter) return waiter
    }
    return undefined
  }

  /** The first priority whose waiters are not all served once `served` of the line are, with how many of it are not. */
  unserved(served: number): { priority: Priority; count: number } | undefined {
    let before = 0
    for (const priority of priorities) {
      const { count } = this.#lanes[priority]
      before += count
      if (before > served) return { priority, count: Math.min(count, before - served) }
    }
    return undefined
  }

  /** How many go before one of this priority that comes now, at most. */
  ahead(priority: Priority): number {
    const upTo = priorities.slice(0, priorities.indexOf(priority) + 1)
    return upTo.reduce((sum, each) => sum + this.#lanes[each].count, 0)
  }

  /** The practices that wait, in the order of their turns, most urgent priority first. */
  practices(): { practice: number; priority: Priority }[] {
    const seen = new Map<number, Priority>()
    for (const priority of priorities) {
      for (const practice of this.#lanes[priority].practices()) {
        if (!seen.has(practice)) seen.set(practice, priority)
      }
    }
    return [...seen].map(([practice, priority]) => ({ practice, priority }))
  }

  /**
   * Makes room in a full line: takes out the newest call of the least urgent priority, if that is less urgent than
   * `comer`, or of the same priority and one of a practice and caller with more calls than the comer's will have.
   */
  giveWay(comer: Waiting): W | undefined {
    const last = priorities.findLast((priority) => this.#lanes[priority].most() > 0)
    if (last === undefined) return undefined
    const lane = this.#lanes[last]
    const below = priorities.indexOf(last) - priorities.indexOf(comer.priority)
    if (below > 0 || (below === 0 && lane.most() > lane.alongside(comer) + 1)) return lane.takeNewest()
    return undefined
  }

  /** Takes out everybody of a priority. */
  takeAll(priority: Priority): W[] {
    return this.#lanes[priority].takeAll()
  }
}
