import type { Breach, Rule, Tree } from './rule.ts'

/** Packages of others that a production install of Aegis may bring in. Each one is code we answer for. */
const PRODUCTION_PACKAGES_MAX = 160

const LOCK = 'package-lock.json'
const REASONS = 'docs/dependencies.md'

interface LockEntry {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

type Lock = Readonly<Record<string, LockEntry>>

/** A lock file pins what every package is, never where it comes from, and lets only named ones run scripts. */
export const lockFile: Rule = (tree) =>
  [...tree.files.keys()]
    .filter((path) => /(?:^|\/)package-lock\.json$/.test(path))
    .flatMap((path) => oneLock(tree, path))

function oneLock(tree: Tree, lock: string): Breach[] {
  const allowed: Record<string, boolean> = manifest(tree, lock.replace(/-lock(?=\.json$)/, '')).allowScripts ?? {}
  return others(lockOf(tree, lock)).flatMap(([path, entry]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const messages = [
      entry.resolved && `${name} carries a download address: keep omit-lockfile-registry-resolved in .npmrc`,
      !entry.integrity?.startsWith('sha512-') && `${name} has no sha512 integrity`,
      entry.hasInstallScript && !(name in allowed) && `${name} wants to run an install script: decide in allowScripts`,
    ]
    return messages.flatMap((message) => (message ? [inLock(tree, { lock, entry: path }, message)] : []))
  })
}

/** A version range would let the same commit mean different code on different days. */
export const exactVersions: Rule = (tree) =>
  everyManifest(tree).flatMap(([path, { dependencies, devDependencies, optionalDependencies, peerDependencies }]) =>
    Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies })
      .filter(([, version]) => !/^(?:npm:[\w./@-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(String(version)))
      .map(([name, version]) => ({
        path,
        line: 1,
        message: `${name} is pinned by an exact version, not by ${version}`,
      })),
  )

/** Few packages, and none in the client, which lives in other people's programs. */
export const dependencyBudget: Rule = (tree) => {
  const breaches: Breach[] = []
  const client = runtimeDependencies(tree, 'packages/client')
  if (client.length) {
    const message = `the client has no runtime dependencies: ${client.join(', ')}`
    breaches.push({ path: 'packages/client/package.json', line: 1, message })
  }
  const count = productionTree(lockOf(tree)).size
  if (count > PRODUCTION_PACKAGES_MAX) {
    const message = `${count} packages in production; the budget is ${PRODUCTION_PACKAGES_MAX}`
    breaches.push({ path: LOCK, line: 1, message })
  }
  return breaches
}

/** Each dependency we chose has its reason in docs/dependencies.md, and no reason outlives its dependency. */
export const reasonedDependencies: Rule = (tree) => {
  const used = new Set(
    manifests(tree).flatMap(([path]) =>
      path.startsWith('packages/') ? runtimeDependencies(tree, path.replace('/package.json', '')) : [],
    ),
  )
  const rows = (tree.files.get(REASONS) ?? '').matchAll(/^\|\s*`([^`]+)`\s*\|(.*)\|\s*$/gm)
  const reasons = new Map([...rows].map((row) => [row[1]!, row[2]!.replaceAll('|', '').trim()]))
  const missing = [...used].filter((name) => !reasons.get(name)).map((name) => `${name} is used and has no reason here`)
  const stale = [...reasons.keys()].filter((name) => !used.has(name)).map((name) => `${name} is no longer used`)
  return [...missing, ...stale].map((message) => ({ path: REASONS, line: 1, message }))
}

/** Every package of others that the packages of the workspace need at run time, by its place in the lock file. */
function productionTree(lock: Lock): Set<string> {
  const found = new Set<string>()
  const open = Object.keys(lock).filter((path) => path.startsWith('packages/'))
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const { dependencies, optionalDependencies } = lock[path] ?? {}
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const place = resolve(lock, path, name)
      if (!place || lock[place]?.link || found.has(place)) continue
      found.add(place)
      open.push(place)
    }
  }
  return found
}

/** Where `name` is found from the package at `from`: in its own node_modules, or in one above. */
function resolve(lock: Lock, from: string, name: string): string | undefined {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    const place = `${base}${base && '/'}node_modules/${name}`
    if (lock[place]) return place
    if (!base) return undefined
    if (!base.includes('/node_modules/')) base = ''
  }
}

function runtimeDependencies(tree: Tree, folder: string): string[] {
  const { dependencies, optionalDependencies, peerDependencies } = manifest(tree, `${folder}/package.json`)
  const ours = new Set(manifests(tree).map(([, { name }]) => name))
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }).filter(
    (name) => !ours.has(name),
  )
}

interface Manifest {
  readonly name?: string
  readonly allowScripts?: Record<string, boolean>
  readonly dependencies?: Record<string, string>
  readonly devDependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
}

function manifest(tree: Tree, path: string): Manifest {
  return JSON.parse(tree.files.get(path) ?? '{}')
}

/** The workspace and its packages. */
function manifests(tree: Tree): [string, Manifest][] {
  return everyManifest(tree).filter(([path]) => /^(?:packages\/[^/]+\/)?package\.json$/.test(path))
}

function everyManifest(tree: Tree): [string, Manifest][] {
  const paths = [...tree.files.keys()].filter((path) => /(?:^|\/)package\.json$/.test(path))
  return paths.map((path) => [path, manifest(tree, path)])
}

function lockOf(tree: Tree, path = LOCK): Lock {
  return JSON.parse(tree.files.get(path) ?? '{}').packages ?? {}
}

function others(lock: Lock): [string, LockEntry][] {
  return Object.entries(lock).filter(([path, entry]) => path.includes('node_modules/') && !entry.link)
}

function inLock(tree: Tree, { lock, entry }: { lock: string; entry: string }, message: string): Breach {
  const before = tree.files.get(lock)!.split(`"${entry}"`)[0]!
  return { path: lock, line: before.split('\n').length, message }
}
