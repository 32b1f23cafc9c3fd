import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { PlantedBug } from './planted-bugs.ts'

const root = resolve(import.meta.dirname, '../..')
/** What tests and rig need of the repository. */
const parts = ['packages', 'rig', 'scripts', 'bench', 'examples', 'docs', 'package.json', 'tsconfig.json', 'README.md']

/** A copy of the repository with one bug in it: the original is never touched. Dependencies are the original's. */
export class PlantedCopy {
  readonly directory: string

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'aegis-planted-'))
    for (const part of parts) {
      cpSync(join(root, part), join(this.directory, part), {
        recursive: true,
        filter: (path) => !/\/(node_modules|dist|\.aegis[^/]*)(\/|$)/.test(path.slice(root.length)),
      })
    }
    linkModules(join(root, 'node_modules'), join(this.directory, 'node_modules'))
  }

  /** Plants the bug; returns what takes it out again. Throws when there is no longer exactly one place for it. */
  plant({ name, file, find, replace }: PlantedBug): () => void {
    const path = join(this.directory, file)
    const sound = readFileSync(path, 'utf8')
    const places = sound.split(find).length - 1
    if (places !== 1)
      throw new Error(`"${name}": ${file} has ${places} places for it; bring planted-bugs.ts up to date`)
    writeFileSync(
      path,
      sound.replace(find, () => replace),
    )
    return () => writeFileSync(path, sound)
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Links to every installed package, but the workspace's own are the copy's. */
function linkModules(from: string, to: string): void {
  mkdirSync(to)
  for (const name of readdirSync(from)) {
    if (name === '@aegis' || name === 'aegis' || name === '.bin') continue
    symlinkSync(join(from, name), join(to, name))
  }
  cpSync(join(from, '.bin'), join(to, '.bin'), { recursive: true, verbatimSymlinks: true })
  mkdirSync(join(to, '@aegis'))
  for (const name of ['client', 'server', 'simulator', 'web']) {
    symlinkSync(join('..', '..', 'packages', name), join(to, '@aegis', name))
  }
  symlinkSync(join('..', 'packages', 'cli'), join(to, 'aegis'))
}
