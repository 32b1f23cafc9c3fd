import type { Tx } from '../db/db.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import { formersOf } from './formers.sql.ts'
import { openIfPossible } from './open-record.ts'
import { previousPatientIds } from './record-id.ts'
import { recordKinds } from './record-kinds.ts'
import { nameOf, recordKey, type Wish, wishForHeld } from './record-name.ts'
import type { WireRecord } from './wire-record.ts'

/**
 * Patients who count as merged into one of these, that were asked for by id and do not name them any more: each is asked for, since
 * the merge may be undone without a word.
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
    const rows = await formersOf(tx, practice, recordKey(kind, keys, name))
    const unnamed = rows.filter(({ key }) => !named.has(key))
    await keys.loadPatients(tx, unnamed.map(({ key }) => key) as Pseudonym[]) // a patient's key is one
    for (const row of unnamed) {
      const body = openIfPossible(keys, 'patient', row)
      const wish = body && wishForHeld('patient', keys, body)
      if (wish) wishes.push({ ...wish, isAsHeld: false })
    }
  }
  return wishes
}
