import type { Answer, CallOptions } from '../athena-call.ts'
import { checkId, type Params } from '../call/params.ts'
import { type Patient, type PatientId, patientIdShape, patientShape } from '../records/patient.ts'
import { decodeRecord, isPlainObject } from '../wire/decode-record.ts'
import { listEndpoints } from './endpoints.ts'
import { listOf } from './list.ts'
import { checkPatientFields } from './patient-field-limits.ts'
import { badAnswer, getOne, type Id, pickRecord, type PracticeApi, send } from './practice-api.ts'

/** Dates are `YYYY-MM-DD`. Parameters go by athenahealth's names. */
export interface PatientIdentity {
  readonly firstname: string
  readonly lastname: string
  readonly dob: string
}

/** Patients of the practice. Fields are checked against athenahealth's lengths before anything is sent. */
export function patientsOf(api: PracticeApi) {
  return {
    /** Patients by field values; one of the calls athenahealth asks to use sparingly and with narrow conditions. */
    list: (query?: Params, options?: CallOptions) => listOf(api, listEndpoints.patients, { query, options }),
    /**
     * One patient as a department sees it (`departmentid` picks the copy of the chart). A merged patient's old id is not
     * answered with the surviving record: that is `wrong-record`.
     */
    get: (id: Id, query?: Params, options?: CallOptions): Promise<Answer<Patient>> =>
      getOne(api, { route: '/patients/{patientid}', idField: 'patientid', id, shape: patientShape, query, options }),
    /** By part of a name, or a whole id; at most `maxresults` (50). Recommended over `list`. */
    search: (query: Params & { searchterm: string }, options?: CallOptions) =>
      listOf(api, listEndpoints.patientSearch, { query, options }),
    /** Candidates with their `score`. Give at least four details: names, date of birth and one of phone, e-mail, zip, SSN. */
    bestMatch: (query: Params & PatientIdentity, options?: CallOptions) =>
      listOf(api, listEndpoints.bestMatch, { query, options }),
    /**
     * Creates a patient, or answers with the id of one that athenahealth holds for the same person. Never sent twice: after
     * an error whose `executed` is `unknown`, search before trying again.
     */
    create: (fields: Params & PatientIdentity & { departmentid: Id }, options?: CallOptions) =>
      createPatient(api, fields, options),
    /** Changes fields; `status: 'deleted'` removes. */
    update: (id: Id, fields: Params, options?: CallOptions) => updatePatient(api, { id, fields }, options),
  }
}

async function createPatient(api: PracticeApi, form: Params, options?: CallOptions): Promise<Answer<PatientId>> {
  checkPatientFields(form)
  const answered = await send(api, { method: 'POST', route: '/patients', form, ...(options && { options }) })
  const { value, raw, meta } = answered
  const first: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
  const { record } = decodeRecord(patientIdShape, first)
  if (!record || !isPlainObject(first)) throw badAnswer(answered, 'malformed-response', 'no patient id in it')
  return { value: record, raw, meta }
}

async function updatePatient(
  api: PracticeApi,
  { id, fields }: { id: Id; fields: Params },
  options?: CallOptions,
): Promise<Answer<PatientId>> {
  checkPatientFields(fields)
  const patientid = checkId('patientid', id)
  const answered = await send(api, {
    method: 'PUT',
    route: '/patients/{patientid}',
    path: { patientid },
    form: fields,
    ...(options && { options }),
  })
  return pickRecord(answered, patientIdShape, { patientid })
}
