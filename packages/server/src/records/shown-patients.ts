import type { Tx } from '../db/db.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import { withheldOfPatients } from './patient-records.sql.ts'
import type { RecordName, Wish } from './record-name.ts'
import type { ChangeRow } from './records.sql.ts'
import { unreadable } from './verify-held.ts'
import { wishesOfPatient } from './wishes-of-patient.ts'

/** Patients whom athenahealth shows now and did not before, as far as we knew. */
export interface ShownPatients {
  /** Ids of those who were not here before, were deleted or merged, also only to be deleted now, or could not be opened. */
  readonly gained: readonly string[]
  /** What nobody need have told meanwhile of those who were withheld, so that no check has missed it. */
  readonly returned: { readonly wishes: readonly Wish[]; readonly patients: readonly string[] }
}

/** Of kinds that are no patients. */
export const nobodyShown: ShownPatients = { gained: [], returned: { wishes: [], patients: [] } }

interface Sent {
  readonly key: string
  readonly name: RecordName
}

/** Whom a page of patients shows anew, and what was withheld of them: each record is back, or it is gone. */
export async function shownPatients(
  tx: Tx,
  keys: PracticeKeys,
  { practice, changes, sent }: { practice: number; changes: readonly ChangeRow[]; sent: readonly Sent[] },
): Promise<ShownPatients> {
  // Also of one whose row could not be opened: nobody could ask for what is this patient's.
  const isNew = ({ what, wasWithheld, fields }: ChangeRow) =>
    what === 'created' || (what === 'restored' && !wasWithheld) || fields.includes(unreadable)
  const isBack = ({ what, wasWithheld }: ChangeRow) => what === 'restored' && wasWithheld === true
  // Also of one who was withheld and is deleted now, or is here for the first time: records may have come before their patient.
  const shown = changes.filter(({ what }) => what === 'created' || what === 'restored' || what === 'deleted')
  const wishes: Wish[] = []
  const withheld = shown.length === 0 ? [] : await withheldOfPatients(tx, practice, keysOf(shown))
  for (const [patient, children] of Map.groupBy(withheld, (row) => row.patient)) {
    wishes.push(...(await wishesOfPatient(tx, keys, { children, patient })))
  }
  const idsOf = (of: readonly ChangeRow[]) => {
    const named = new Set(keysOf(of))
    return sent.filter(({ key }) => named.has(key)).map(({ name }) => name.id)
  }
  const gained = changes.filter((change) => isNew(change) || isUnmerged(change))
  return { gained: idsOf(gained), returned: { wishes, patients: idsOf(changes.filter(isBack)) } }
}

/** Merged no more only to be deleted: what went back was asked of the survivor until now. */
function isUnmerged({ what, other_key }: ChangeRow): boolean {
  return what === 'deleted' && other_key !== undefined
}

function keysOf(changes: readonly ChangeRow[]): string[] {
  return changes.map(({ key }) => key)
}
