import type { Done } from './in-workers.ts'
import { type Invariant, invariantOf, invariants } from './invariants.ts'

/** Between two lines of progress. */
const everyMs = 15_000
const wrongLinesMax = 12

/** Says how lives go while they are lived, and what came of all of them. */
export class LifeReport {
  readonly #name: string
  readonly #total: number
  readonly #startedAt = performance.now()
  readonly #counts = new Map<string, number>()
  readonly #checked = new Map<string, number>()
  readonly #broken = new Map<Invariant, number>()
  readonly #traces = new Map<string, string>()
  #done = 0
  #failed = 0
  #saidAt = performance.now()

  constructor(name: string, total: number) {
    this.#name = name
    this.#total = total
    say(`${name}: ${total} lives`)
  }

  add({ job, result: lived }: Done): void {
    this.#done += 1
    const otherwise = this.#livedOtherwise(job, lived)
    const result = { ...lived, wrong: [...lived.wrong, ...otherwise] }
    addTo(this.#counts, result.counts)
    addTo(this.#checked, result.checked ?? {})
    for (const invariant of new Set(result.wrong.map(invariantOf))) {
      if (invariant) this.#broken.set(invariant, (this.#broken.get(invariant) ?? 0) + 1)
    }
    if (result.wrong.length > 0) {
      this.#failed += 1
      say(`FAILED ${job.kind} ${job.what}${result.where === undefined ? '' : `, disturbed at ${result.where}`}`)
      for (const line of result.wrong.slice(0, wrongLinesMax)) process.stdout.write(`    ${line}\n`)
      if (result.wrong.length > wrongLinesMax)
        process.stdout.write(`    and ${result.wrong.length - wrongLinesMax} more\n`)
      process.stdout.write(`  repeat with: ${repetition(job)}${otherwise.length > 0 ? ' --twice' : ''}\n`)
    }
    if (performance.now() - this.#saidAt > everyMs) this.#progress()
  }

  /** One seed, one life: what cannot be repeated cannot be mended. */
  #livedOtherwise({ what }: Done['job'], { trace }: Done['result']): string[] {
    if (trace === undefined) return []
    const before = this.#traces.get(what)
    this.#traces.set(what, trace)
    return before === undefined || before === trace ? [] : ['it made other calls than when it was lived before']
  }

  /** Prints the totals; true when nothing was wrong. */
  close(): boolean {
    const details = [...this.#counts].filter(([what]) => what.includes(': ')).toSorted(([a], [b]) => (a < b ? -1 : 1))
    const totals = [...this.#counts].filter(([what]) => !what.includes(': '))
    say(`${this.#name}: ${this.#done} lives in ${this.#seconds()} s, ${this.#failed} went wrong (${listed(totals)})`)
    if (this.#done < this.#total) line(`${this.#total - this.#done} more were not begun`)
    for (const group of new Set(details.map(([what]) => what.split(': ')[0] ?? ''))) {
      const own = details.filter(([what]) => what.startsWith(`${group}: `))
      line(`${group}: ${listed(own.map(([what, count]) => [what.slice(group.length + 2), count]))}`)
    }
    for (const [name, count] of [...this.#checked].toSorted(byNumber)) {
      const broken = this.#broken.get(name as Invariant) ?? 0
      line(`${name} ${invariants[name as Invariant]}: ${count} checked, broken in ${broken} lives`)
    }
    return this.isSound
  }

  /** Whether nothing was wrong so far. */
  get isSound(): boolean {
    return this.#failed === 0
  }

  #progress(): void {
    this.#saidAt = performance.now()
    say(`${this.#name}: ${this.#done} of ${this.#total} after ${this.#seconds()} s, ${this.#failed} went wrong`)
  }

  #seconds(): number {
    return Math.round((performance.now() - this.#startedAt) / 1_000)
  }
}

function addTo(sums: Map<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [what, count] of Object.entries(counts)) sums.set(what, (sums.get(what) ?? 0) + count)
}

function listed(counts: readonly (readonly [string, number])[]): string {
  return counts.map(([what, count]) => `${count} ${what}`).join(', ')
}

/** I2 before I11. */
function byNumber([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return Number(a.slice(1)) - Number(b.slice(1))
}

function line(text: string): void {
  process.stdout.write(`  ${text}\n`)
}

function repetition({ kind, what }: Done['job']): string {
  if (kind === 'failpoint') return `npm run rig -- --failpoint '${what}'`
  if (kind === 'drill') {
    const [name, seed] = what.split(':')
    return `npm run rig -- --drills ${name} --first-seed ${seed} --count 1`
  }
  const [seed = '', feeds] = what.split(':')
  return `npm run rig -- --first-seed ${seed} --seeds 1${feeds === 'core' ? ' --core' : ''}`
}

function say(line: string): void {
  process.stdout.write(`rig: ${line}\n`)
}
