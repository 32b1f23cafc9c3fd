import type { z } from 'zod'
import type { Problem } from './config-error.ts'
import { didYouMean } from './did-you-mean.ts'
import { kindOf } from './setting.ts'
import { sectionOf, settingList } from './setting-list.ts'
import { type Settings, settings } from './settings.ts'
import { type Tree, valueAt } from './tree.ts'

/** The settings that are right, and a problem for every one that is not. A section with a mistake is left out whole. */
export interface Judgement {
  readonly settings: Partial<Settings>
  /** All of them, when there is no problem. */
  readonly complete: Settings | undefined
  readonly problems: readonly Problem[]
}

/** Checks a merged tree setting by setting, so that one mistake hides no other. */
export function judgeSettings(tree: Tree, originOf: (path: readonly string[]) => string | undefined): Judgement {
  const problems: Problem[] = []
  const report = (issue: z.core.$ZodIssue, above: readonly string[]) => {
    const told = explain(issue, [...above, ...issue.path.map(String)], tree)
    problems.push(...told.map(({ at, ...problem }) => withOrigin(problem, originOf(at))))
  }
  const right: Record<string, unknown> = {}
  for (const [key, schema] of Object.entries<z.ZodType>(settings.shape)) {
    const result = schema.safeParse(tree[key])
    if (result.success) right[key] = result.data
    else for (const issue of result.error.issues) report(issue, [key])
  }
  const unknown = Object.keys(tree).filter((key) => !Object.hasOwn(settings.shape, key))
  if (unknown.length) report({ code: 'unrecognized_keys', keys: unknown, path: [], message: '', input: tree }, [])
  // Each value came out of the schema of its own key, and without problems every key has one.
  const complete = problems.length ? undefined : (right as Settings)
  return { settings: right as Partial<Settings>, complete, problems }
}

interface Explained extends Omit<Problem, 'origin'> {
  readonly at: readonly string[]
}

function withOrigin(problem: Omit<Problem, 'origin'>, origin: string | undefined): Problem {
  return origin === undefined ? problem : { ...problem, origin }
}

function explain(issue: z.core.$ZodIssue, path: readonly string[], tree: Tree): Explained[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => explainUnknown([...path, key]))
  const entry = settingList.find((known) => known.path.every((key, index) => key === path[index]))
  const missing = path.length > 0 && valueAt(tree, path) === undefined
  if (!entry) return missing ? explainMissing(path) : [explainSection(path)]
  const { kind, doc } = entry
  const value = valueAt(tree, entry.path)
  const named = { at: entry.path, path: entry.path.join('.') }
  if (value === undefined) {
    const variable = doc.env ? ` (or the variable ${doc.env})` : ''
    return [{ ...named, what: 'is missing.', remedy: `Give ${kind.give}${variable}. ${doc.doc}` }]
  }
  const shown = kind.showable ? ` (${show(value)})` : ''
  const meant = typeof value === 'string' && issue.code === 'invalid_value' ? nearest(value, issue.values) : ''
  return [{ ...named, what: `does not fit${shown}.`, remedy: `${meant}Give ${kind.give}.` }]
}

/** Every setting that has to be given, of a section that is not there at all. */
function explainMissing(path: readonly string[]): Explained[] {
  const below = settingList.filter(({ path: known }) => path.every((key, index) => key === known[index]))
  return below
    .filter(({ schema }) => schema.safeParse(undefined).success === false)
    .flatMap(({ path: at }) => explain({ code: 'custom', path: [], message: '', input: undefined }, at, {}))
}

function explainSection(path: readonly string[]): Explained {
  const remedy = 'Write its settings below it, one a line, indented by two spaces.'
  return { at: path, path: path.join('.'), what: 'is a section, not a value.', remedy }
}

function nearest(value: string, words: readonly unknown[]): string {
  const meant = didYouMean(value, words.map(String))
  return meant === undefined ? '' : `Did you mean ${meant}? `
}

function explainUnknown(path: readonly string[]): Explained {
  const key = path.at(-1) ?? ''
  const siblings = keysOf(path.slice(0, -1))
  const section = path.slice(0, -1).join('.')
  const sibling = didYouMean(key, siblings)
  const elsewhere = settingList.find((known) => known.path.at(-1) === key)?.path.join('.')
  const meant = sibling === undefined ? elsewhere : [...path.slice(0, -1), sibling].join('.')
  const all = `Settings${section ? ` of ${section}` : ''}: ${siblings.join(', ')}.`
  const remedy = meant === undefined ? `Remove it. ${all}` : `Did you mean ${meant}?`
  return { at: path, path: path.join('.'), what: 'is not a setting.', remedy }
}

function keysOf(path: readonly string[]): string[] {
  let section: z.ZodObject = settings
  for (const key of path) {
    const next: z.ZodType | undefined = section.shape[key]
    const below = next && sectionOf(next)
    if (!below) return next && kindOf(next) ? ['from', 'to', 'zone'] : []
    section = below
  }
  return Object.keys(section.shape)
}

function show(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
