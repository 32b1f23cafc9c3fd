import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Mutant } from './mutant.ts'
import { type Limits, type Place, runTestFile } from './test-process.ts'

interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

/** A test file as it is on sound code: what it reaches, and how long it may take. */
export interface KnownTest {
  readonly file: string
  readonly ms: number
  readonly limits: Limits
  /** By file of the repository, what V8 counted in each process that loaded it. */
  readonly reached: ReadonlyMap<string, readonly (readonly Range[])[]>
}

/** Sound code under a tracer, on a machine that does other things as well: so much longer than it takes. */
const patience = 4
const leastMs = 3_000
const first: Limits = { testMs: 300_000, fileMs: 600_000 }

/**
 * Runs a test file on sound code and notes which code it reaches. Undefined when it fails, which proves nothing of any
 * mutant: it is left out.
 */
export async function learnTest(place: Place, file: string, paths: readonly string[]): Promise<KnownTest | undefined> {
  const coverage = mkdtempSync(join(place.temporary, 'coverage-'))
  const { outcome, ms, longestTestMs } = await runTestFile(place, file, { ...first, coverage })
  if (outcome !== 'passed') return undefined
  const reached = readCoverage(place.copy, coverage, paths)
  rmSync(coverage, { recursive: true })
  const limits = { testMs: leastMs + patience * longestTestMs, fileMs: 2 * leastMs + patience * ms }
  return { file, ms, limits, reached }
}
function readCoverage(copy: string, folder: string, paths: readonly string[]): Map<string, Range[][]> {
  const wanted = new Map(paths.map((path) => [pathToFileURL(join(copy, path)).href, path]))
  const reached = new Map<string, Range[][]>()
  for (const name of readdirSync(folder)) {
    // The form of V8's coverage files.
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      result: { url: string; functions: { ranges: Range[] }[] }[]
    }
    for (const { url, functions } of result) {
      const path = wanted.get(url)
      if (path === undefined) continue
      const all = functions.flatMap(({ ranges }) => ranges)
      reached.set(path, [...(reached.get(path) ?? []), all])
    }
  }
  return reached
}

/** A test that runs the code of a mutant. */
export interface ReachingTest extends KnownTest {
  /** How often. */
  readonly times: number
}

/** The tests that run the code of a mutant. */
export function testsFor(mutant: Mutant, source: string, tests: readonly KnownTest[]): ReachingTest[] {
  const places = placesOf(mutant, source)
  return tests.flatMap((test) => {
    const counts = (test.reached.get(mutant.path) ?? []).flatMap((ranges) => places.map((at) => timesRun(ranges, at)))
    const times = counts.reduce((sum, count) => sum + count, 0)
    return times > 0 ? [{ ...test, times }] : []
  })
}

/** Whether a test stands beside the file of the mutant. */
export function isNeighbour({ path }: Mutant, { file }: KnownTest): boolean {
  return file.replace(/(?:\.\w+)?\.test\.ts$/, '') === path.replace(/(?:\.sql)?\.ts$/, '')
}

/**
 * Where it shows whether a mutant ran. What stands in a constant of the module runs in whoever loads it; where only this
 * file uses the constant, it is the places of its use that count.
 */
function placesOf({ start }: Mutant, source: string): number[] {
  const head = source.lastIndexOf('\nconst ', start)
  const name = head < 0 ? undefined : /^\nconst (\w+)\b/.exec(source.slice(head))?.[1]
  const between = source.slice(head + 1, start)
  const isInside = name !== undefined && !/\n(?:\}\n|(?:export|function|class|async) )|=>|\) \{/.test(between)
  if (!isInside) return [start]
  const uses = [...source.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].map((match) => match.index)
  const elsewhere = uses.filter((at) => at < head || at > start)
  return elsewhere.length ? elsewhere : [start]
}

/** How often the innermost counted range around an offset ran. */
function timesRun(ranges: readonly Range[], at: number): number {
  let innermost: Range | undefined
  for (const range of ranges) {
    if (range.startOffset > at || range.endOffset <= at) continue
    if (!innermost || range.endOffset - range.startOffset <= innermost.endOffset - innermost.startOffset) {
      innermost = range
    }
  }
  return innermost?.count ?? 0
}
