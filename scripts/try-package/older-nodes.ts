import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from './run-program.ts'

const folder = join(import.meta.dirname, 'nodes')

/** A Node to try something on. */
export interface NodeProgram {
  /** `v20.20.2`. */
  readonly version: string
  readonly path: string
}

/**
 * The Nodes the client supports, oldest first; the last is the one that runs this. Older ones come from the npm registry,
 * pinned by the lock file beside them, when they are not there yet.
 */
export async function supportedNodes(): Promise<readonly NodeProgram[]> {
  const names = [20, 22].map((major) => `node-${major}-${process.platform}-${process.arch}`)
  if (!names.every(isInstalled)) {
    await runProgram('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder })
  }
  const older = names.map((name) => join(folder, 'node_modules', name, 'bin', 'node'))
  const missing = older.find((path) => !existsSync(path))
  if (missing !== undefined)
    throw new Error(`no Node for this machine at ${missing}: add one to ${folder}/package.json`)
  const nodes = [...older, process.execPath].map(async (path) => ({
    path,
    version: (await runProgram(path, ['--version'], { cwd: folder })).trim(),
  }))
  return Promise.all(nodes)
}

/** Whether what is there is what the lock file names. */
function isInstalled(name: string): boolean {
  const manifest = join(folder, 'node_modules', name, 'package.json')
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  const wanted: unknown = lock.packages[`node_modules/${name}`]?.version
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === wanted
}
