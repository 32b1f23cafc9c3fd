import { mixSeed, SeededRandom } from '../practice/seeded-random.ts'
import { instantOf } from './check-faults.ts'
import { faultKinds } from './fault-kinds.ts'
import type { FaultKindRow, MetRequest } from './fault-kind.ts'
import type { FaultKind, FaultMark, FaultReport, FaultRule, FaultWhen } from './fault-rule.ts'
import { pathTest } from './path-pattern.ts'

type Condition = (request: MetRequest) => boolean

/**
 * A rule at work. Whether it fires on the n-th request it is about follows from the seed, its number and n alone, so the
 * same requests meet the same faults, whatever other rules there are.
 */
export class ArmedRule {
  readonly number: number
  readonly rule: FaultRule
  readonly row: FaultKindRow<FaultKind>
  readonly #seed: number
  readonly #conditions: readonly Condition[]
  #matched = 0
  #fired = 0

  constructor(rule: FaultRule, { number, seed }: { number: number; seed: number }) {
    const row = faultKinds[rule.kind]
    if (row === undefined) throw new TypeError(`no fault ${rule.kind}`)
    this.number = number
    this.rule = rule
    this.row = row
    this.#seed = mixSeed(seed, number)
    this.#conditions = [...conditionsOf(rule.when ?? {}), ...(row.concerns === undefined ? [] : [row.concerns])]
  }

  /** Counts a request if the rule is about it; answers a stream of randomness when it is to meet the fault. */
  draw(request: MetRequest): SeededRandom | undefined {
    if (!this.#conditions.every((holds) => holds(request))) return undefined
    this.#matched += 1
    const { nth, every, probability, times } = this.rule.when ?? {}
    const random = new SeededRandom(this.#seed, this.#matched)
    // Drawn in any case: what follows in the stream does not depend on how the rule is narrowed.
    const isDrawn = random.chance(probability ?? 1)
    if (nth !== undefined && this.#matched !== nth) return undefined
    if (every !== undefined && this.#matched % every !== 0) return undefined
    return isDrawn && this.#fired < (times ?? Infinity) ? random : undefined
  }

  /** Counts a request that met the fault. */
  hit(): FaultMark {
    this.#fired += 1
    const { kind, name } = this.rule
    return { rule: this.number, kind, ...(name !== undefined && { name }) }
  }

  report(): FaultReport {
    return { rule: this.number, ...this.rule, matched: this.#matched, fired: this.#fired }
  }
}

function conditionsOf({ path, method, practice, app, from, until }: FaultWhen): Condition[] {
  const methods = typeof method === 'string' ? [method] : method
  const [start, end] = [instantOf(from), instantOf(until)]
  const conditions: (Condition | undefined)[] = [
    path === undefined ? undefined : pathTest(path),
    methods && (({ arrival }) => methods.includes(arrival.method)),
    practice === undefined ? undefined : (request) => request.practice === practice,
    app === undefined ? undefined : (request) => request.app?.clientId === app,
    start === undefined ? undefined : ({ at }) => at >= start,
    end === undefined ? undefined : ({ at }) => at < end,
  ]
  return conditions.filter((condition) => condition !== undefined)
}
