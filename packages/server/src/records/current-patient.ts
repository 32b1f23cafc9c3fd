import type { Tx } from '../db/db.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import { openIfPossible } from './open-record.ts'
import { idOf } from './record-id.ts'
import { heldRecord, survivorKey } from './patient-records.sql.ts'

/** A chain of merges longer than this is a circle. */
const hopsMax = 20

/** A patient as athenahealth calls it now, as far as we know. */
export interface CurrentPatient {
  /** Undefined of a survivor whose row cannot be opened. */
  readonly id: string | undefined
  /** Where the patient is registered. */
  readonly departmentId: string | undefined
}

/** The patient itself, or the survivor of the merges it went through. */
export async function currentPatient(
  tx: Tx,
  keys: PracticeKeys,
  { practice, patientId }: { practice: number; patientId: string },
): Promise<CurrentPatient> {
  const own: string = keys.pseudonym('patient', patientId)
  let key = own
  for (let hops = 0; hops < hopsMax; hops += 1) {
    const survivor = await survivorKey(tx, { practice, kind: 'patient' }, key)
    if (survivor === undefined) break
    key = survivor
  }
  const held = await heldRecord(tx, { practice, kind: 'patient' }, key)
  if (!held) return { id: patientId, departmentId: undefined }
  await keys.loadPatients(tx, [key as Pseudonym]) // a patient's key is one
  const body = openIfPossible(keys, 'patient', held)
  if (!body) return { id: key === own ? patientId : undefined, departmentId: undefined }
  return {
    id: idOf(body.patientid) ?? patientId,
    departmentId: idOf(body.primarydepartmentid) ?? idOf(body.departmentid),
  }
}
