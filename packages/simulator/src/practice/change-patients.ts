/** Changes of patients, given as plain JSON. */
import type { Id, Runner } from './change-fields.ts'
import { mergePatients, unmergePatient } from './merge-patients.ts'
import { addPatient, setCustomFields, updatePatient } from './patient-changes.ts'
import { checkPatientFields } from './patient-fields.ts'
import type { PatientFields } from './patient-table.ts'
import { setRestricted } from './restricted-patients.ts'

/** What happens to patients. */
export type PatientChange =
  | { readonly kind: 'addpatient'; readonly fields: PatientFields }
  | { readonly kind: 'updatepatient'; readonly patient: Id; readonly fields: PatientFields }
  | { readonly kind: 'deletepatient'; readonly patient: Id }
  | { readonly kind: 'restrictpatient' | 'unrestrictpatient'; readonly patient: Id }
  | { readonly kind: 'mergepatients'; readonly from: Id; readonly into: Id }
  | { readonly kind: 'unmergepatient'; readonly patient: Id }
  | { readonly kind: 'setcustomfields'; readonly patient: Id; readonly values: PatientFields }

function checkedFields(fields: PatientFields, now: number): PatientFields {
  const checked = checkPatientFields(Object.entries(fields), now)
  const wrong = [...checked.invalid, ...checked.problems.map(({ name }) => name)]
  if (checked.improperBirthDate) wrong.push('dob')
  if (wrong.length > 0) throw new RangeError(`the patient's ${wrong.join(', ')} cannot be taken as sent`)
  return checked.fields
}

const register: Runner = (state, fields, stamp) => {
  const checked = checkedFields(fields.record('fields'), stamp.at)
  for (const name of ['firstname', 'lastname', 'dob', 'departmentid']) {
    if (checked[name] === undefined) throw new RangeError(`a new patient needs "${name}"`)
  }
  addPatient(state, checked, stamp)
}

export const patientRunners: Readonly<Record<PatientChange['kind'], Runner>> = {
  addpatient: register,
  updatepatient: (state, fields, stamp) => {
    const id = Number(fields.text('patient'))
    updatePatient(state, { id, fields: checkedFields(fields.record('fields'), stamp.at) }, stamp)
  },
  deletepatient: (state, fields, stamp) => {
    updatePatient(state, { id: Number(fields.text('patient')), fields: { status: 'deleted' } }, stamp)
  },
  restrictpatient: (state, fields, stamp) => {
    setRestricted(state, { patient: Number(fields.text('patient')), restricted: true }, stamp)
  },
  unrestrictpatient: (state, fields, stamp) => {
    setRestricted(state, { patient: Number(fields.text('patient')), restricted: false }, stamp)
  },
  mergepatients: (state, fields, stamp) => {
    const [from, into] = [Number(fields.text('from')), Number(fields.text('into'))]
    mergePatients(state, { from, into }, stamp)
  },
  unmergepatient: (state, fields, stamp) => unmergePatient(state, Number(fields.text('patient')), stamp),
  setcustomfields: (state, fields, stamp) => {
    setCustomFields(state, { patient: Number(fields.text('patient')), values: fields.record('values') }, stamp)
  },
}
