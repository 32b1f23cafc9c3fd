import { basename } from 'node:path'
import type { Verdict } from './judge-mutants.ts'
import { describeMutant, lineOf, type Mutant } from './mutant.ts'
import type { KnownTest } from './test-coverage.ts'

/** Tells of each mutant as it is judged, and sums up. */
export class MutationReport {
  readonly #name: string
  readonly #total: number
  readonly #counts = { killed: 0, 'too long': 0, survived: 0, 'not run': 0 }
  readonly #byFile = new Map<string, { killed: number; all: number }>()
  readonly #survivors: string[] = []
  readonly #started = performance.now()
  #controls = 0
  #failedControls: string[] = []
  #done = 0
  #known = 0

  constructor(name: string, total: number) {
    this.#name = name
    this.#total = total
  }

  learned(tests: readonly KnownTest[]): void {
    const seconds = Math.round(tests.reduce((sum, { ms }) => sum + ms, 0) / 1000)
    print(`${this.#name}: ${this.#total} mutants, ${tests.length} test files reach them (${seconds} s on sound code)`)
  }

  /** A test file that does not pass on sound code, here and now. */
  leftOut(file: string): void {
    print(`Left out, for it fails on sound code: ${file}`)
  }

  add(mutant: Mutant, source: string, { outcome, by, ms }: Verdict): void {
    this.#done += 1
    this.#counts[outcome] += 1
    const isKilled = outcome === 'killed' || outcome === 'too long'
    this.#count(mutant, isKilled)
    const what = `${mutant.id} ${describeMutant(source, mutant)}`
    const head = `${this.#done}/${this.#total} ${isKilled ? outcome : outcome.toUpperCase()} (${(ms / 1000).toFixed(1)} s)`
    print(by ? `${head} by ${basename(by)}: ${what}` : `${head} line ${lineOf(source, mutant)}: ${what}`)
    if (!isKilled) this.#survivors.push(what)
  }

  /** A mutant that is on the list of survivors, with its reason: it is not run again. */
  addKnown(mutant: Mutant): void {
    this.#known += 1
    this.#count(mutant, false)
  }

  controlled(file: string, outcome: string): void {
    this.#controls += 1
    if (outcome !== 'passed') this.#failedControls.push(file)
  }

  /** Prints the sum; whether no mutant survived that is not on the list. */
  close(): boolean {
    const killed = this.#counts.killed + this.#counts['too long']
    const all = this.#done + this.#known
    for (const [path, count] of this.#byFile) print(`  ${count.killed}/${count.all} ${path}`)
    if (this.#survivors.length) print(`Repeat one of those that survived with: npm run mutants -- --mutant ID`)
    for (const what of this.#survivors) print(`  ${what}`)
    if (this.#failedControls.length) {
      print(`On sound code failed: ${this.#failedControls.join(', ')}; a mutant may have been killed by chance`)
    }
    const minutes = Math.round((performance.now() - this.#started) / 60_000)
    const parts = [
      `${this.#counts['too long']} of them by the time limit`,
      `${this.#counts.survived} survived`,
      `${this.#counts['not run']} no test runs`,
      `${this.#known} are on the list of survivors`,
      `${this.#failedControls.length} of ${this.#controls} controls failed`,
    ]
    if (this.#done < this.#total) print(`Stopped in time: ${this.#total - this.#done} were not begun`)
    print(`${this.#name}: ${killed} of ${all} killed (${percent(killed, all)}), ${parts.join(', ')}; ${minutes} min`)
    return this.#survivors.length === 0
  }

  #count({ path }: Mutant, isKilled: boolean): void {
    const count = this.#byFile.get(path) ?? { killed: 0, all: 0 }
    this.#byFile.set(path, { killed: count.killed + (isKilled ? 1 : 0), all: count.all + 1 })
  }
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
