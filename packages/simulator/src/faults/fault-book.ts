import type { SeededRandom } from '../practice/seeded-random.ts'
import type { Answer } from '../server/answer.ts'
import { ArmedRule } from './armed-rule.ts'
import { checkFaults, rulesMax } from './check-faults.ts'
import { slowMs } from './connection-faults.ts'
import type { Meeting, MetRequest } from './fault-kind.ts'
import type { FaultKind, FaultMark, FaultReport, FaultRule } from './fault-rule.ts'
import type { FaultWorld } from './fault-world.ts'

/** Sets rules of faults and takes them away while the simulator runs. None of it outlives the simulator. */
export interface FaultControl {
  /** Adds rules behind those that are there. Throws TypeError that names every field that makes no sense. */
  add(rules: readonly FaultRule[]): readonly FaultReport[]
  /** Every rule with how many requests it is about and how many met its fault. */
  list(): readonly FaultReport[]
  /** Takes all rules away; the next one is number 1 again. */
  clear(): void
}

/** A rule that fires on a request. */
export interface Hit {
  readonly rule: ArmedRule
  readonly request: MetRequest
  readonly random: SeededRandom
  /** How far time moves first, virtual ms. */
  readonly jumpMs: number
  /** Whether the request is served. */
  readonly isServed: boolean
}

/** An answer, and what the log says of the fault that it met. */
interface Settled {
  readonly answer: Answer
  readonly fault?: FaultMark
}

export interface FaultBookOptions {
  readonly seed: number
  readonly world: FaultWorld
  /** Templates of the routes that are served, `/v1/{practiceid}/…`; undefined when that is not known. */
  readonly routes: readonly string[] | undefined
}

/** The rules in force. A request meets one fault at most: that of the first rule that fires. */
export class FaultBook implements FaultControl {
  readonly #options: FaultBookOptions
  #rules: ArmedRule[] = []

  constructor(options: FaultBookOptions) {
    this.#options = options
  }

  /** Whether there is any rule: without one, requests pass by. */
  get isArmed(): boolean {
    return this.#rules.length > 0
  }

  add(given: readonly FaultRule[]): readonly FaultReport[] {
    const { seed, routes } = this.#options
    const before = this.#rules.length
    const added = checkFaults(given, routes).map((rule, index) => {
      // A copy: what the caller does with its own afterwards changes nothing here.
      return new ArmedRule(structuredClone(rule), { number: before + index + 1, seed })
    })
    if (before + added.length > rulesMax)
      throw new TypeError(`faults: there can be ${rulesMax} rules at a time; clear them first`)
    this.#rules = [...this.#rules, ...added]
    return added.map((rule) => rule.report())
  }

  list(): readonly FaultReport[] {
    return this.#rules.map((rule) => rule.report())
  }

  clear(): void {
    this.#rules = []
    this.#options.world.pages.clear()
  }

  /** Shows a request to every rule, in order, and lets the first one that fires act on the world. */
  meet(request: MetRequest): Hit | undefined {
    let hit: Hit | undefined
    for (const rule of this.#rules) {
      const random = rule.draw(request)
      if (random === undefined || hit !== undefined) continue
      const { row } = rule
      const meeting = this.#meeting(rule, request, random)
      if (row.before !== undefined && !row.before(meeting)) continue
      const { action } = meeting
      hit = { rule, request, random, jumpMs: row.jumpMs?.(action) ?? 0, isServed: row.isServed?.(action) ?? true }
    }
    return hit
  }

  /** The answer as the fault leaves it, if any, and what to log; no mark when it had nothing to act on. */
  settle({ request, hit }: { request: MetRequest; hit: Hit | undefined }, given: Answer): Settled {
    const settled = hit === undefined ? { answer: given } : this.#changed(hit, given)
    if (settled.fault?.kind !== 'repeated-page' && this.#rules.some(({ rule }) => rule.kind === 'repeated-page')) {
      this.#options.world.pages.keep(request, settled.answer)
    }
    return settled
  }

  #changed({ rule, request, random }: Hit, given: Answer): Settled {
    const { row } = rule
    const changed = row.answer === undefined ? given : row.answer(this.#meeting(rule, request, random), given)
    if (changed === undefined) return { answer: given }
    const { kind, delayMs = kind === 'slow' ? slowMs : 0 } = rule.rule
    const answer =
      delayMs > 0 ? { ...changed, delivery: { ...changed.delivery, dueAt: request.at + delayMs } } : changed
    return { answer, fault: rule.hit() }
  }

  #meeting(rule: ArmedRule, request: MetRequest, random: SeededRandom): Meeting<FaultKind> {
    return { action: rule.rule, request, random, world: this.#options.world }
  }
}
