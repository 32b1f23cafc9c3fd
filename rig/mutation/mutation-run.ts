import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { PlantedCopy } from '../planted/planted-copy.ts'
import { type Case, judgeAlone, judgeTogether, type Verdict } from './judge-mutants.ts'
import { type KeptCluster, keepCluster } from './kept-cluster.ts'
import { isOverlapping, type Mutant } from './mutant.ts'
import type { MutationReport } from './mutation-report.ts'
import { type KnownTest, learnTest, testsFor } from './test-coverage.ts'
import { type Place, runTestFile } from './test-process.ts'
import { TestWorth } from './test-worth.ts'

/** The work of one module. */
export interface MutationWork {
  readonly mutants: readonly Mutant[]
  /** Test files, of which those count that reach a mutant. */
  readonly tests: readonly string[]
  /** No mutant is begun later than this after the tests are known. */
  readonly timeMs: number
}

/** After so many mutants the tests that noticed some run on sound code: what fails then kills mutants for another reason. */
const controlEvery = 100
/** So many that the most promising tests did not notice meet the other tests together at most. */
const togetherMax = 50

/** A copy of the repository with a test cluster of its own, in which one thing runs at a time. */
interface Bench {
  readonly place: Place
  readonly cluster: KeptCluster | undefined
}

/** Puts the mutants into the copies and runs the tests that reach them, in all copies at once. */
export async function runMutation(
  copies: readonly PlantedCopy[],
  work: MutationWork,
  report: MutationReport,
): Promise<void> {
  const benches: Bench[] = []
  try {
    for (const copy of copies) benches.push(await setUp(copy, work))
    const tests = await learnTests(benches, work, report)
    await judgeAll(benches, { ...work, tests, endAt: performance.now() + work.timeMs }, report)
  } finally {
    for (const { cluster, place } of benches) {
      await cluster?.close()
      rmSync(place.temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    }
  }
}

async function setUp({ directory }: PlantedCopy, { tests }: MutationWork): Promise<Bench> {
  // In the copy, so that it goes with it.
  const place = { copy: directory, temporary: mkdtempSync(join(directory, 'tests-')) }
  const needsCluster = tests.some((file) => file.startsWith('packages/server/'))
  return { place, cluster: needsCluster ? await keepCluster(place) : undefined }
}

async function learnTests(
  benches: readonly Bench[],
  { mutants, tests }: MutationWork,
  report: MutationReport,
): Promise<KnownTest[]> {
  const paths = [...new Set(mutants.map(({ path }) => path))]
  const known: KnownTest[] = []
  const left = tests.values()
  await onEach(benches, async ({ place }) => {
    for (const file of left) {
      const test = await learnTest(place, file, paths)
      if (!test) report.leftOut(file)
      else if (test.reached.size > 0) known.push(test)
    }
  })
  report.learned(known)
  return known
}

type Judging = Pick<MutationWork, 'mutants'> & { readonly tests: readonly KnownTest[]; readonly endAt: number }

/** First each alone, by the tests that promise most; then what is left, together. */
async function judgeAll(
  benches: readonly Bench[],
  { mutants, tests, endAt }: Judging,
  report: MutationReport,
): Promise<void> {
  const worth = new TestWorth()
  const noticing = new Set<string>()
  const add = ({ mutant, source }: Case, verdict: Verdict) => {
    if (verdict.by !== undefined) noticing.add(verdict.by)
    report.add(mutant, source, verdict)
  }
  const controls = controlPoints(mutants.length)
  const unseen: Case[] = []
  let begun = 0
  const left = mutants.values()
  await onEach(benches, async ({ place, cluster }) => {
    for (const mutant of left) {
      const source = readFileSync(join(place.copy, mutant.path), 'utf8')
      const one: Case = { mutant, source, tests: testsFor(mutant, source, tests), ms: 0 }
      const rest = await judgeAlone({ place, worth, add }, one)
      if (rest) unseen.push(rest)
      await cluster?.dropScratch()
      begun += 1
      if (controls.has(begun)) await control(place, taken(tests, noticing), report)
      if (performance.now() > endAt) return
    }
  })
  const groups = groupsOf(unseen, Math.min(togetherMax, Math.ceil(unseen.length / benches.length))).values()
  await onEach(benches, async ({ place, cluster }) => {
    for (const cases of groups) {
      await judgeTogether({ place, worth, add }, cases)
      await cluster?.dropScratch()
    }
  })
}

function taken(tests: readonly KnownTest[], noticing: Set<string>): KnownTest[] {
  const chosen = tests.filter(({ file }) => noticing.has(file))
  noticing.clear()
  return chosen
}

/** Groups of at most so many, none of which overlaps another of its group. */
function groupsOf(cases: readonly Case[], most: number): Case[][] {
  const groups: Case[][] = []
  for (const one of cases) {
    const isFree = (group: readonly Case[]) =>
      group.length < most && !group.some((other) => isOverlapping(other.mutant, one.mutant))
    const group = groups.find(isFree)
    if (group) group.push(one)
    else groups.push([one])
  }
  return groups
}

/** After how many mutants. */
function controlPoints(count: number): Set<number> {
  return new Set(Array.from({ length: Math.floor(count / controlEvery) }, (_, index) => (index + 1) * controlEvery))
}

async function onEach(benches: readonly Bench[], work: (bench: Bench) => Promise<void>): Promise<void> {
  await Promise.all(benches.map(work))
}

async function control(place: Place, tests: readonly KnownTest[], report: MutationReport): Promise<void> {
  for (const { file, limits } of tests) {
    const { outcome } = await runTestFile(place, file, limits)
    report.controlled(file, outcome)
  }
}
