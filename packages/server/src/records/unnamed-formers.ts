import type { Tx } from '../db/db.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import { formersOf } from './formers.sql.ts'
import { previousPatientIds } from './record-id.ts'
import { recordKinds } from './record-kinds.ts'
import { nameOf, recordKey, type Wish } from './record-name.ts'
import { wishesForPatient } from './wishes-of-patient.ts'
import type { WireRecord } from './wire-record.ts'

/**
 * Patients who count as merged into one of these, that were asked for by id and do not name them any more: each is asked for, since
 * the merge may be undone without a word; so is who was merged into one of them by way of another.
 */
export async function unnamedFormers(
  tx: Tx,
  keys: PracticeKeys,
  { practice, records }: { practice: number; records: readonly WireRecord[] },
): Promise<Wish[]> {
  const kind = recordKinds.patient
  const wishes: Wish[] = []
  for (const record of records) {
    const name = nameOf(kind, record)
    if (!name) continue
    const named = new Set(previousPatientIds(record).map((id) => recordKey(kind, keys, { id })))
    const former = await formersOf(tx, practice, recordKey(kind, keys, name))
    for (const key of former.filter((key) => !named.has(key)))
      wishes.push(...(await wishesForPatient(tx, keys, { practice, patient: key })))
  }
  return wishes
}
