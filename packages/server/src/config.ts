/** Reads the configuration: the only file of the server that looks at the environment. */
import { resolve } from 'node:path'
import { resolveBaseUrl } from '@aegis/client'
import { type AegisConfig, buildConfig, type RereadKeyServer } from './config/aegis-config.ts'
import { ConfigError, type Problem } from './config/config-error.ts'
import { findDangers } from './config/dangerous-environment.ts'
import { type EffectiveSetting, effectiveSettings } from './config/describe-config.ts'
import { findSecrets } from './config/find-secrets.ts'
import { judgeSettings } from './config/judge-settings.ts'
import { baseUrlOptions, cautions, type Facts, judgeTogether } from './config/judge-together.ts'
import { type KeyServerReading, readKeyServer, remainingServices } from './config/read-key-server.ts'
import { type ConfigFlags, type Layers, readLayers } from './config/read-layers.ts'
import { readSecrets } from './config/read-secrets.ts'
import type { Variables } from './config/read-variables.ts'
import { readVaultSection } from './config/read-vault-section.ts'
import { HOME_DEFAULT, type Settings } from './config/settings.ts'
import { type Tree, valueAt } from './config/tree.ts'

/** Where the configuration comes from. Later ones win: demo, file, environment, flags. */
export interface ConfigSources {
  readonly argvOverrides?: ConfigFlags
  /** Default: the environment of the process. */
  readonly env?: Variables
  /** Default: the working directory. Relative paths of variables and flags, and `aegis.yaml`, are looked for here. */
  readonly cwd?: string
  /** The demo's own settings; with them `athena` is taken from nowhere else, and only `local` is accepted. */
  readonly demo?: { readonly settings: Tree; readonly secret: string }
  /** Options that Node was started with. Default: those of the process. */
  readonly nodeFlags?: readonly string[]
}

export interface LoadedConfig {
  readonly config: AegisConfig
  /** Sentences for the operator: what is allowed and better not done. */
  readonly warnings: readonly string[]
  /** Every setting as it is in force, for `describeConfig`. */
  readonly effective: readonly EffectiveSetting[]
  /** The file that was read, if any. */
  readonly file: string | undefined
}

/**
 * Reads and checks the whole configuration, and the secrets it names. Every mistake is reported at once, as one
 * `ConfigError` (`config.invalid`) that tells the place, what is wrong and the remedy, and never a secret.
 */
export function loadConfig(sources: ConfigSources = {}): LoadedConfig {
  const { argvOverrides: flags = {}, env = process.env, cwd = process.cwd(), demo } = sources
  const from = { flags, env, cwd, demo: demo?.settings }
  const layers = readLayers(from)
  const judged = judgeSettings(layers.tree, layers.originOf)
  const secrets = readSecrets({ settings: judged.settings, layers, env, demoSecret: demo?.secret })
  const keyServer = readKeyServer(judged.settings, layers)
  const vault = readVaultSection(judged.settings, layers)
  const hasServer = namesServer(layers.tree, secrets.database)
  const facts: Facts = { settings: judged.settings, demo: demo !== undefined, hasServer, originOf: layers.originOf }
  const dangers = findDangers(env, sources.nodeFlags ?? process.execArgv)
  const read = layers.readings.flatMap(({ problems }) => problems)
  const open = layers.readings.flatMap(({ layer }) => findSecrets(layer))
  const wrong = judged.problems.filter(({ path }) => !open.some((found) => found.path === path))
  const all = [...dangers, ...read, ...open, ...wrong, ...judgeTogether(facts), ...secrets.problems]
  all.push(...keyServer.problems, ...vault.problems)
  if (all.length || !judged.complete) throw new ConfigError(withoutRepeats(all))
  const config = buildConfig(judged.complete, {
    demo: facts.demo,
    home: layers.pathOf(['home'], judged.complete.home),
    baseUrl: resolveBaseUrl(baseUrlOptions(judged.complete.environment, judged.complete.athena)),
    secret: secrets.athena,
    keyServer: keyServer.config,
    ...rereaderOf(keyServer, from),
    ...(vault.config && { vault: vault.config }),
    ...keysOf(judged.complete, layers),
    ...(secrets.database && { database: secrets.database }),
  })
  const strange = layers.readings.flatMap(({ warnings }) => warnings)
  return {
    config,
    warnings: [...strange, ...secrets.warnings, ...cautions(facts)],
    effective: effectiveSettings(judged.complete, config, layers),
    file: layers.file,
  }
}

/**
 * The home that the configuration names, without checking anything else: commands that talk to a running instance need
 * no more. Absolute.
 */
export function configuredHome(sources: Pick<ConfigSources, 'argvOverrides' | 'env' | 'cwd'> = {}): string {
  const { argvOverrides: flags = {}, env = process.env, cwd = process.cwd() } = sources
  return readLayers({ flags, env, cwd, demo: undefined }).pathOf(['home'], HOME_DEFAULT)
}

/** A process that neither uses a key server nor is one to others has nothing to read anew. */
function rereaderOf(
  { files, config }: KeyServerReading,
  sources: Parameters<typeof readLayers>[0],
): Pick<AegisConfig, 'rereadKeyServer'> {
  const isConcerned = files.length > 0 || Object.keys(config.services).length > 0
  return isConcerned ? { rereadKeyServer: () => rereadKeyServer(sources) } : {}
}

/** What else has changed in the configuration meanwhile is left alone, right or wrong. */
function rereadKeyServer(sources: Parameters<typeof readLayers>[0]): RereadKeyServer {
  const layers = readLayers(sources)
  const judged = judgeSettings(layers.tree, layers.originOf)
  const read = readKeyServer(judged.settings, layers)
  const wrong = judged.problems.filter(({ path }) => path.startsWith('keyServer'))
  const problems = [...layers.readings.flatMap((reading) => reading.problems), ...wrong, ...read.problems]
  return {
    files: [...(layers.file === undefined ? [] : [resolve(sources.cwd, layers.file)]), ...read.files],
    config() {
      if (problems.length > 0) throw new ConfigError(withoutRepeats(problems))
      return read.config
    },
    remaining({ services, ...place }) {
      const isReadable = layers.readings.every((reading) => reading.problems.length === 0)
      const left = isReadable ? remainingServices(services, { tree: layers.tree, settings: judged.settings }) : services
      return { ...place, services: left }
    },
  }
}

/** Also one that is named wrongly: that mistake is told by itself. */
function namesServer(tree: Tree, found: AegisConfig['database']): boolean {
  return found !== undefined || valueAt(tree, ['database']) !== undefined
}

function keysOf({ keys }: Settings, { pathOf }: Layers): Pick<AegisConfig, 'keys'> {
  return keys === undefined ? {} : { keys: pathOf(['keys'], keys) }
}

function withoutRepeats(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.what}`, problem])).values()]
}
