import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PlantedCopy } from '../planted/planted-copy.ts'
import { keepCluster } from './kept-cluster.ts'
import { type Mutant, mutate } from './mutant.ts'
import type { MutationReport } from './mutation-report.ts'
import { type KnownTest, learnTest, testsFor } from './test-coverage.ts'
import { type Place, runTestFile, type TestRun } from './test-process.ts'

/** The work of one module. */
export interface MutationWork {
  readonly name: string
  readonly mutants: readonly Mutant[]
  /** Test files, of which those count that reach a mutant. */
  readonly tests: readonly string[]
  /** No mutant is begun later than this after the tests are known. */
  readonly timeMs: number
}

/** What came of a mutant. `by` is the test file that noticed. */
export interface Verdict {
  readonly outcome: 'killed' | 'too long' | 'survived' | 'not run'
  readonly by?: string
  readonly ms: number
}

/** After so many mutants the tests are run on sound code: what fails then kills mutants for another reason. */
const controlEvery = 100

/** Puts one mutant after the other into a copy of the repository and runs the tests that reach it. */
export async function runMutation(copy: PlantedCopy, work: MutationWork, report: MutationReport): Promise<void> {
  // In the copy, so that it goes with it.
  const temporary = mkdtempSync(join(copy.directory, 'tests-'))
  const place = { copy: copy.directory, temporary }
  const needsCluster = work.tests.some((file) => file.startsWith('packages/server/'))
  const cluster = needsCluster ? await keepCluster(place) : undefined
  try {
    const tests = await learnTests(place, work, report)
    const end = performance.now() + work.timeMs
    for (const [index, mutant] of work.mutants.entries()) {
      if (performance.now() > end) return
      const source = readFileSync(join(copy.directory, mutant.path), 'utf8')
      report.add(mutant, source, await judge(place, { mutant, source, tests }))
      await cluster?.dropScratch()
      if (index % controlEvery === controlEvery - 1) await control(place, tests, report)
    }
  } finally {
    await cluster?.close()
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

async function learnTests(
  place: Place,
  { mutants, tests }: MutationWork,
  report: MutationReport,
): Promise<KnownTest[]> {
  const paths = [...new Set(mutants.map(({ path }) => path))]
  const known: KnownTest[] = []
  for (const file of tests) {
    const test = await learnTest(place, file, paths)
    if (!test) report.leftOut(file)
    else if (test.reached.size > 0) known.push(test)
  }
  report.learned(known)
  return known
}

interface Case {
  readonly mutant: Mutant
  readonly source: string
  readonly tests: readonly KnownTest[]
}

async function judge(place: Place, { mutant, source, tests }: Case): Promise<Verdict> {
  const chosen = testsFor(mutant, source, tests)
  const started = performance.now()
  const took = () => performance.now() - started
  for (const test of chosen) {
    const outcome = await runMutated(place, { mutant, source, tests: [test] })
    if (outcome !== 'passed') return { outcome: outcome === 'failed' ? 'killed' : outcome, by: test.file, ms: took() }
  }
  return { outcome: chosen.length ? 'survived' : 'not run', ms: took() }
}

/** How often the limits are doubled at most: others may be using the machine. */
const doublingsMax = 3

/**
 * Runs one test on the mutant. It took too long only where it does twice, the second time with twice the limits, and sound
 * code between them did not.
 */
async function runMutated(place: Place, { mutant, source, tests: [test] }: Case): Promise<TestRun['outcome']> {
  if (!test) return 'passed'
  const path = join(place.copy, mutant.path)
  let isSoundQuick = false
  for (let doublings = 0; doublings <= doublingsMax; doublings += 1) {
    const limits = { testMs: test.limits.testMs * 2 ** doublings, fileMs: test.limits.fileMs * 2 ** doublings }
    writeFileSync(path, mutate(source, mutant))
    const { outcome } = await runTestFile(place, test.file, limits)
    writeFileSync(path, source)
    if (outcome !== 'too long' || isSoundQuick) return outcome
    isSoundQuick = (await runTestFile(place, test.file, limits)).outcome === 'passed'
  }
  return 'passed' // Nothing was proved.
}

async function control(place: Place, tests: readonly KnownTest[], report: MutationReport): Promise<void> {
  for (const { file, limits } of tests) {
    const { outcome } = await runTestFile(place, file, limits)
    report.controlled(file, outcome)
  }
}
