/** A patient signs the practice's privacy forms. */
import { openChart } from './chart-person.ts'
import { announcePatient } from './patient-changes.ts'
import { changeTime, type PracticeState, type Stamp } from './practice-state.ts'
import {
  privacySignatures,
  privacySignatureTable,
  type PrivacyBox,
  type PrivacySignature,
} from './privacy-signatures.ts'

export interface PrivacyVerification {
  /** Not a merged one. */
  readonly patient: number
  /** The boxes that are ticked with this signature. */
  readonly boxes: readonly PrivacyBox[]
  readonly signature: PrivacySignature
}

/** Keeps a signature; the patient's record says from then on that privacy information was verified. Refuses `patient_gone`. */
export function verifyPrivacy(state: PracticeState, input: PrivacyVerification, stamp: Stamp): void {
  const { patient, boxes, signature } = input
  openChart(state, patient)
  changeTime(state, stamp)
  const signed = Object.fromEntries(boxes.map((box) => [box, signature]))
  privacySignatureTable(state).set(patient, { ...privacySignatures(state, patient), ...signed })
  // Inferred: the flag in the record changes.
  announcePatient(state, patient, 'UpdatePatient')
}
