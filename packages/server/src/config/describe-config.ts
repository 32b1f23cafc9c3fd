import { stringify } from 'yaml'
import type { AegisConfig } from './aegis-config.ts'
import type { Layers } from './read-layers.ts'
import { settingList } from './setting-list.ts'
import type { Settings } from './settings.ts'
import { type Tree, valueAt } from './tree.ts'

/** One setting as it is in force. */
export interface EffectiveSetting {
  readonly path: readonly string[]
  /** As it could be written in the file; undefined when it is not set and has no default. */
  readonly value: unknown
  /** `default`, `aegis.yaml:7`, a variable or a flag. */
  readonly origin: string
  /** Whether it names a secret, and that secret could be read. */
  readonly secretSet: boolean
}

/** Lists every setting with its value in force and where that comes from. No secret is in it. */
export function effectiveSettings(settings: Settings, config: AegisConfig, layers: Layers): EffectiveSetting[] {
  // What was worked out rather than given.
  const resolved: Tree = { athena: { baseUrl: config.athena.baseUrl }, limits: config.limits, home: config.home }
  return settingList.map(({ path, kind }) => {
    const value = valueAt(resolved, path) ?? valueAt(settings, path)
    return {
      path,
      value: kind.write && value !== undefined ? kind.write(value) : value,
      origin: layers.originOf(path) ?? 'default',
      secretSet: path.at(-1)?.endsWith('File') === true && value !== undefined,
    }
  })
}

/** The configuration in force as an `aegis.yaml` with the origin of every value beside it; secrets are `[set]`. */
export function describeConfig(effective: readonly EffectiveSetting[]): string {
  const lines: string[] = []
  let open: readonly string[] = []
  for (const setting of effective) {
    if (setting.value === undefined) continue
    const sections = setting.path.slice(0, -1)
    const kept = commonLength(open, sections)
    for (const [depth, section] of sections.entries()) {
      if (depth >= kept) lines.push(`${'  '.repeat(depth)}${section}:`)
    }
    open = sections
    lines.push(describeLine(setting))
  }
  return `${lines.join('\n')}\n`
}

const COMMENT_COLUMN = 44

function describeLine({ path, value, origin, secretSet }: EffectiveSetting): string {
  const written = stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()
  const text = `${'  '.repeat(path.length - 1)}${path.at(-1)}: ${written}`
  return `${text.padEnd(COMMENT_COLUMN)} # ${secretSet ? '[set] ' : ''}${origin}`
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  const different = b.findIndex((name, index) => a[index] !== name)
  return different === -1 ? b.length : different
}
