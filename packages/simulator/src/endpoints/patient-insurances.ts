/** The insurances of a patient: listed, added, changed, cancelled and brought back, by sequence number or by id. */
import { stateOf } from '../practice/create-practice.ts'
import {
  addInsurance,
  cancelInsurance,
  insurancesInForce,
  isSelfPay,
  reactivateInsurance,
  updateInsurance,
} from '../practice/insurance-changes.ts'
import { insuranceFields, insuranceValue } from '../practice/insurance-fields.ts'
import { insuranceRecord, insurancesOf, type Insurance } from '../practice/patient-insurances.ts'
import { survivorOf } from '../practice/patient-table.ts'
import { Refusal } from '../practice/refusal.ts'
import { seesPatient } from '../practice/restricted-patients.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalid, invalidData, invalidEnum, list, missingFields, ok, one, success } from '../server/reply.ts'
import { orError, orFailure } from './answer-refusal.ts'
import { wasSent } from './chart-requests.ts'
import { sightOf } from './patient-sight.ts'
import {
  dateField,
  departmentField,
  pathAppointment,
  pathNumber,
  pathPatient,
  requireFields,
  stampOf,
} from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

/** The path's patient, the survivor if merged; 400 for a department that there is none of (it chooses a local copy). */
export function insuredPatient(context: RouteContext): number {
  const state = stateOf(context.practice)
  const patient = survivorOf(state.patients, pathPatient(context))
  departmentField(state, context.input)
  return patient
}

function insuranceList(context: RouteContext, patient: number | undefined): Answer {
  const state = stateOf(context.practice)
  const { input } = context
  const items =
    patient === undefined
      ? []
      : input.flag('showcancelled')
        ? insurancesOf(state, patient).toSorted((a, b) => a.sequence - b.sequence || Number(a.id) - Number(b.id))
        : insurancesInForce(state, patient)
  const render = (insurance: Insurance) => insuranceRecord(insurance, input.flag('showfullssn'))
  return list(context, { key: 'insurances', items, render })
}

/**
 * Those of the appointment's patient; nothing is kept for the appointment alone (inferred). Of a restricted patient there
 * are none for who does not ignore restrictions (documented).
 */
function listOfAppointment(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const patient = state.appointments.patient.get(pathAppointment(context))
  const isShown = patient !== 0 && seesPatient(state.patients, patient, sightOf(context.input))
  return insuranceList(context, isShown ? patient : undefined)
}

/** The fields sent, checked; an empty telephone number takes ours away (documented), other empty fields stay. */
function writtenFields(input: Input): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [name, kind] of Object.entries(insuranceFields)) {
    const text = name.startsWith('icd') ? input.list(name).join(',') : (input.text(name) ?? '')
    if (text === '' && !(name === 'insurancephone' && wasSent(input, name))) continue
    const value = insuranceValue(name, text)
    if (value === undefined) throw refusedValue(name, { kind, text })
    fields[name] = value
  }
  checkHolder(fields)
  return fields
}

function refusedValue(name: string, { kind, text }: { kind: string; text: string }): ReplyError {
  if (kind === 'date') return new ReplyError(invalid('date', text))
  if (kind === 'integer') return new ReplyError(invalid('integer', text))
  if (kind === 'flag') return new ReplyError(invalid('boolean', text))
  return new ReplyError(kind === 'sex' ? invalidEnum(name, text) : invalidData(`Invalid ${name}.`))
}

/** What is no person has a name of its own, and so has whom the patient is related to in no other way (documented). */
const nonPerson = '2'
const otherRelationship = '12'

function checkHolder(fields: Readonly<Record<string, string>>): void {
  const { insuredentitytypeid: entity, relationshiptoinsuredid: relationship, insurancepolicyholder: holder } = fields
  if (relationship === otherRelationship && entity !== nonPerson) {
    throw new ReplyError(invalidData('The policy holder must be a non-person.'))
  }
  if (entity === nonPerson && holder === undefined) throw new ReplyError(missingFields(['insurancepolicyholder']))
}

