import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { isAlias, isMap, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml'
import type { Problem } from './config-error.ts'
import type { Reading } from './layer.ts'
import { systemCode } from './system-code.ts'
import { isTree } from './tree.ts'

/** A configuration is a page of text; anything larger is another file. */
const FILE_BYTES_MAX = 256 * 1024

/**
 * Reads the configuration file at `path`, called `file` in messages. Nothing in it is executed or included; a broken one
 * is a problem, not an exception.
 */
export function readFileLayer(path: string, file: string): Reading {
  const directory = dirname(path)
  const failed = (problems: readonly Problem[]): Reading => {
    return { layer: { values: {}, originOf: () => file, directory }, problems, warnings: [] }
  }
  const text = readText(path, file)
  if (typeof text !== 'string') return failed([text])
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true })
  const lineAt = (offset: number) => `${file}:${lineCounter.linePos(offset).line}`
  const problems = document.errors.map(({ pos, code }) => ({
    path: lineAt(pos[0]),
    what: `is not valid YAML (${code.toLowerCase().replaceAll('_', ' ')}).`,
    remedy: 'Correct the line; settings are written as "name: value", sections indented by two spaces.',
  }))
  if (problems.length) return failed(problems)
  const strayAt = strayAlias(document)
  if (strayAt !== undefined) return failed([{ path: lineAt(strayAt), ...stray }])
  const values = valuesOf(document)
  if (values === undefined) return failed([{ path: file, ...tooManyAliases }])
  if (!isTree(values)) {
    return failed([{ path: file, what: 'holds no settings.', remedy: 'Write them as "name: value".' }])
  }
  const originOf = (path: readonly string[]) => {
    const offset = offsetOf(document, path)
    return offset === undefined ? file : lineAt(offset)
  }
  return { layer: { values, originOf, directory }, problems: [], warnings: [] }
}

function readText(path: string, file: string): string | Problem {
  const remedy = 'Name another file with --config or AEGIS_CONFIG, or make this one readable.'
  try {
    if (statSync(path).size > FILE_BYTES_MAX) return { path: file, what: 'is too large for a configuration.', remedy }
    return readFileSync(path, 'utf8')
  } catch (error) {
    return { path: file, what: `cannot be read (${systemCode(error)}).`, remedy }
  }
}

const stray = {
  what: 'has a "*", which in YAML stands for something that was named with "&" before, and nothing was.',
  remedy: 'Put the value in quotes.',
}
const tooManyAliases = {
  what: 'uses what it names with "&" too often.',
  remedy: 'Write the values out.',
}

/** Where the first alias stands that names nothing, or what is around it, which would have no end. */
function strayAlias(document: Document): number | undefined {
  const named = new Map<string, object>()
  let found: number | undefined
  visit(document, {
    Node(_key, node, above) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) named.set(node.anchor, node)
        return undefined
      }
      const target = named.get(node.source)
      if (target && !above.some((each) => each === target)) return undefined
      found = node.range?.[0] ?? 0
      return visit.BREAK
    },
  })
  return found
}

/** Undefined when its aliases would make more of it than fits. */
function valuesOf(document: Document): unknown {
  try {
    return withoutNulls(document.toJS({ maxAliasCount: 20 }))
  } catch {
    return undefined
  }
}

/** Where the name of a setting, or of the innermost section on the way to it, stands in the text. */
function offsetOf(document: Document, path: readonly string[]): number | undefined {
  let node: unknown = document.contents
  let offset: number | undefined
  for (const key of path) {
    if (!isMap(node)) break
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key)
    if (!pair) break
    offset = isScalar(pair.key) ? pair.key.range?.[0] : offset
    node = pair.value
  }
  return offset
}

/** An empty section or setting in YAML is null; it means the same as not being there. */
function withoutNulls(value: unknown): unknown {
  if (value === null || value === undefined) return {}
  if (!isTree(value)) return value
  const present = Object.entries(value).filter(([, item]) => item !== null)
  return Object.fromEntries(present.map(([key, item]) => [key, isTree(item) ? withoutNulls(item) : item]))
}
