import { recordedNames } from './contract.ts'
import type { EndpointContract } from './endpoint-contract.ts'

/** What stands behind a name: a recorded answer of the endpoint, one of another endpoint, or none. */
export type FieldMark = 'proven' | 'inferred' | 'unknown'

/** Names in a body by their marks, sorted. */
export type FieldMarks = Readonly<Record<FieldMark, readonly string[]>>

/** Totals and links to pages are the same on all lists (recorded on many). */
const ofEveryList = new Set(['totalcount', 'next', 'previous'])

/** Marks the fields of a body's records, and the names around them. */
export function markFields(body: unknown, contract: EndpointContract | undefined): FieldMarks {
  const { records, around } = takeApart(body, contract?.key)
  const marks = { proven: new Set<string>(), inferred: new Set<string>(), unknown: new Set<string>() }
  const add = (name: string, isProven: boolean) =>
    marks[isProven ? 'proven' : recordedNames().has(name) ? 'inferred' : 'unknown'].add(name)
  for (const record of records) {
    for (const name of Object.keys(record)) add(name, contract?.fields.has(name) === true)
  }
  for (const name of around) {
    add(name, contract?.around.includes(name) === true || ofEveryList.has(name) || isProvenKey(name, contract))
  }
  return {
    proven: [...marks.proven].sort(),
    inferred: [...marks.inferred].sort(),
    unknown: [...marks.unknown].sort(),
  }
}

function isProvenKey(name: string, contract: EndpointContract | undefined): boolean {
  return contract !== undefined && name === contract.key && contract.wrapping === 'envelope'
}

interface Parts {
  readonly records: readonly object[]
  /** Names of the object around the records, that of their array with them. */
  readonly around: readonly string[]
}

/** Records are in a bare array, in an array under the key, or in a list (`totalcount`) under whatever name; or there is one. */
function takeApart(body: unknown, key: string | undefined): Parts {
  if (Array.isArray(body)) return { records: body.filter(isObject), around: [] }
  if (!isObject(body)) return { records: [], around: [] }
  const entries: [string, unknown][] = Object.entries(body)
  const found =
    entries.find(([name, value]) => name === key && Array.isArray(value)) ??
    ('totalcount' in body ? entries.find(([, value]) => Array.isArray(value)) : undefined)
  if (found === undefined) return { records: [body], around: [] }
  const [, rows] = found
  // Some lists are lists of lists (recorded for medications).
  const records = Array.isArray(rows) ? rows.flat().filter(isObject) : []
  return { records, around: entries.map(([name]) => name) }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
