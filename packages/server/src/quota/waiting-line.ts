import { type Priority, priorities } from './priorities.ts'

/** Who can stand in the line. */
export interface Waiting {
  readonly priority: Priority
  readonly practice: number
}

/** Where a practice stands within a priority. */
interface Turn<W> {
  readonly calls: W[]
  /** Its turn comes when no other is lower: grows with every call by one over the practice's weight. */
  tag: number
  /** Of those with equal tags, who came first. */
  order: number
}

interface Lane<W> {
  readonly turns: Map<number, Turn<W>>
  /** Tags that practices left with; who comes back begins there, not ahead of those who waited meanwhile. */
  readonly left: Map<number, number>
  /** The tag that was served last. */
  now: number
  count: number
}

/** Practices that left are remembered until it makes no difference; looked through when there are so many. */
const leftMax = 1_000

/**
 * Those who wait for a permission: the more urgent priority first, and within one priority fair shares between practices,
 * by weight (start-time fair queueing). A practice with thousands of calls does not hold up one with a single call: who
 * comes after a while goes before who was served a moment ago. Calls of one practice and priority keep their order.
 */
export class WaitingLine<W extends Waiting> {
  readonly #weightOf: (practice: number) => number
  readonly #lanes: Record<Priority, Lane<W>> = {
    interactive: newLane(),
    notifications: newLane(),
    feeds: newLane(),
    reconciliation: newLane(),
    bulk: newLane(),
  }
  #arrivals = 0

  /** A practice of weight 2 gets twice the calls of one of weight 1 while both wait. Default: all the same. */
  constructor(weightOf: (practice: number) => number = () => 1) {
    this.#weightOf = weightOf
  }

  get size(): number {
    return priorities.reduce((sum, priority) => sum + this.#lanes[priority].count, 0)
  }

  count(priority: Priority): number {
    return this.#lanes[priority].count
  }

  add(waiter: W): void {
    const lane = this.#lanes[waiter.priority]
    lane.count++
    const turn = lane.turns.get(waiter.practice)
    if (turn) {
      turn.calls.push(waiter)
      return
    }
    const tag = Math.max(lane.now, lane.left.get(waiter.practice) ?? 0)
    lane.turns.set(waiter.practice, { calls: [waiter], tag, order: this.#arrivals++ })
  }

  /** Puts back a waiter that was taken, ahead of everybody of its priority. */
  addFirst(waiter: W): void {
    const lane = this.#lanes[waiter.priority]
    lane.count++
    const lowest = Math.min(lane.now, ...[...lane.turns.values()].map(({ tag }) => tag))
    const calls = [waiter, ...(lane.turns.get(waiter.practice)?.calls ?? [])]
    lane.turns.set(waiter.practice, { calls, tag: lowest, order: -this.#arrivals++ })
  }

  /** Removes a waiter; false when it is not in the line. */
  remove(waiter: W): boolean {
    const lane = this.#lanes[waiter.priority]
    const turn = lane.turns.get(waiter.practice)
    const at = turn?.calls.indexOf(waiter) ?? -1
    if (!turn || at < 0) return false
    turn.calls.splice(at, 1)
    if (turn.calls.length === 0) leave(lane, waiter.practice, turn.tag)
    lane.count--
    return true
  }

  /** Takes out whose turn it is, or whose turn it is within `practice`. */
  take(practice?: number): W | undefined {
    for (const priority of priorities) {
      const lane = this.#lanes[priority]
      const next = practice ?? nextOf(lane)
      const turn = next === undefined ? undefined : lane.turns.get(next)
      const waiter = turn?.calls.shift()
      if (next === undefined || !turn || !waiter) continue
      lane.count--
      lane.now = Math.max(lane.now, turn.tag)
      turn.tag += 1 / this.#weightOf(next)
      turn.order = this.#arrivals++
      if (turn.calls.length === 0) leave(lane, next, turn.tag)
      return waiter
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

  /** The practices that wait, in the order of their turns, most urgent priority first. */
  practices(): { practice: number; priority: Priority }[] {
    const seen = new Map<number, Priority>()
    for (const priority of priorities) {
      const turns = [...this.#lanes[priority].turns].toSorted(([, a], [, b]) => a.tag - b.tag || a.order - b.order)
      for (const [practice] of turns) if (!seen.has(practice)) seen.set(practice, priority)
    }
    return [...seen].map(([practice, priority]) => ({ practice, priority }))
  }

  /** Takes out everybody of a priority, in order. */
  takeAll(priority: Priority): W[] {
    const lane = this.#lanes[priority]
    const all = [...lane.turns.values()].flatMap(({ calls }) => calls)
    lane.turns.clear()
    lane.count = 0
    return all
  }
}

function newLane<W>(): Lane<W> {
  return { turns: new Map(), left: new Map(), now: 0, count: 0 }
}

function nextOf<W>({ turns }: Lane<W>): number | undefined {
  let found: number | undefined
  let first: Turn<W> | undefined
  for (const [practice, turn] of turns) {
    if (first && (turn.tag > first.tag || (turn.tag === first.tag && turn.order > first.order))) continue
    found = practice
    first = turn
  }
  return found
}

function leave<W>(lane: Lane<W>, practice: number, tag: number): void {
  lane.turns.delete(practice)
  lane.left.set(practice, tag)
  if (lane.left.size <= leftMax) return
  for (const [other, leftWith] of lane.left) if (leftWith <= lane.now) lane.left.delete(other)
}
