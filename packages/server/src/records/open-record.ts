import { AegisError } from '../errors/aegis-error.ts'
import { cannotBeOpened } from '../sealing/is-unreadable.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import type { Kind } from './record-kind.ts'
import type { WireRecord } from './wire-record.ts'

/** Whose record it is: seals and opens under that patient's key, or the practice's where it is about nobody. */
interface Owner {
  readonly key: string
  readonly patient: string | null
}

/** Opens a sealed record of the mirror. Fails when the ciphertext belongs to another row, practice or patient. */
export function openRecord(
  keys: PracticeKeys,
  kind: Kind,
  row: Owner & { readonly sealed: Buffer | null },
): WireRecord {
  if (row.sealed === null) throw new AegisError('internal.unexpected', { kind }) // it was said not to be needed
  const bytes = keys.open(recordPlace(kind, row), row.sealed)
  return JSON.parse(bytes.toString('utf8')) as WireRecord // sealed by sealRecord below
}

/** As `openRecord`; undefined where it cannot be opened any more, which holds up nothing else. */
export function openIfPossible(...sealed: Parameters<typeof openRecord>): WireRecord | undefined {
  try {
    return openRecord(...sealed)
  } catch (error) {
    if (cannotBeOpened(error)) return undefined
    throw error
  }
}

/** Seals a record, given as JSON text, for its row. */
export function sealRecord(keys: PracticeKeys, kind: Kind, row: Owner & { readonly text: string }): Buffer {
  return keys.seal(recordPlace(kind, row), Buffer.from(row.text, 'utf8'))
}

function recordPlace(kind: Kind, { key, patient }: Owner) {
  const place = { table: 'aegis.record', column: 'sealed', row: `${kind}:${key}` }
  return patient === null ? place : { ...place, patient: patient as Pseudonym } // stored from a Pseudonym
}
