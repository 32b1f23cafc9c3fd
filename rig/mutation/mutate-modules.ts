import { globSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { PlantedCopy } from '../planted/planted-copy.ts'
import { findMutants } from './find-mutants.ts'
import { readKnownSurvivors } from './known-survivors.ts'
import type { Mutant } from './mutant.ts'
import { type MutatedModule, mutatedModules } from './mutated-modules.ts'
import { MutationReport } from './mutation-report.ts'
import { runMutation } from './mutation-run.ts'
import { sampled } from './sampled.ts'
import { typedMutants } from './typed-mutants.ts'

const root = resolve(import.meta.dirname, '../..')

/** Which mutants to run. Without files and mutants: all of the modules. */
export interface Wanted {
  readonly modules: readonly string[]
  readonly files: readonly string[]
  readonly mutants: readonly string[]
  /** Test files to ask instead of those of the module: what do these not see? */
  readonly tests: readonly string[]
  /** So many of each module at most. */
  readonly sample: number
  readonly seed: number
  /** For each module. */
  readonly minutes: number
  /** So many at a time. */
  readonly workers: number
}

/** Runs the mutants wanted, module by module; whether none survived but those on the list. */
export async function mutateModules(wanted: Wanted): Promise<boolean> {
  const copies = Array.from({ length: wanted.workers }, () => new PlantedCopy())
  const remove = () => copies.forEach((copy) => copy.remove())
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      remove()
      process.exit(1)
    })
  }
  let sound = true
  try {
    for (const [name, module] of Object.entries(mutatedModules)) {
      if (wanted.modules.length && !wanted.modules.includes(name)) continue
      if (!(await mutateModule({ copies, name, module }, wanted))) sound = false
    }
  } finally {
    remove()
  }
  return sound
}

interface Named {
  readonly copies: readonly PlantedCopy[]
  readonly name: string
  readonly module: MutatedModule
}

async function mutateModule({ copies, name, module }: Named, wanted: Wanted): Promise<boolean> {
  const [{ directory } = { directory: root }] = copies
  const files = filesOf(module).filter((path) => isWanted(path, wanted))
  if (!files.length) return true
  const all: Mutant[] = []
  for (const path of files) all.push(...(await findMutants(directory, path)))
  const named = all.filter(({ id }) => !wanted.mutants.length || wanted.mutants.includes(id))
  const typed = typedMutants(directory, named)
  const chosen = wanted.sample === Infinity ? typed : sampled(typed, wanted.sample, wanted.seed)
  process.stdout.write(`${name}: ${named.length} places, ${typed.length} of them compile, ${chosen.length} chosen\n`)
  const known = readKnownSurvivors(root)
  for (const id of staleOf(files, all, known)) process.stdout.write(`No longer there, take it off the list: ${id}\n`)
  // One that is asked for by name is run, whatever the list says.
  const isListed = ({ id }: Mutant) => !wanted.mutants.length && known.has(id)
  const mutants = chosen.filter((mutant) => !isListed(mutant))
  const report = new MutationReport(name, mutants.length)
  for (const mutant of chosen) if (isListed(mutant)) report.addKnown(mutant)
  if (mutants.length)
    await runMutation(
      copies,
      { mutants, tests: wanted.tests.length ? wanted.tests : testsOf(module), timeMs: wanted.minutes * 60_000 },
      report,
    )
  return report.close()
}

function isWanted(path: string, { files, mutants }: Wanted): boolean {
  if (mutants.length) return mutants.some((id) => path.endsWith(`/${id.slice(0, id.lastIndexOf(':'))}`))
  return !files.length || files.some((file) => path === file || path.startsWith(`${file}/`))
}

/** Survivors of these files whose place is gone or reads differently now. */
function staleOf(files: readonly string[], all: readonly Mutant[], known: ReadonlyMap<string, string>): string[] {
  const ids = new Set(all.map(({ id }) => id))
  const isHere = (id: string) => files.some((path) => path.endsWith(`/${id.slice(0, id.lastIndexOf(':'))}`))
  return [...known.keys()].filter((id) => isHere(id) && !ids.has(id))
}

function filesOf({ code }: MutatedModule): string[] {
  return expand(code, '*.ts').filter((path) => !path.endsWith('.test.ts'))
}

function testsOf({ tests }: MutatedModule): string[] {
  return expand(tests, '**/*.test.ts')
}

function expand(paths: readonly string[], pattern: string): string[] {
  return paths.flatMap((path) =>
    statSync(join(root, path)).isFile() ? [path] : globSync(`${path}/${pattern}`, { cwd: root }).toSorted(),
  )
}
