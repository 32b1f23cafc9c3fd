import type { EndpointContract } from './endpoint-contract.ts'

/** Names in a body by what stands behind them. */
export interface FieldMarks {
  /** Names of recorded answers of the endpoint. */
  readonly proven: readonly string[]
  /** Names of ours. */
  readonly inferred: readonly string[]
}

/** Totals and links to pages are the same on all lists (recorded on many). */
const ofEveryList = new Set(['totalcount', 'next', 'previous'])

/** Marks the fields of a body's records, and the names around them, by what the contract has as recorded. */
export function markFields(body: unknown, contract: EndpointContract | undefined): FieldMarks {
  const { records, around } = takeApart(body, contract?.key)
  const proven = new Set<string>()
  const inferred = new Set<string>()
  for (const record of records) {
    for (const name of Object.keys(record)) (contract?.fields.has(name) === true ? proven : inferred).add(name)
  }
  for (const name of around) {
    const isKnown = contract?.around.includes(name) === true || ofEveryList.has(name) || isProvenKey(name, contract)
    ;(isKnown ? proven : inferred).add(name)
  }
  return { proven: [...proven].sort(), inferred: [...inferred].sort() }
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
