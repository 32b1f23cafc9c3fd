import type { CatalogueEntry } from './catalogue-entry.ts'
import { catalogueText } from './generated/catalogue-text.ts'
import { type Dictionaries, parseEntry, readDictionaries } from './parse-catalogue.ts'

interface Opened {
  readonly dictionaries: Dictionaries
  /** Area and line, by name. */
  readonly lines: ReadonlyMap<string, readonly [area: string, line: string]>
}

let opened: Opened | undefined
const read = new Map<string, CatalogueEntry>()

/** What is known of an endpoint, by `METHOD /path`; undefined when there is no such endpoint. Read on first use. */
export function catalogueEntry(name: string): CatalogueEntry | undefined {
  const known = read.get(name)
  if (known) return known
  const { lines, dictionaries } = open()
  const found = lines.get(name)
  if (!found) return undefined
  const entry = parseEntry(...found, dictionaries)
  read.set(name, entry)
  return entry
}

/** All endpoints, area by area, in the order of their paths. */
export function catalogue(): readonly CatalogueEntry[] {
  return [...open().lines.keys()].flatMap((name) => catalogueEntry(name) ?? [])
}

/** Splits the text into lines, once and on first use: an import costs nothing. */
function open(): Opened {
  opened ??= {
    dictionaries: readDictionaries(catalogueText),
    lines: new Map(
      Object.entries(catalogueText.areas).flatMap(([area, text]) =>
        text.split('\n').map((line) => [line.slice(0, line.indexOf('|')), [area, line]] as const),
      ),
    ),
  }
  return opened
}
