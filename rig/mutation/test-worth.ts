import type { Mutant } from './mutant.ts'
import { isNeighbour, type KnownTest, type ReachingTest } from './test-coverage.ts'

/** What a test that runs the code of a mutant but once counts, beside the one that runs it most. */
const leastShare = 0.2

/** Learns which test files notice most mutants for the time they take. */
export class TestWorth {
  readonly #counts = new Map<string, { runs: number; kills: number }>()

  note({ file }: KnownTest, noticed: boolean): void {
    const { runs, kills } = this.#countsOf(file)
    this.#counts.set(file, { runs: runs + 1, kills: kills + (noticed ? 1 : 0) })
  }

  /** The one beside the file of the mutant first, then those that will tell soonest: what runs its code often is about it. */
  order(mutant: Mutant, tests: readonly ReachingTest[]): ReachingTest[] {
    const first = (test: KnownTest) => Number(isNeighbour(mutant, test))
    const most = Math.max(...tests.map(({ times }) => times))
    const score = (test: ReachingTest) => this.#worth(test) * (leastShare + test.times / most)
    return tests.toSorted((a, b) => first(b) - first(a) || score(b) - score(a))
  }

  #worth({ file, ms }: KnownTest): number {
    const { runs, kills } = this.#countsOf(file)
    // What has not run yet counts as if it had noticed one of four.
    return (kills + 1) / (runs + 4) / ms
  }

  #countsOf(file: string): { runs: number; kills: number } {
    return this.#counts.get(file) ?? { runs: 0, kills: 0 }
  }
}
