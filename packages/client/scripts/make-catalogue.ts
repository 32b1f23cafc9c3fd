/*
 * node packages/client/scripts/make-catalogue.ts FACTS: writes the catalogue of all endpoints, data and types, from a file
 * of facts about them. The same facts give the same bytes.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readFacts } from './facts.ts'
import { FieldKinds } from './field-kinds.ts'
import { settleEndpoint, type SettledEntry } from './settle-endpoint.ts'
import { writeText } from './write-text.ts'
import { writeAllTypes, writeAreaTypes } from './write-types.ts'

/** The generated files by name. */
export function makeCatalogue(factsText: string): Map<string, string> {
  const facts = readFacts(factsText)
  const kinds = new FieldKinds(facts)
  const areas = byArea(facts.map((fact) => settleEndpoint(fact, kinds)))
  return new Map([
    ...[...areas].map(([area, entries]) => [`${area}.ts`, writeAreaTypes(area, entries)] as const),
    ['catalogue-text.ts', writeText(areas)],
    ['endpoints.ts', writeAllTypes(areas)],
  ])
}

function byArea(entries: readonly SettledEntry[]): ReadonlyMap<string, readonly SettledEntry[]> {
  const key = ({ path, method }: SettledEntry) => `${path} ${method}`
  const inOrder = entries.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
  return new Map([...Map.groupBy(inOrder, ({ area }) => area)].sort(([a], [b]) => (a < b ? -1 : 1)))
}

if (import.meta.main) {
  const [facts] = process.argv.slice(2)
  if (facts === undefined) {
    process.stderr.write('usage: node packages/client/scripts/make-catalogue.ts FACTS\n')
    process.exitCode = 2
  } else {
    const folder = join(import.meta.dirname, '../src/catalogue/generated')
    mkdirSync(folder, { recursive: true })
    for (const old of readdirSync(folder)) rmSync(join(folder, old))
    for (const [name, text] of makeCatalogue(readFileSync(facts, 'utf8'))) writeFileSync(join(folder, name), text)
  }
}
