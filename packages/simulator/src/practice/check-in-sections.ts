/** What must be known of a patient before a visit can begin. */
import { statusOf } from './appointment-table.ts'
import { patientRecord } from './patient-record.ts'
import type { PracticeState } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import type { CheckInSectionName } from './scheduling-rules.ts'

/** What must be filled in before a patient can be checked in, as `checkinrequired` lists it. */
export const checkInFields: readonly string[] = ['firstname', 'lastname', 'dob', 'homephone']

export interface CheckInSection {
  readonly name: CheckInSectionName
  readonly required: boolean
  readonly complete: boolean
  /** Whether each field is filled in; none where the section is a question of its own. */
  readonly fields: Readonly<Record<string, boolean>> | readonly []
}

/**
 * The sections of an appointment's check-in. The names are ours: that there are named sections with these four properties
 * is recorded, which there are is not. Refuses `not_booked` for a slot and for a cancelled appointment.
 */
export function checkInSections(state: PracticeState, position: number): CheckInSection[] {
  const status = statusOf(state.appointments, position)
  if (status === 'o' || status === 'x') throw new Refusal('not_booked')
  const patient = patientRecord(state, state.appointments.patient.get(position))
  const fields = Object.fromEntries(checkInFields.map((name) => [name, Boolean(patient[name])]))
  const required = new Set<CheckInSectionName>(state.rules.requiredForCheckIn)
  return [
    {
      name: 'PATIENTINFORMATION',
      required: required.has('PATIENTINFORMATION'),
      complete: Object.values(fields).every(Boolean),
      fields,
    },
    {
      name: 'PRIVACYNOTICE',
      required: required.has('PRIVACYNOTICE'),
      complete: patient['privacyinformationverified'] === true,
      fields: [],
    },
  ]
}

/** Names of the sections that are required and not complete. Refuses `not_booked`. */
export function openSections(state: PracticeState, position: number): CheckInSectionName[] {
  return checkInSections(state, position).flatMap(({ name, required, complete }) =>
    required && !complete ? [name] : [],
  )
}
