/** The patient case by which the staff learn that someone new will come. */
import { addDocument } from './document-changes.ts'
import { plainCase } from './document.ts'
import { listed, type PracticeState, type Stamp } from './practice-state.ts'

/**
 * Opens a case about the booked appointment of a new patient: documented for bookings of callers, unless they ask for none.
 * Inferred: who is new has never been seen and was registered since the practice began, or booked a reason for new
 * patients; source, subclass and words of the case.
 */
export function openNewPatientCase(state: PracticeState, position: number, stamp: Stamp): void {
  const { appointments: table } = state
  if (!isNew(state, position)) return
  const fields = {
    source: 'PATIENT',
    route: 'PHONE',
    subject: 'New patient appointment booked',
    provider: table.provider.get(position),
    appointment: position,
    patientCase: plainCase,
  }
  const patient = table.patient.get(position)
  const department = table.department.get(position)
  addDocument(state, { class: 'PATIENTCASE', subclass: 'PATIENTCASE_OTHER', patient, department, fields }, stamp)
}

function isNew({ appointments: table, patients, reasons }: PracticeState, position: number): boolean {
  const patient = table.patient.get(position)
  if (patients.firstVisit.get(patient) !== 0) return false
  const reason = table.reason.get(position)
  const isForNew = reason !== 0 && listed(reasons, reason - 1).audience === 'new'
  return isForNew || patients.edits.get(patient)?.['registrationdate'] !== undefined
}
