import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { Layer, Reading } from './layer.ts'
import { readFileLayer } from './read-file-layer.ts'
import { readVariables, type Variables } from './read-variables.ts'
import { isTree, mergeTrees, type Tree, treeOf, valueAt } from './tree.ts'

/** Flags of the command line that are settings. */
export interface ConfigFlags {
  /** `--config`: another file than ./aegis.yaml; it must exist. */
  readonly configFile?: string
  readonly home?: string
  readonly port?: number
  readonly role?: string
}

export interface LayerSources {
  readonly flags: ConfigFlags
  readonly env: Variables
  readonly cwd: string
  /** The demo's own settings. */
  readonly demo: Tree | undefined
}

/** Everything that was read, and how its layers stand to each other. */
export interface Layers {
  readonly readings: readonly Reading[]
  readonly tree: Tree
  /** The file that was read, if any. */
  readonly file: string | undefined
  /** Where the value in force comes from; undefined when it is a default. */
  readonly originOf: (path: readonly string[]) => string | undefined
  /** The absolute path of a setting that is one, the default's when it was not given. */
  readonly pathOf: (path: readonly string[], fallback: string) => string
}

const FILE_NAME = 'aegis.yaml'

/** Reads the file, the variables and the flags. Later ones win: demo, file, environment, flags. */
export function readLayers(sources: LayerSources): Layers {
  const { flags, env, cwd, demo } = sources
  const file = configFile(sources)
  const fromOutside = [
    ...(file === undefined ? [] : [readFileLayer(file, shortened(file, cwd))]),
    readVariables(env, cwd),
  ]
  const readings = [
    ...(demo ? [fixed(demo, { directory: cwd, origin: 'the demo' })] : []),
    ...(demo ? fromOutside.map(withoutAthena) : fromOutside),
    readFlags(flags, cwd),
  ]
  const layers = readings.map(({ layer }) => layer)
  const layerOf = (path: readonly string[]) => layers.findLast(({ values }) => valueAt(values, path) !== undefined)
  return {
    readings,
    tree: layers.map(({ values }) => values).reduce(mergeTrees, {}),
    file: file && shortened(file, cwd),
    originOf: (path) => layerOf(path)?.originOf(path),
    pathOf(path, fallback) {
      const layer = layerOf(path)
      const given = layer && valueAt(layer.values, path)
      return resolve(layer?.directory ?? cwd, typeof given === 'string' ? given : fallback)
    },
  }
}

function configFile({ flags, env, cwd }: LayerSources): string | undefined {
  const named = flags.configFile ?? (env.AEGIS_CONFIG || undefined)
  if (named !== undefined) return resolve(cwd, named)
  const usual = resolve(cwd, FILE_NAME)
  return existsSync(usual) ? usual : undefined
}

function shortened(file: string, cwd: string): string {
  const fromHere = relative(cwd, file)
  return fromHere.startsWith('..') ? file : fromHere
}

function readFlags(flags: ConfigFlags, cwd: string): Reading {
  const home = flags.home === undefined ? {} : treeOf(['home'], flags.home)
  const port = flags.port === undefined ? {} : treeOf(['http', 'port'], flags.port)
  const role = flags.role === undefined ? {} : treeOf(['role'], flags.role)
  return fixed([home, port, role].reduce(mergeTrees), { directory: cwd, origin: (path) => `--${path.at(-1)}` })
}

function fixed(
  values: Tree,
  from: { directory: string; origin: string | ((path: readonly string[]) => string) },
): Reading {
  const { directory, origin } = from
  const originOf = typeof origin === 'string' ? () => origin : origin
  return { layer: { values, originOf, directory }, problems: [], warnings: [] }
}

/** The demo's credential goes to the demo's simulator only, and nobody else's goes there. */
function withoutAthena(reading: Reading): Reading {
  const { athena, ...values } = reading.layer.values
  if (!isTree(athena)) return reading
  const layer: Layer = { ...reading.layer, values }
  const first = Object.keys(athena)[0] ?? ''
  const warning = `${reading.layer.originOf(['athena', first])}: the demo has an app of its own; yours is not used.`
  return { ...reading, layer, warnings: [...reading.warnings, warning] }
}
