import type { Tx } from '../db/db.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import { openIfPossible } from './open-record.ts'
import { heldRecord } from './patient-records.sql.ts'
import { recordKinds } from './record-kinds.ts'
import { type Wish, wishForHeld } from './record-name.ts'
import type { ChildRow } from './records.sql.ts'

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
    const body = openIfPossible(keys, kind, { key, patient, sealed })
    return (body && wishForHeld(kind, keys, body)) ?? []
  })
}

/** A patient, to be asked for by what is held; nothing of one who is not held or cannot be opened. */
export async function wishesForPatient(
  tx: Tx,
  keys: PracticeKeys,
  { practice, patient }: { practice: number; patient: string },
): Promise<Wish[]> {
  const held = await heldRecord(tx, { practice, kind: 'patient' }, patient)
  if (!held) return []
  await keys.loadPatients(tx, [patient as Pseudonym]) // the key of a patient is one
  const body = openIfPossible(keys, 'patient', { ...held, patient })
  const wish = body && wishForHeld('patient', keys, body)
  return wish ? [{ ...wish, isAsHeld: false }] : []
}
