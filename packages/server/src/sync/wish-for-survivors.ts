import type { Tx } from '../db/db.ts'
import { patientsWithFormers } from '../records/formers.sql.ts'
import { openIfPossible } from '../records/open-record.ts'
import { wishForHeld } from '../records/record-name.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import { noteWishes } from './note-wishes.ts'

/**
 * Asks each survivor of a merge whom it names still, after a snapshot of patients: lists do not tell of merges, and show nobody who was
 * deleted as soon as a merge was undone. Of a former patient who is not held the survivor alone can be asked.
 */
export async function wishForSurvivors(tx: Tx, keys: PracticeKeys, practice: number): Promise<void> {
  for (let after = ''; ; ) {
    const rows = await patientsWithFormers(tx, practice, after)
    const last = rows.at(-1)
    if (!last) return
    after = last.key
    await keys.loadPatients(tx, rows.map(({ key }) => key) as Pseudonym[]) // a patient's key is one
    const wishes = rows.flatMap((row) => {
      const body = openIfPossible(keys, 'patient', row)
      return (body && wishForHeld('patient', keys, body)) ?? []
    })
    await noteWishes(tx, keys, { practice, wishes })
  }
}
