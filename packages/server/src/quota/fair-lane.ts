import { FairTurns } from './fair-turns.ts'

/** Who can stand in a lane. */
export interface LaneCall {
  readonly practice: number
  /** The program that asked; absent: Aegis itself. */
  readonly caller?: string | undefined
}

/** Twice the weight is twice the calls while others wait; 1 where nothing is said. */
export interface Weights {
  readonly practice: (practice: number) => number
  readonly caller: (caller: string) => number
}

/** The calls of one practice by one caller, in the order they came. */
interface Flow<W> {
  readonly practice: number
  readonly caller: string
  readonly calls: W[]
}

/** Turns of one kind and, within each, of the other kind. */
interface Round<Outer, Inner> {
  readonly turns: FairTurns<Outer>
  readonly within: Map<Outer, FairTurns<Inner>>
}

/**
 * Those who wait with the same priority. Every other turn goes round the practices, and within a practice round its
 * callers; those between go round the callers, and within a caller round its practices. So neither a practice that many
 * programs call for nor a program that calls for many practices gets more than half of what others want as well, and who
 * has a single call waits for a call or two of theirs. Calls of one practice and caller keep their order.
 */
export class FairLane<W extends LaneCall> {
  readonly #weights: Weights
  readonly #flows = new Map<string, Flow<W>>()
  readonly #practices: Round<number, string>
  readonly #callers: Round<string, number>
  /** Those who had their turn and could not use it. */
  readonly #first: W[] = []
  #isCallersTurn = false

  constructor(weights: Weights) {
    this.#weights = weights
    this.#practices = { turns: new FairTurns(weights.practice), within: new Map() }
    this.#callers = { turns: new FairTurns(weights.caller), within: new Map() }
  }

  get count(): number {
    return this.#first.length + this.#practices.turns.waiting
  }

