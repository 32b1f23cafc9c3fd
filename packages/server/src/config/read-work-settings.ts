import type { Environment } from '@aegis/client'
import { buildWork, type WorkConfig } from './aegis-config.ts'
import { ConfigError } from './config-error.ts'
import { judgeSettings } from './judge-settings.ts'
import { pollInterval } from './judge-together.ts'
import { type LayerSources, readLayers } from './read-layers.ts'
import { mergeTrees, type Tree, treeOf, valueAt } from './tree.ts'

/** What the configuration says of work and limits, whatever else is missing in it. */
export interface WorkSettings extends WorkConfig {
  readonly environment: Environment
  /** How many; 0 where none are named. */
  readonly practices: number
  /** The file that was read, if any. */
  readonly file: string | undefined
}

/** Settings that matter; a credential, a database, a port may still be missing. */
const needed: ReadonlySet<string> = new Set(['environment', 'practices', 'limits', 'sync', 'policy'])

/**
 * Reads the settings of work and limits with `changes` over them, to be judged before anything is set up. Where no
 * environment is named it is production's. `config.invalid` for mistakes in these settings; others are nobody's business here.
 */
export function readWorkSettings(sources: Omit<LayerSources, 'demo'>, changes: Tree): WorkSettings {
  const layers = readLayers({ ...sources, demo: undefined })
  const given = mergeTrees(layers.tree, changes)
  const tree = mergeTrees(treeOf(['environment'], 'production'), given)
  const isNamed = valueAt(tree, ['practices']) !== undefined
  // What is changed stands in no file.
  const originOf = (path: readonly string[]) =>
    valueAt(changes, path) === undefined ? layers.originOf(path) : undefined
  const judged = judgeSettings(isNamed ? tree : mergeTrees(tree, treeOf(['practices'], [1])), originOf)
  const read = layers.readings.flatMap(({ problems }) => problems)
  const alone = judged.problems.filter(({ path }) => needed.has(path.split('.')[0] ?? ''))
  const wrong = [...alone, ...pollInterval({ settings: judged.settings, originOf })]
  const { environment, limits, sync, policy, practices } = judged.settings
  if (read.length + wrong.length > 0 || !environment || !limits || !sync || !policy || !practices) {
    throw new ConfigError([...read, ...wrong])
  }
  return {
    environment,
    practices: isNamed ? practices.length : 0,
    ...buildWork({ environment, limits, sync, policy }),
    file: layers.file,
  }
}
