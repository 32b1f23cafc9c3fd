/** Pictures on file: put there, replaced, taken away. The patient's record shows whether there is one. */
import { openChart } from './chart-person.ts'
import { announcePatient } from './patient-changes.ts'
import { removeImage, setImage, type ImageKey } from './patient-images.ts'
import { changeTime, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'

export interface ImageChange extends ImageKey {
  /** Whose record shows it; not a merged one. */
  readonly patient: number
}

/** Tells of the patient when its record shows such pictures: it does not those of insurance cards. */
function tell(state: PracticeState, { kind, patient }: ImageChange): void {
  if (kind !== 'insurancecard') announcePatient(state, patient, 'UpdatePatient')
}

/** Keeps a picture (base64) in the place of the one before. Refuses `patient_gone`. */
export function keepImage(state: PracticeState, change: ImageChange & { readonly image: string }, stamp: Stamp): void {
  openChart(state, change.patient)
  changeTime(state, stamp)
  setImage(state, change, change.image)
  tell(state, change)
}

/** Refuses `patient_gone`, and `unknown_record` when there is none. */
export function dropImage(state: PracticeState, change: ImageChange, stamp: Stamp): void {
  openChart(state, change.patient)
  if (!removeImage(state, change)) throw new Refusal('unknown_record')
  changeTime(state, stamp)
  tell(state, change)
}
