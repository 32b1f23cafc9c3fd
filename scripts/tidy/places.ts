/** Where a file stands in the repository, and what that place may do. */

/** What each package may import of ours. Tests may also import the simulator; web takes only types from the server. */
export const PACKAGE_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  cli: ['client', 'server', 'simulator'],
  web: ['server'],
  server: ['client'],
  simulator: [],
  client: [],
}

/** Folders of packages/server/src, top first: a folder imports only itself and folders below it. */
export const SERVER_SLICES: readonly string[] = (
  'config console portal ops evidence gateway reminders delivery sync bulk notifications intake writes ' +
  'matching records upstream pacing policy key-server quota identity access messaging custody audit queue sealing leases http db egress ' +
  'failpoints metrics log clock errors'
).split(' ')

export const SERVER_SRC = 'packages/server/src/'
export const MIGRATIONS = 'packages/server/migrations/'

/** The package a path lies in, by folder name; undefined outside packages/. */
export function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1]
}

/** Tests, what only tests use, and scripts that write files of the package: nothing of it is shipped. */
export function isTestSide(path: string): boolean {
  return path.endsWith('.test.ts') || /^packages\/[^/]+\/(?:test|testing|scripts)\//.test(path)
}

/** Code that is shipped in a package. */
export function isProduction(path: string): boolean {
  return packageOf(path) !== undefined && !isTestSide(path)
}

/** Belongs to the composition root, like the files beside the folders. */
const ROOT_FOLDER = 'start'

/** The slice a file of packages/server/src lies in; '' for the composition root, undefined elsewhere. */
export function sliceOf(path: string): string | undefined {
  if (!path.startsWith(SERVER_SRC)) return undefined
  const inSrc = path.slice(SERVER_SRC.length)
  const folder = inSrc.includes('/') ? inSrc.slice(0, inSrc.indexOf('/')) : ROOT_FOLDER
  return folder === ROOT_FOLDER ? '' : folder
}

/** The slice a migration belongs to by its name (NNNN_<slice>_<what>.sql); undefined when the name says none. */
export function sliceOfMigration(path: string): string | undefined {
  const name = /^\d{4}_([a-z0-9_]+)\.sql$/.exec(path.slice(MIGRATIONS.length))?.[1]
  return SERVER_SLICES.find((slice) => name?.startsWith(`${slice.replaceAll('-', '_')}_`))
}
