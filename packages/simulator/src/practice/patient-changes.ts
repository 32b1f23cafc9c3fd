/** Patients: registered, changed and deleted; see `merge-patients.ts` for merges. */
import { dateText, parseDate } from './calendar-date.ts'
import { openChart } from './chart-person.ts'
import {
  nameNumber,
  patientExists,
  patientStatus,
  patientStatuses,
  relist,
  survivorOf,
  type PatientFields,
} from './patient-table.ts'
import {
  announce,
  changeTime,
  departmentById,
  listed,
  providerById,
  type PracticeState,
  type Stamp,
} from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { eastern, wallTime } from './zone-time.ts'

export type PatientEventName =
  | 'AddPatient'
  | 'DeletePatient'
  | 'UpdatePatient'
  | 'MergePatient'
  | 'UpdatePatientCustomField'

/** Announces a change of one patient under its department of registration. */
export function announcePatient(state: PracticeState, id: number, name: PatientEventName): void {
  const department = listed(state.departments, state.patients.department.get(id))
  announce(state, { feed: 'patients', name, id: String(id), departmentId: department.id })
}

/**
 * Registers a patient from checked fields (`patient-fields.ts`), which have names, date of birth and department; answers
 * the new id. Whether the person is known already is not asked here. Refuses `unknown_department`, `unknown_provider`.
 */
export function addPatient(state: PracticeState, fields: PatientFields, stamp: Stamp): number {
  checkReferences(state, fields)
  const { patients } = state
  const at = changeTime(state, stamp)
  const id = patients.count + 1
  patients.count = id
  patients.edits.set(id, { registrationdate: dateText(wallTime(eastern, at).day), ...fields })
  writeColumns(state, id, fields)
  relist(patients, id, patients.department.get(id))
  announcePatient(state, id, 'AddPatient')
  return id
}

/**
 * Changes a patient, or its survivor when merged, and answers the id changed. `status=deleted` deletes.
 * Refuses `unknown_patient`, `unknown_department`, `unknown_provider`.
 */
export function updatePatient(state: PracticeState, input: PatientUpdate, stamp: Stamp): number {
  const { patients } = state
  if (!patientExists(patients, input.id)) throw new Refusal('unknown_patient')
  checkReferences(state, input.fields)
  const id = survivorOf(patients, input.id)
  const before = { status: patientStatus(patients, id), department: patients.department.get(id) }
  changeTime(state, stamp)
  patients.edits.set(id, { ...patients.edits.get(id), ...input.fields })
  writeColumns(state, id, input.fields)
  relist(patients, id, before.department)
  const deleted = patientStatus(patients, id) === 'deleted' && before.status !== 'deleted'
  announcePatient(state, id, deleted ? 'DeletePatient' : 'UpdatePatient')
  return id
}

export interface PatientUpdate {
  readonly id: number
  readonly fields: PatientFields
}

function checkReferences(state: PracticeState, fields: PatientFields): void {
  for (const name of ['departmentid', 'primarydepartmentid']) {
    const id = fields[name]
    if (id !== undefined && departmentById(state, id) === undefined) throw new Refusal('unknown_department')
  }
  const provider = fields['primaryproviderid']
  if (provider !== undefined && providerById(state, provider) === undefined) throw new Refusal('unknown_provider')
}

/** Writes the fields that are kept in columns. */
function writeColumns({ patients, departments, providers }: PracticeState, id: number, fields: PatientFields): void {
  const { firstname, lastname, dob, departmentid, primaryproviderid, status } = fields
  if (firstname !== undefined) patients.givenName.set(id, nameNumber(patients.givenNames, firstname))
  if (lastname !== undefined) patients.surname.set(id, nameNumber(patients.surnames, lastname))
  const birthDay = dob === undefined ? undefined : parseDate(dob)
  if (birthDay !== undefined) patients.birthDay.set(id, birthDay)
  const department = departments.findIndex((candidate) => candidate.id === departmentid)
  if (department >= 0) patients.department.set(id, department)
  const provider = providers.findIndex((candidate) => candidate.id === primaryproviderid)
  if (provider >= 0) patients.provider.set(id, provider + 1)
  const code = patientStatuses.findIndex((candidate) => candidate === status)
  if (code >= 0) patients.status.set(id, code)
}

export interface CustomFieldValues {
  readonly patient: number
  /** Values by custom field id. */
  readonly values: Readonly<Record<string, string>>
}

/** Sets custom field values; an empty one takes the value away. Refuses `unknown_patient`, `patient_gone`, `unknown_custom_field`. */
export function setCustomFields(state: PracticeState, input: CustomFieldValues, stamp: Stamp): void {
  const { patients } = state
  const id = openChart(state, input.patient)
  const known = new Set(state.customFields.map((field) => field.id))
  if (Object.keys(input.values).some((id) => !known.has(id))) throw new Refusal('unknown_custom_field')
  changeTime(state, stamp)
  const values = Object.entries({ ...patients.customFields.get(id), ...input.values })
  patients.customFields.set(id, Object.fromEntries(values.filter(([, value]) => value !== '')))
  announcePatient(state, id, 'UpdatePatientCustomField')
}
