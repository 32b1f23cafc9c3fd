/** Patients written: registered with a check whether they are known, changed, deleted by status. */
import { parseDate } from '../practice/calendar-date.ts'
import { stateOf } from '../practice/create-practice.ts'
import { automatchScore, matchPatients } from '../practice/match-patients.ts'
import { addPatient, updatePatient } from '../practice/patient-changes.ts'
import { checkPatientFields, type CheckedFields, type FieldProblem } from '../practice/patient-fields.ts'
import { patientRecord } from '../practice/patient-record.ts'
import type { PatientFields } from '../practice/patient-table.ts'
import { patientWriteFields } from '../practice/patient-write-fields.ts'
import type { Sight } from '../practice/practice.ts'
import { departmentById, type PracticeState } from '../practice/practice-state.ts'
import { ReplyError, type Reply, type Route, type RouteContext } from '../route.ts'
import { invalid, invalidData, invalidEnum, missingFields, one, refused } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { sightOf } from './patient-sight.ts'
import { pathPatient, stampOf } from './request-fields.ts'

const required = ['firstname', 'lastname', 'dob', 'departmentid'] as const
/** One of these must come too (documented): with it the name and date of birth can match a known patient. */
const identifying = ['email', 'guarantoremail', 'ssn', 'homephone', 'mobilephone', 'workphone', 'zip'] as const

function readFields({ input, now }: RouteContext): CheckedFields {
  const sent = new Map<string, string>()
  for (const [rawName, value] of input.entries) {
    const name = rawName.toLowerCase().replace(/\[[^\]]*\]$/, '')
    const known = sent.get(name)
    if (known === undefined || known === '') sent.set(name, value)
    // Of a field sent twice the first value counts, of a list all do.
    else if (patientWriteFields[name]?.kind === 'codes') sent.set(name, `${known}\t${value}`)
  }
  return checkPatientFields(sent, now)
}

function createPatient(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  const checked = readFields(context)
  const missing = required.filter((name) => input.text(name) === undefined)
  // A number that is none was dropped and identifies nobody (documented: it may result in an error).
  const lacksIdentifying = identifying.every((name) => (checked.fields[name] ?? '') === '')
  // Recorded order: required fields first, then the date of birth, then whether the patient is known.
  if (missing.length > 0 || lacksIdentifying) {
    throw new ReplyError(missingFields(missing.length > 0 ? missing : identifying, checked.invalid))
  }
  refuseInvalid(checked)
  if (departmentById(state, checked.fields['departmentid'] ?? '') === undefined) {
    throw new ReplyError(invalidData('Invalid department.'))
  }
  const known = knownPatient(state, checked.fields, sightOf(input))
  const id = known ?? addPatient(state, checked.fields, stampOf(context))
  const showError = input.flag('showerrormessage')
  const text = known === undefined ? '' : 'A matching patient exists; no patient was created.'
  return one({ patientid: String(id), ...(showError ? { errormessage: text } : {}) })
}

function refuseInvalid({ improperBirthDate, invalid: names, problems }: CheckedFields): void {
  if (improperBirthDate) throw new ReplyError(refused(400, 'Improper DOB.'))
  const [problem] = problems
  if (problem !== undefined) throw new ReplyError(problemReply(problem))
  // Inferred: the list is recorded, empty, beside missing fields.
  const body = { invalidfields: names, missingfields: [], error: 'The data provided is invalid.' }
  if (names.length > 0) throw new ReplyError({ status: 400, body })
}

function problemReply({ kind, name, value }: FieldProblem): Reply {
  return kind === 'enum' ? invalidEnum(name, value) : invalid(kind, value)
}

/** The one patient these fields surely describe; undefined when there is none, or two fit equally well. */
function knownPatient(state: PracticeState, fields: PatientFields, sight: Sight): number | undefined {
  const { firstname = '', lastname = '', dob = '' } = fields
  const person = { firstname, lastname, birthDay: parseDate(dob) ?? 0, fields }
  const [best, second] = matchPatients(state, person, { least: automatchScore, sight })
  return best !== undefined && best.score !== second?.score ? best.id : undefined
}

function changePatient(context: RouteContext): ReturnType<Route['handle']> {
  const id = pathPatient(context)
  const state = stateOf(context.practice)
  const checked = readFields(context)
  refuseInvalid(checked)
  const changed = updatePatient(state, { id, fields: checked.fields }, stampOf(context))
  const answer: Record<string, unknown> = { patientid: String(changed) }
  if (context.input.flag('showportalstatus')) {
    answer['portalstatus'] = patientRecord(state, changed, { portalStatus: true })['portalstatus']
  }
  return one(answer)
}

export const patientWriteRoutes: readonly Route[] = [
  { method: 'POST', path: '/patients', handle: orError(createPatient) },
  { method: 'PUT', path: '/patients/{patientid}', handle: orError(changePatient) },
]
