import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Mutant, mutate } from './mutant.ts'

/** What a file may leave unused is a matter of tidiness, not of whether it compiles. */
const settings = { noUnusedLocals: false, noUnusedParameters: false, allowUnreachableCode: true }
const outputBytesMax = 256 * 1024 * 1024

/**
 * Of the mutants those that compile: nobody could hand in the others. All are checked at once, each in a copy of its file
 * that stands beside it in `directory`, a copy of the repository.
 */
export function typedMutants(directory: string, mutants: readonly Mutant[]): Mutant[] {
  const copies = mutants.map((mutant, index) => {
    const name = `${mutant.path.replace(/\.ts$/, '')}.mutant-${index}.ts`
    writeFileSync(join(directory, name), mutate(readFileSync(join(directory, mutant.path), 'utf8'), mutant))
    return { mutant, name }
  })
  const project = join(directory, 'tsconfig.mutants.json')
  const files = copies.map(({ name }) => name)
  // Declarations of the packages that are not imported by name.
  writeFileSync(project, JSON.stringify({ extends: './tsconfig.json', compilerOptions: settings, include: files }))
  const tsc = join(dirname(import.meta.dirname), '../node_modules/.bin/tsc')
  const { stdout, stderr, error } = spawnSync(tsc, ['-p', project, '--pretty', 'false'], {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: outputBytesMax,
  })
  if (error) throw error
  for (const { name } of copies) rmSync(join(directory, name))
  rmSync(project)
  const broken = new Set([...stdout.matchAll(/^(\S+?)\(\d+,\d+\): error/gm)].map((match) => match[1]))
  if (!broken.size && stdout + stderr) throw new Error(`tsc could not judge the mutants:\n${stdout}${stderr}`)
  return copies.filter(({ name }) => !broken.has(name)).map(({ mutant }) => mutant)
}
