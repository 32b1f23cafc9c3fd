import type { Answer, CallOptions } from '../athena-call.ts'
import { checkId, type Params } from '../call/params.ts'
import { type Patient, type PatientId, patientIdShape, patientShape } from '../records/patient.ts'
import type { OpenParams } from '../request/endpoint-request.ts'
import { coerce } from '../wire/coerce.ts'
import { decodeRecord, isPlainObject } from '../wire/decode-record.ts'
import { documentMethods, patientCaseMethods } from './document-methods.ts'
import { endpointMethods } from './endpoint-methods.ts'
import { listEndpoints } from './endpoints.ts'
import { type List, listOf } from './list.ts'
import type { Methods } from './method-table.ts'
import { patientMethods } from './patient-methods.ts'
import { badAnswer, getOne, type Id, pickRecord, type PracticeApi, send } from './practice-api.ts'

/** Dates are `YYYY-MM-DD`. Parameters go by athenahealth's names. */
export interface PatientIdentity {
  readonly firstname: string
  readonly lastname: string
  readonly dob: string
}

/** Patients of the practice. Fields are checked against athenahealth's lengths before anything is sent. */
export interface Patients extends Methods<typeof patientMethods> {
  /** Patients by field values; one of the calls athenahealth asks to use sparingly and with narrow conditions. */
  list(query?: OpenParams<'GET /patients'>, options?: CallOptions): List<Patient>
  /**
   * One patient as a department sees it (`departmentid` picks the copy of the chart). A merged patient's old id is not
   * answered with the surviving record: that is `wrong-record`.
   */
  get(id: Id, query?: OpenParams<'GET /patients/{patientid}'>, options?: CallOptions): Promise<Answer<Patient>>
  /**
   * The patient that a merged one lives on in: athenahealth answers for the old id with the survivor (inferred), and only
   * a record that names the old id among its previous ones is taken for it. Anything else is `wrong-record`.
   */
  survivorOf(id: Id, options?: CallOptions): Promise<Answer<Patient>>
  /** By part of a name, or a whole id; at most `maxresults` (50). Recommended over `list`. */
  search(query: OpenParams<'GET /patients/search'> & { searchterm: string }, options?: CallOptions): List<Patient>
  /** Candidates with their `score`. Give at least four details: names, date of birth and one of phone, e-mail, zip, SSN. */
  bestMatch(
    query: OpenParams<'GET /patients/enhancedbestmatch'> & PatientIdentity,
    options?: CallOptions,
  ): List<Patient>
  /**
   * Creates a patient, or answers with the id of one that athenahealth holds for the same person. Never sent twice: after
   * an error whose `executed` is `unknown`, search before trying again.
   */
  create(fields: OpenParams<'POST /patients'>, options?: CallOptions): Promise<Answer<PatientId>>
  /** Changes fields; `status: 'deleted'` removes. */
  update(
    id: Id,
    fields: OpenParams<'PUT /patients/{patientid}', 'status'>,
    options?: CallOptions,
  ): Promise<Answer<PatientId>>
  /** Documents of a patient. */
  readonly documents: PatientDocuments
}

/** Documents of a patient, all classes together and class by class. */
export interface PatientDocuments extends Methods<typeof documentMethods> {
  /** Questions and requests that somebody at the practice works on. */
  readonly patientCases: Methods<typeof patientCaseMethods>
}

/** Makes the methods of patients. */
export function patientsOf(api: PracticeApi): Patients {
  return {
    ...endpointMethods(api, patientMethods),
    list: (query, options) => listOf(api, listEndpoints.patients, { query, options }),
    get: (id, query, options) =>
      getOne(api, { route: '/patients/{patientid}', idField: 'patientid', id, shape: patientShape, query, options }),
    survivorOf: (id, options) => survivorOf(api, id, options),
    search: (query, options) => listOf(api, listEndpoints.patientSearch, { query, options }),
    bestMatch: (query, options) => listOf(api, listEndpoints.bestMatch, { query, options }),
    create: (fields, options) => createPatient(api, fields, options),
    update: (id, fields, options) => updatePatient(api, { id, fields }, options),
    documents: {
      ...endpointMethods(api, documentMethods),
      patientCases: endpointMethods(api, patientCaseMethods),
    },
  }
}

async function survivorOf(api: PracticeApi, id: Id, options?: CallOptions): Promise<Answer<Patient>> {
  const patientid = checkId('patientid', id)
  const answered = await send(api, {
    method: 'GET',
    route: '/patients/{patientid}',
    path: { patientid },
    query: { showpreviouspatientids: true },
    ...(options && { options }),
  })
  const { value, raw, meta } = answered
  const candidates: readonly unknown[] = Array.isArray(value) ? value : [value]
  const survivor = candidates.find(
    (candidate) => isPlainObject(candidate) && previousIds(candidate).includes(patientid),
  )
  const { record } = decodeRecord(patientShape, survivor)
  if (!record) throw badAnswer(answered, 'wrong-record', 'no patient that this one was merged into')
  return { value: record, raw, meta }
}

/** Former ids of a patient: a list or words between commas, of ids or of objects (shape unconfirmed). */
function previousIds({ previouspatientids: sent }: Record<string, unknown>): unknown[] {
  const list: readonly unknown[] = typeof sent === 'string' ? sent.split(',') : Array.isArray(sent) ? sent : [sent]
  return list.map((item) => {
    const value = isPlainObject(item) ? (item['previouspatientid'] ?? item['patientid']) : item
    return coerce.id(typeof value === 'string' ? value.trim() : value)
  })
}

async function createPatient(api: PracticeApi, form: Params, options?: CallOptions): Promise<Answer<PatientId>> {
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
