import type { Done } from './in-workers.ts'

/** Between two lines of progress. */
const everyMs = 15_000
const wrongLinesMax = 12

/** Says how lives go while they are lived, and what came of all of them. */
export class LifeReport {
  readonly #name: string
  readonly #total: number
  readonly #startedAt = performance.now()
  readonly #counts = new Map<string, number>()
  #done = 0
  #failed = 0
  #saidAt = performance.now()

  constructor(name: string, total: number) {
    this.#name = name
    this.#total = total
    say(`${name}: ${total} lives`)
  }

  add({ job, result }: Done): void {
    this.#done += 1
    for (const [what, count] of Object.entries(result.counts)) {
      this.#counts.set(what, (this.#counts.get(what) ?? 0) + count)
    }
    if (result.wrong.length > 0) {
      this.#failed += 1
      say(`FAILED ${job.kind} ${job.what}${result.where === undefined ? '' : `, disturbed at ${result.where}`}`)
      for (const line of result.wrong.slice(0, wrongLinesMax)) process.stdout.write(`    ${line}\n`)
      if (result.wrong.length > wrongLinesMax)
        process.stdout.write(`    and ${result.wrong.length - wrongLinesMax} more\n`)
      process.stdout.write(`  repeat with: ${repetition(job)}\n`)
    }
    if (performance.now() - this.#saidAt > everyMs) this.#progress()
  }

  /** Prints the totals; true when nothing was wrong. */
  close(): boolean {
    const totals = [...this.#counts].map(([what, count]) => `${count} ${what}`).join(', ')
    say(`${this.#name}: ${this.#done} lives in ${this.#seconds()} s, ${this.#failed} went wrong (${totals})`)
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

function repetition({ kind, what }: Done['job']): string {
  return kind === 'seed' ? `npm run rig -- --first-seed ${what} --seeds 1` : `npm run rig -- --failpoint ${what}`
}

function say(line: string): void {
  process.stdout.write(`rig: ${line}\n`)
}
