/** Patients whose records are for few eyes only: who is told of them. */
import type { Sight } from './practice.ts'
import { announcePatient } from './patient-changes.ts'
import { patientExists, survivorOf, type PatientTable } from './patient-table.ts'
import { changeTime, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'

/** Whether a caller who asks so may know of the patient. A merged patient is what its survivor is. */
export function seesPatient(patients: PatientTable, asked: number, sight: Sight): boolean {
  if (!patientExists(patients, asked)) return true
  const restricted = patients.restricted.get(survivorOf(patients, asked)) === 1
  if (patients.traits.restrictions === 'hidden') return !restricted || sight.ignoreRestrictions
  return sight.confidentialityCodes?.has(restricted ? 'R' : 'N') ?? true
}

/** Whether there may be patients that a caller who asks so does not see: otherwise nobody need be looked at. */
export function limitsSight({ traits }: PatientTable, sight: Sight): boolean {
  return traits.restrictions === 'hidden' ? !sight.ignoreRestrictions : sight.confidentialityCodes !== undefined
}

/** Sees every patient: the practice's own staff. */
export const staffSight: Sight = { ignoreRestrictions: true, confidentialityCodes: undefined }

/**
 * Restricts a patient's record to few eyes, or frees it again. Who follows the feed is told of a change of the patient and
 * from then on sees, or no longer sees, what it is about (inferred). Refuses `unknown_patient`.
 */
export function setRestricted(
  state: PracticeState,
  { patient, restricted }: { readonly patient: number; readonly restricted: boolean },
  stamp: Stamp,
): void {
  const { patients } = state
  if (!patientExists(patients, patient)) throw new Refusal('unknown_patient')
  const id = survivorOf(patients, patient)
  changeTime(state, stamp)
  patients.restricted.set(id, restricted ? 1 : 0)
  announcePatient(state, id, 'UpdatePatient')
}