  add(call: W): void {
    const { practice } = call
    const caller = callerOf(call)
    const flow = this.#flows.get(keyOf(call))
    if (flow) flow.calls.push(call)
    else this.#flows.set(keyOf(call), { practice, caller, calls: [call] })
    enter(this.#practices, { outer: practice, inner: caller, weightOf: this.#weights.caller })
    enter(this.#callers, { outer: caller, inner: practice, weightOf: this.#weights.practice })
  }

  /** Puts back one that was taken, ahead of everybody. */
  addFirst(call: W): void {
    this.#first.unshift(call)
  }

  /** Removes a call; false when it is not here. */
  remove(call: W): boolean {
    const first = this.#first.indexOf(call)
    if (first >= 0) return this.#first.splice(first, 1).length > 0
    const flow = this.#flows.get(keyOf(call))
    const at = flow?.calls.indexOf(call) ?? -1
    if (!flow || at < 0) return false
    flow.calls.splice(at, 1)
    this.#left(flow)
    return true
  }

  /** Takes out whose turn it is, or whose turn it is within `practice`. */
  take(practice?: number): W | undefined {
    const first = this.#first.findIndex((call) => practice === undefined || call.practice === practice)
    if (first >= 0) return this.#first.splice(first, 1)[0]
    const isCallersTurn = this.#isCallersTurn
    const flow = isCallersTurn ? this.#nextOfCallers(practice) : this.#nextOfPractices(practice)
    const call = flow?.calls.shift()
    if (!flow || !call) return undefined
    count(this.#practices, { outer: flow.practice, inner: flow.caller, inTurn: !isCallersTurn })
    count(this.#callers, { outer: flow.caller, inner: flow.practice, inTurn: isCallersTurn })
    this.#isCallersTurn = !isCallersTurn
    this.#left(flow)
    return call
  }

  /** The practices that wait, in the order of their turns: those of the practices and those of the callers, one by one. */
  practices(): number[] {
    const rounds = [this.#practices.turns.inOrder(), this.#practicesOfCallers()]
    if (this.#isCallersTurn) rounds.reverse()
    return [...new Set([...this.#first.map(({ practice }) => practice), ...oneByOne(rounds)])]
  }

  #practicesOfCallers(): number[] {
    const callers = this.#callers.turns.inOrder()
    // With one caller it is the round of the practices.
    if (callers.length < 2) return []
    return oneByOne(callers.map((caller) => this.#callers.within.get(caller)?.inOrder() ?? []))
  }

  /** How many calls wait of this one's practice and caller. */
  alongside(call: LaneCall): number {
    return this.#flows.get(keyOf(call))?.calls.length ?? 0
  }

  /** How many wait of the practice and caller that have the most. */
  most(): number {
    return this.#longest()?.calls.length ?? 0
  }

  /** Takes out the newest call of the practice and caller that have the most. */
  takeNewest(): W | undefined {
    const flow = this.#longest()
    const call = flow?.calls.pop()
    if (flow) this.#left(flow)
    return call
  }

  /** Takes out everybody. */
  takeAll(): W[] {
    const all = this.#first.splice(0)
    for (const flow of this.#flows.values()) {
      for (let call = flow.calls.shift(); call; call = flow.calls.shift()) {
        all.push(call)
        this.#left(flow)
      }
    }
    return all
  }

  #nextOfPractices(wanted: number | undefined): Flow<W> | undefined {
    const practice = wanted ?? this.#practices.turns.next()
    const caller = practice === undefined ? undefined : this.#practices.within.get(practice)?.next()
    return practice === undefined || caller === undefined ? undefined : this.#flows.get(keyOf({ practice, caller }))
  }

  #nextOfCallers(wanted: number | undefined): Flow<W> | undefined {
    if (wanted !== undefined) {
      const flows = this.#callers.turns
        .inOrder()
        .map((each) => this.#flows.get(keyOf({ practice: wanted, caller: each })))
      return flows.find((flow) => flow !== undefined)
    }
    const caller = this.#callers.turns.next()
    const practice = caller === undefined ? undefined : this.#callers.within.get(caller)?.next()
    return practice === undefined || caller === undefined ? undefined : this.#flows.get(keyOf({ practice, caller }))
  }

  #longest(): Flow<W> | undefined {
    let longest: Flow<W> | undefined
    for (const flow of this.#flows.values()) {
      if (!longest || flow.calls.length > longest.calls.length) longest = flow
    }
    return longest
  }

  /** A call of the flow is gone from here. */
  #left({ practice, caller, calls }: Flow<W>): void {
    if (calls.length === 0) this.#flows.delete(keyOf({ practice, caller }))
    leave(this.#practices, practice, caller)
    leave(this.#callers, caller, practice)
  }
}

/** The first of each, then the second of each, and so on. */
function oneByOne<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat()
}

function callerOf({ caller }: LaneCall): string {
  return caller ?? ''
}

function keyOf(call: LaneCall): string {
  return `${call.practice} ${callerOf(call)}`
}

function enter<Outer, Inner>(
  { turns, within }: Round<Outer, Inner>,
  { outer, inner, weightOf }: { outer: Outer; inner: Inner; weightOf: (inner: Inner) => number },
): void {
  turns.enter(outer)
  const inside = within.get(outer) ?? new FairTurns(weightOf)
  inside.enter(inner)
  within.set(outer, inside)
}

function count<Outer, Inner>(
  { turns, within }: Round<Outer, Inner>,
  { outer, inner, inTurn }: { outer: Outer; inner: Inner; inTurn: boolean },
): void {
  turns.count(outer, inTurn)
  within.get(outer)?.count(inner, inTurn)
}

function leave<Outer, Inner>({ turns, within }: Round<Outer, Inner>, outer: Outer, inner: Inner): void {
  turns.leave(outer)
  within.get(outer)?.leave(inner)
  if (within.size <= 2 * turns.size) return
  for (const known of within.keys()) if (!turns.remembers(known)) within.delete(known)
}
