/** Patients: registered, changed, deleted and merged. */
import { appointmentsOf, linkPatient } from './appointment-table.ts'
import { dateText, parseDate } from './calendar-date.ts'
import { announceMergedCharts } from './chart-merge.ts'
import { announcePassedClaims, passClaimsOn } from './claim-changes.ts'
import { announceMergedDocuments } from './document-changes.ts'
import { markModified, startsBefore } from './fill-slot.ts'
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
import { announceAppointment, begin } from './slot-changes.ts'
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

export interface Merge {
  /** The patient that ends, and the one that stays. */
  readonly from: number
  readonly into: number
}

/**
 * Merges two patients: the first one's appointments and earlier merges pass to the survivor, and its id answers as the
 * survivor from then on. Refuses `unknown_patient`, `patient_gone`, `same_patient`.
 */
export function mergePatients(state: PracticeState, { from, into }: Merge, stamp: Stamp): void {
  const { patients } = state
  if (!patientExists(patients, from) || !patientExists(patients, into)) throw new Refusal('unknown_patient')
  if (from === into) throw new Refusal('same_patient')
  for (const id of [from, into]) {
    if (patientStatus(patients, id) === 'merged' || patientStatus(patients, id) === 'deleted') {
      throw new Refusal('patient_gone')
    }
  }
  changeTime(state, stamp)
  patients.status.set(from, patientStatuses.indexOf('merged'))
  patients.survivor.set(from, into)
  patients.mergedFrom.set(into, [
    ...(patients.mergedFrom.get(into) ?? []),
    from,
    ...(patients.mergedFrom.get(from) ?? []),
  ])
  relist(patients, from, patients.department.get(from))
  inheritVisits(state, { from, into })
  const claims = passClaimsOn(state, from, into)
  // Read the whole chain before relinking cuts it.
  const visits = [...appointmentsOf(state, from)].toReversed()
  for (const position of visits) {
    linkPatient(state, position, into)
    markModified(state.appointments, position, begin(state, stamp))
    announceAppointment(state, position, 'UpdateAppointment')
  }
  patients.appointments.set(from, 0)
  announcePatient(state, into, 'MergePatient')
  announceMergedCharts(state, from, into)
  announcePassedClaims(state, claims)
  announceMergedDocuments(state, { from, into }, visits)
}

function inheritVisits(state: PracticeState, { from, into }: Merge): void {
  const { patients, appointments: table } = state
  const first = patients.firstVisit.get(from)
  const last = patients.lastVisit.get(from)
  const ownFirst = patients.firstVisit.get(into)
  const ownLast = patients.lastVisit.get(into)
  if (first !== 0 && (ownFirst === 0 || startsBefore(table, first - 1, ownFirst - 1))) {
    patients.firstVisit.set(into, first)
  }
  if (last !== 0 && (ownLast === 0 || startsBefore(table, ownLast - 1, last - 1))) patients.lastVisit.set(into, last)
}

export interface CustomFieldValues {
  readonly patient: number
  /** Values by custom field id. */
  readonly values: Readonly<Record<string, string>>
}

/** Sets custom field values; an empty one takes the value away. Refuses `unknown_patient`, `unknown_custom_field`. */
export function setCustomFields(state: PracticeState, input: CustomFieldValues, stamp: Stamp): void {
  const { patients } = state
  if (!patientExists(patients, input.patient)) throw new Refusal('unknown_patient')
  const known = new Set(state.customFields.map((field) => field.id))
  if (Object.keys(input.values).some((id) => !known.has(id))) throw new Refusal('unknown_custom_field')
  const id = survivorOf(patients, input.patient)
  changeTime(state, stamp)
  const values = Object.entries({ ...patients.customFields.get(id), ...input.values })
  patients.customFields.set(id, Object.fromEntries(values.filter(([, value]) => value !== '')))
  announcePatient(state, id, 'UpdatePatientCustomField')
}
