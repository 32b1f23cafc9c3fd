/** Whether and when a patient signed the practice's privacy forms. */
import { practicePart } from './practice-part.ts'
import type { PracticeState } from './practice-state.ts'

/** The three boxes of the form: privacy notice, release of billing information, assignment of benefits. */
export const privacyBoxes = ['privacynotice', 'patientsignature', 'insuredsignature'] as const
export type PrivacyBox = (typeof privacyBoxes)[number]

/** A signature under one box, by request name. */
export type PrivacySignature = Readonly<Record<string, string>>

type Signed = Readonly<Partial<Record<PrivacyBox, PrivacySignature>>>

/** Signatures by patient. The seed makes none: every one was written. */
export const privacySignatureTable = practicePart<Map<number, Signed>>(() => new Map())

/** True once the patient signed anything here; seeded patients may have signed before. */
export function isPrivacyVerified(state: PracticeState, patient: number): boolean {
  return privacySignatureTable(state).has(patient)
}

export function privacySignatures(state: PracticeState, patient: number): Signed {
  return privacySignatureTable(state).get(patient) ?? {}
}
