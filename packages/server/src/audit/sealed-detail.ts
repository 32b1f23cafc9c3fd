import type { PracticeKeys } from '../sealing/practice-keys.ts'
import type { EventFacts } from './entry.ts'

/** What is sealed in an entry. */
export interface EntryDetail {
  readonly patientIds?: readonly string[]
  readonly detail?: Readonly<Record<string, unknown>>
}

const detailAt = { table: 'audit.entry', column: 'detail' }

export function sealDetail(keys: PracticeKeys, entryId: string, { patientIds, detail }: EventFacts): Buffer {
  return keys.seal({ ...detailAt, row: entryId }, Buffer.from(JSON.stringify({ patientIds, detail })))
}

/** Opens an entry's detail. Reading it is itself to be audited. */
export function openDetail(keys: PracticeKeys, entryId: string, sealed: Uint8Array): EntryDetail {
  // Sealed by `sealDetail`: authenticated, so the shape is known.
  return JSON.parse(keys.open({ ...detailAt, row: entryId }, sealed).toString()) as EntryDetail
}
