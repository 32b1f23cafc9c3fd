import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Mutant, mutateAll } from './mutant.ts'
import type { KnownTest, ReachingTest } from './test-coverage.ts'
import { type Limits, type Place, runTestFile, type TestRun } from './test-process.ts'
import type { TestWorth } from './test-worth.ts'

/** What came of a mutant. `by` is the test file that noticed. */
export interface Verdict {
  readonly outcome: 'killed' | 'too long' | 'survived' | 'not run'
  readonly by?: string
  readonly ms: number
}

/** A mutant that nothing has noticed yet. */
export interface Case {
  readonly mutant: Mutant
  readonly source: string
  /** Those that reach it and have not met it. */
  readonly tests: readonly ReachingTest[]
  /** How long it was tested so far. */
  readonly ms: number
}

interface Judge {
  readonly place: Place
  readonly worth: TestWorth
  readonly add: (judged: Case, verdict: Verdict) => void
}

/** So long, by what they take on sound code, the most promising tests run for one mutant alone. */
const aloneMs = 40_000
/** How often the limits are doubled at most: others may be using the machine. */
const doublingsMax = 3

/** Lets a mutant meet the most promising tests. Returns it with the others where none of these noticed. */
export async function judgeAlone(judge: Judge, one: Case): Promise<Case | undefined> {
  const { place, worth, add } = judge
  const ordered = worth.order(one.mutant, one.tests)
  const started = performance.now()
  const took = () => performance.now() - started
  let [index, ms] = [0, 0]
  for (const test of ordered) {
    if (index > 0 && ms + test.ms > aloneMs) break
    const outcome = await runMutated(place, [one], test)
    worth.note(test, outcome !== 'passed')
    if (outcome !== 'passed') {
      add(one, { outcome: outcome === 'failed' ? 'killed' : outcome, by: test.file, ms: took() })
      return undefined
    }
    index += 1
    ms += test.ms
  }
  const tests = ordered.slice(index)
  if (tests.length) return { ...one, tests, ms: took() }
  add(one, { outcome: ordered.length ? 'survived' : 'not run', ms: took() })
  return undefined
}

/**
 * Lets mutants meet the rest of their tests, several in the code at a time: a test that passes has noticed none of them, and
 * of one that fails is found out which it noticed. A mutant may hide another; so one that survived is to be asked for alone.
 */
export async function judgeTogether({ place, worth, add }: Judge, cases: readonly Case[]): Promise<void> {
  const tests = new Map(cases.flatMap((one) => one.tests.map((test) => [test.file, test])))
  const started = performance.now()
  let left = cases
  for (const test of [...tests.values()].toSorted((a, b) => a.ms - b.ms)) {
    const met = left.filter((one) => one.tests.some(({ file }) => file === test.file))
    const noticed = await findNoticed(place, met, test)
    for (const { one, outcome } of noticed) {
      worth.note(test, true)
      add(one, { outcome, by: test.file, ms: one.ms + performance.now() - started })
    }
    left = left.filter((one) => !noticed.some((other) => other.one === one))
  }
  for (const one of left) add(one, { outcome: 'survived', ms: one.ms + performance.now() - started })
}

interface Noticed {
  readonly one: Case
  readonly outcome: 'killed' | 'too long'
}

async function findNoticed(place: Place, cases: readonly Case[], test: KnownTest): Promise<Noticed[]> {
  const [one, ...more] = cases
  if (!one) return []
  const outcome = await runMutated(place, cases, test)
  if (outcome === 'passed') return []
  if (!more.length) return [{ one, outcome: outcome === 'failed' ? 'killed' : outcome }]
  const half = Math.ceil(cases.length / 2)
  return [
    ...(await findNoticed(place, cases.slice(0, half), test)),
    ...(await findNoticed(place, cases.slice(half), test)),
  ]
}

/**
 * Runs a test on mutants. It took too long only where it does twice, the second time with twice the limits, and sound
 * code between them did not.
 */
async function runMutated(place: Place, cases: readonly Case[], test: KnownTest): Promise<TestRun['outcome']> {
  let isSoundQuick = false
  for (let doublings = 0; doublings <= doublingsMax; doublings += 1) {
    const limits = doubled(test.limits, doublings)
    putIn(place, cases)
    const { outcome } = await runTestFile(place, test.file, limits)
    takeOut(place, cases)
    if (outcome !== 'too long' || isSoundQuick) return outcome
    isSoundQuick = (await runTestFile(place, test.file, limits)).outcome === 'passed'
  }
  return 'passed' // Nothing was proved.
}

function doubled({ testMs, fileMs }: Limits, doublings: number): Limits {
  return { testMs: testMs * 2 ** doublings, fileMs: fileMs * 2 ** doublings }
}

function putIn({ copy }: Place, cases: readonly Case[]): void {
  for (const [path, ofFile] of Map.groupBy(cases, ({ mutant }) => mutant.path)) {
    const [{ source } = { source: '' }] = ofFile
    const mutants = ofFile.map(({ mutant }) => mutant)
    writeFileSync(join(copy, path), mutateAll(source, mutants))
  }
}

function takeOut({ copy }: Place, cases: readonly Case[]): void {
  for (const { mutant, source } of cases) writeFileSync(join(copy, mutant.path), source)
}
