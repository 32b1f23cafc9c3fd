import { dirname, join } from 'node:path/posix'
import { isProduction, isTestSide, PACKAGE_IMPORTS, packageOf, SERVER_SLICES, sliceOf } from './places.ts'
import { type Breach, breachAt, type Rule } from './rule.ts'
import type { ImportSpecifier, SourceText } from './source-text.ts'

/** Packages and slices know only what stands below them. */
export const importOrder: Rule = ({ sources }) =>
  sources.flatMap((source) =>
    source.imports.flatMap((wanted) => {
      const message = importBreach(source.path, wanted)
      return message ? [breachAt(source, wanted.offset, message)] : []
    }),
  )

/** A folder of the server has a place in the order, or it does not exist. */
export const knownSlices: Rule = ({ sources }) =>
  sources.flatMap((source): Breach[] => {
    const slice = sliceOf(source.path)
    if (!slice || SERVER_SLICES.includes(slice)) return []
    return [breachAt(source, 0, `the slice ${slice} has no place in SERVER_SLICES of scripts/tidy/places.ts`)]
  })

/** Only a package's index.ts re-exports: a barrel hides who knows whom. */
export const noBarrels: Rule = ({ sources }) =>
  sources.flatMap((source) =>
    source.imports
      .filter((wanted) => wanted.reExport && !/^packages\/[^/]+\/src\/index\.ts$/.test(source.path))
      .map((wanted) => breachAt(source, wanted.offset, 're-exports belong to the index.ts of a package only')),
  )

/** What a package imports from elsewhere stands in its package.json. */
export const declaredImports: Rule = ({ files, sources }) =>
  sources.filter((source) => isProduction(source.path)).flatMap((source) => undeclared(source, files))

function undeclared(source: SourceText, files: ReadonlyMap<string, string>): Breach[] {
  const manifest = files.get(`packages/${packageOf(source.path)}/package.json`)
  if (!manifest) return []
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(manifest)
  return source.imports.flatMap(({ specifier, offset }) => {
    const name = /^(?![./]|node:|\$)(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0]
    if (!name || name in dependencies || name in optionalDependencies) return []
    return [breachAt(source, offset, `${name} is not a dependency in this package's package.json`)]
  })
}

/** The client's own entry for programs that run on Node; its main entry knows nothing of it. */
const CLIENT_FOR_NODE = 'packages/client/src/node.ts'

function importBreach(path: string, wanted: ImportSpecifier): string | undefined {
  const { specifier } = wanted
  if (specifier.startsWith('.')) return relativeBreach(path, join(dirname(path), specifier))
  const to = specifier === 'aegis' ? 'cli' : /^@aegis\/([^/]+)/.exec(specifier)?.[1]
  const from = packageOf(path)
  if (from === 'client' && specifier.startsWith('node:') && isProduction(path) && path !== CLIENT_FOR_NODE) {
    return 'the client runs wherever fetch does: no modules of Node'
  }
  return to && from ? packageBreach({ path, from, to }, wanted.typeOnly) : undefined
}

function packageBreach({ path, from, to }: { path: string; from: string; to: string }, typeOnly: boolean) {
  if (to === 'simulator' && isTestSide(path)) return undefined
  if (!PACKAGE_IMPORTS[from]?.includes(to)) return `${from} may not import ${to}`
  return from === 'web' && !typeOnly ? `web may import only types from ${to}` : undefined
}

function relativeBreach(path: string, target: string): string | undefined {
  const from = packageOf(path)
  const to = packageOf(target)
  if (from && to !== from) return `${from} reaches ${to ?? 'outside its package'} by path: import a package by its name`
  if (isProduction(path) && isTestSide(target)) return 'what is shipped may not import what is for tests'
  return isTestSide(target) ? undefined : sliceBreach(sliceOf(path), sliceOf(target))
}

function sliceBreach(from: string | undefined, to: string | undefined): string | undefined {
  if (from === undefined || to === undefined) return undefined
  const lower = SERVER_SLICES.indexOf(from) <= SERVER_SLICES.indexOf(to)
  return lower ? undefined : `${from} may not import ${to || 'the composition root'}: it stands above`
}
