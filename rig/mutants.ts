/** `npm run mutants`: proves the checks; see rig/README.md. Ends non-zero when something stays green that should not. */
import { mutateModules } from './mutation/mutate-modules.ts'
import { mutatedModules } from './mutation/mutated-modules.ts'
import { flag, parseOptions, text } from './parse-options.ts'
import { plantBugs } from './planted/plant-bugs.ts'

const { values, positionals } = parseOptions('mutants', {
  allowPositionals: true,
  options: {
    planted: flag('known bugs, one after the other: those whose names contain one of the words given, or all'),
    all: flag('any small change of all modules that are mutated'),
    module: {
      ...text('NAME', `the same of one: ${Object.keys(mutatedModules).join(', ')}`),
      multiple: true,
      default: [],
    },
    file: { ...text('PATH', 'the same of one file'), multiple: true, default: [] },
    mutant: { ...text('ID', 'one mutant again'), multiple: true, default: [] },
    tests: {
      ...text('PATH', 'what must notice, instead of the tests named for the module'),
      multiple: true,
      default: [],
    },
    sample: text('N', 'no more than so many mutants'),
    seed: { ...text('S', 'which of them; 1 if absent'), default: '1' },
    minutes: text('N', 'no longer than that'),
    workers: { ...text('N', 'so many at a time, each in a copy with a cluster of its own'), default: '1' },
  },
})

process.exitCode = (await run()) ? 0 : 1

async function run(): Promise<boolean> {
  const { all, module, file, mutant, sample, minutes } = values
  // Before anything runs, whatever is asked for: one that was misspelt would be found out after hours, or never.
  const numbers = [sample, values.seed, minutes, values.workers].map((text) =>
    text === undefined ? Infinity : Number(text),
  )
  if (numbers.some((number) => !(number >= 0))) return refuse('--sample, --seed, --minutes and --workers take numbers')
  const [count = 0, seed = 0, limit = 0, workers = 1] = numbers
  if (workers < 1) return refuse('--workers takes one at least')
  const isGeneral = all || module.length + file.length + mutant.length > 0 || sample !== undefined
  if (!isGeneral || values.planted) return plantBugs(positionals)
  const unknown = module.find((name) => !(name in mutatedModules))
  if (unknown !== undefined) {
    return refuse(`no module "${unknown}"; there are ${Object.keys(mutatedModules).join(', ')}`)
  }
  const { tests } = values
  const named = { modules: module, files: file, mutants: mutant, tests }
  return mutateModules({ ...named, sample: count, seed, minutes: limit, workers })
}

function refuse(reason: string): boolean {
  process.stderr.write(`mutants: ${reason}\n`)
  return false
}
