import { z } from 'zod'
import { docOf, kindOf, type SettingDoc, type SettingKind } from './setting.ts'
import { settings } from './settings.ts'

/** One setting with where it stands in the file. */
export interface SettingEntry {
  readonly path: readonly string[]
  readonly schema: z.ZodType
  readonly doc: SettingDoc
  readonly kind: SettingKind
}

/** Every setting, in the order of the file. */
export const settingList: readonly SettingEntry[] = list(settings, [])

/** The schema of a section, below its default; undefined for a setting. */
export function sectionOf(schema: z.ZodType): z.ZodObject | undefined {
  if (schema instanceof z.ZodObject) return schema
  const inner = schema instanceof z.ZodPrefault && !docOf(schema) ? schema.def.innerType : undefined
  return inner instanceof z.ZodObject ? inner : undefined
}

function list(section: z.ZodObject, above: readonly string[]): SettingEntry[] {
  return Object.entries(section.shape).flatMap(([key, schema]) => {
    const path = [...above, key]
    const below = sectionOf(schema)
    return below ? list(below, path) : [entry(path, schema)]
  })
}

function entry(path: readonly string[], schema: z.ZodType): SettingEntry {
  const [doc, kind] = [docOf(schema), kindOf(schema)]
  if (!doc || !kind) throw new TypeError(`${path.join('.')}: every setting has a doc and a kind`)
  return { path, schema, doc, kind }
}
