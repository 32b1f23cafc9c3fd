import type { Tx } from '../db/db.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import { openRecord } from './open-record.ts'
import type { Kind } from './record-kind.ts'
import { recordKinds } from './record-kinds.ts'
import { type Wish, wishForHeld } from './record-name.ts'
import type { ChildRow } from './records.sql.ts'
import type { WireRecord } from './wire-record.ts'

/** Records of a patient, to be asked for by what they say of themselves, which is sealed. */
export async function wishesOfPatient(
  tx: Tx,
  keys: PracticeKeys,
  { children, patient }: { children: readonly ChildRow[]; patient: string },
): Promise<Wish[]> {
  if (children.length === 0) return []
  await keys.loadPatients(tx, [patient as Pseudonym]) // the key of a patient is one
  return children.flatMap(({ kind, key, sealed }) => {
    // One that cannot be opened is asked for where its key is its id.
    if (recordKinds[kind].keyedBy === 'id') return [{ kind, key, asks: key }]
    const body = bodyOf(keys, kind, { key, patient, sealed })
    return (body && wishForHeld(kind, keys, body)) ?? []
  })
}

/** The body of a record; undefined where it cannot be opened. */
export function bodyOf(
  keys: PracticeKeys,
  kind: Kind,
  row: { key: string; patient: string; sealed: Buffer | null },
): WireRecord | undefined {
  try {
    return openRecord(keys, kind, row)
  } catch (error) {
    if (isAegisError(error, 'sealing.unreadable') || isAegisError(error, 'sealing.key-missing')) return undefined
    throw error
  }
}
