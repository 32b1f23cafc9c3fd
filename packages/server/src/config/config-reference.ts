import { stringify } from 'yaml'
import { defaultOf, isRequired } from './setting.ts'
import { type SettingEntry, settingList } from './setting-list.ts'

/** One row of the reference page. */
export interface SettingReference {
  /** `sync.pollInterval` */
  readonly path: string
  readonly doc: string
  /** What it takes. */
  readonly give: string
  readonly variable: string | undefined
  /** As written in the file; undefined for a setting that has to be given. */
  readonly fallback: string | undefined
}

/** Every setting in the order of the file: what docs/reference/configuration.md is made from. */
export function configReference(): SettingReference[] {
  return settingList.map((entry) => ({
    path: entry.path.join('.'),
    doc: entry.doc.doc,
    give: entry.kind.give,
    variable: entry.doc.env,
    fallback: fallbackOf(entry),
  }))
}

function fallbackOf({ schema, doc }: SettingEntry): string | undefined {
  if (doc.fallback !== undefined) return doc.fallback
  const value = defaultOf(schema)
  if (value === undefined) return isRequired(schema) ? undefined : 'none'
  return `\`${stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()}\``
}
