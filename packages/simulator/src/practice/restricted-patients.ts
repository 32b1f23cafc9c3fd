/** Patients whose records are for few eyes only: who is told of them. */
import type { Sight } from './practice.ts'
import { patientExists, survivorOf, type PatientTable } from './patient-table.ts'

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