/** What a new policy needs of its holder, unless the patient pays (documented). */
const holderFields = [
  'insurancepolicyholderfirstname',
  'insurancepolicyholderlastname',
  'insurancepolicyholdersex',
] as const

function createInsurance(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const { input } = context
  const patient = insuredPatient(context)
  requireFields(input, ['insurancepackageid', 'sequencenumber'])
  const packageId = input.integer('insurancepackageid') ?? 0
  const sequence = sequenceField(input, 'sequencenumber') ?? 1
  const fields = writtenFields(input)
  if (!isSelfPay(packageId) && fields['insuredentitytypeid'] !== nonPerson) requireFields(input, holderFields)
  if (input.flag('validateinsuranceidnumber') && !/^[A-Za-z0-9-]{3,20}$/.test(fields['insuranceidnumber'] ?? '')) {
    throw new ReplyError(invalidData('Invalid insuranceidnumber.'))
  }
  const added = addInsurance(state, { patient, packageId, sequence, fields }, stampOf(context))
  // Both recorded: who pays for themselves has no policy to show.
  return isSelfPay(packageId) ? success() : one(insuranceRecord(added))
}

/** 1, 2 or 3; 400 for any other number. */
function sequenceField(input: Input, name: string): number | undefined {
  const sequence = input.integer(name)
  if (sequence !== undefined && (sequence < 1 || sequence > 3)) throw new ReplyError(invalidData(`Invalid ${name}.`))
  return sequence
}

/** Id of the insurance that a request names by its path, or else by `sequencenumber`. */
function namedInsurance(context: RouteContext, patient: number): string {
  if (context.path['insuranceid'] !== undefined) return String(pathNumber(context, 'insuranceid'))
  requireFields(context.input, ['sequencenumber'])
  const sequence = sequenceField(context.input, 'sequencenumber')
  const found = insurancesInForce(stateOf(context.practice), patient).find((one) => one.sequence === sequence)
  if (found === undefined) throw new Refusal('unknown_insurance')
  return found.id
}

function changeInsurance(context: RouteContext): Answer {
  const patient = insuredPatient(context)
  const id = namedInsurance(context, patient)
  const sequence = sequenceField(context.input, 'newsequencenumber')
  const change = { patient, id, sequence, fields: writtenFields(context.input) }
  updateInsurance(stateOf(context.practice), change, stampOf(context))
  return success()
}

function removeInsurance(context: RouteContext): Answer {
  const patient = insuredPatient(context)
  const change = { patient, id: namedInsurance(context, patient), note: context.input.text('cancellationnote') }
  cancelInsurance(stateOf(context.practice), change, stampOf(context))
  // The message is recorded for removal by id only.
  return success(context.path['insuranceid'] === undefined ? {} : { message: '' })
}

function reactivate(context: RouteContext): Answer {
  const patient = insuredPatient(context)
  dateField(context.input, 'expirationdate')
  const change = {
    patient,
    id: String(pathNumber(context, 'insuranceid')),
    expires: context.input.text('expirationdate'),
  }
  reactivateInsurance(stateOf(context.practice), change, stampOf(context))
  return ok({ success: true, message: '' })
}

const path = '/patients/{patientid}/insurances'

export const patientInsuranceRoutes: readonly Route[] = [
  { method: 'GET', path, handle: (context) => insuranceList(context, insuredPatient(context)) },
  { method: 'POST', path, handle: orError(createInsurance) },
  { method: 'PUT', path, handle: orError(changeInsurance) },
  { method: 'DELETE', path, handle: orError(removeInsurance) },
  { method: 'PUT', path: `${path}/{insuranceid}`, handle: orError(changeInsurance) },
  { method: 'DELETE', path: `${path}/{insuranceid}`, handle: orError(removeInsurance) },
  { method: 'POST', path: `${path}/{insuranceid}/reactivate`, handle: orFailure('message', reactivate) },
  { method: 'GET', path: '/appointments/{appointmentid}/insurances', handle: listOfAppointment },
]
