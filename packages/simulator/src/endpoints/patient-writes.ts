/** Patients written: registered with a check whether they are known, changed, deleted by status, custom fields. */
import { parseDate } from '../practice/calendar-date.ts'
import { stateOf } from '../practice/create-practice.ts'
import { automatchScore, matchPatients } from '../practice/match-patients.ts'
import { addPatient, setCustomFields, updatePatient } from '../practice/patient-changes.ts'
import { checkPatientFields, type CheckedFields } from '../practice/patient-fields.ts'
import { customFieldValues } from '../practice/patient-record.ts'
import { survivorOf, type PatientFields } from '../practice/patient-table.ts'
import { departmentById, type PracticeState } from '../practice/practice-state.ts'
import { ReplyError, type Route, type RouteContext } from '../route.ts'
import { invalidData, invalidEnum, missingFields, ok, one, refused } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { pathPatient, requireFields, stampOf } from './request-fields.ts'

const required = ['firstname', 'lastname', 'dob', 'departmentid'] as const
/** One of these must come too (documented): with it the name and date of birth can match a known patient. */
const identifying = ['email', 'guarantoremail', 'ssn', 'homephone', 'mobilephone', 'workphone', 'zip'] as const

function readFields({ input, now }: RouteContext): CheckedFields {
  const sent = new Map<string, string>()
  // Of a field sent twice the first value counts.
  for (const [name, value] of input.entries) if (!sent.has(name.toLowerCase())) sent.set(name.toLowerCase(), value)
  const checked = checkPatientFields(sent, now)
  const [outside] = checked.outside
  if (outside !== undefined) throw new ReplyError(invalidEnum(outside.name, outside.value))
  return checked
}

function createPatient(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  const checked = readFields(context)
  const missing = required.filter((name) => input.text(name) === undefined)
  const lacksIdentifying = identifying.every((name) => input.text(name) === undefined)
  // Recorded order: required fields first, then the date of birth, then whether the patient is known.
  if (missing.length > 0 || lacksIdentifying) {
    throw new ReplyError(missingFields(missing.length > 0 ? missing : identifying, checked.invalid))
  }
  refuseInvalid(checked)
  if (departmentById(state, checked.fields['departmentid'] ?? '') === undefined) {
    throw new ReplyError(invalidData('Invalid department.'))
  }
  const known = knownPatient(state, checked.fields)
  const id = known ?? addPatient(state, checked.fields, stampOf(context))
  const showError = input.flag('showerrormessage')
  const text = known === undefined ? '' : 'A matching patient exists; no patient was created.'
  return one({ patientid: String(id), ...(showError ? { errormessage: text } : {}) })
}

function refuseInvalid(checked: CheckedFields): void {
  if (checked.improperBirthDate) throw new ReplyError(refused(400, 'Improper DOB.'))
  if (checked.invalid.length > 0) {
    const body = { invalidfields: checked.invalid, missingfields: [], error: 'The data provided is invalid.' }
    throw new ReplyError({ status: 400, body })
  }
}

/** The one patient these fields surely describe; undefined when there is none, or two fit equally well. */
function knownPatient(state: PracticeState, fields: PatientFields): number | undefined {
  const { firstname = '', lastname = '', dob = '' } = fields
  const person = { firstname, lastname, birthDay: parseDate(dob) ?? 0, fields }
  const [best, second] = matchPatients(state, person, automatchScore)
  return best !== undefined && best.score !== second?.score ? best.id : undefined
}

function changePatient(context: RouteContext): ReturnType<Route['handle']> {
  const id = pathPatient(context)
  const checked = readFields(context)
  refuseInvalid(checked)
  const changed = updatePatient(stateOf(context.practice), { id, fields: checked.fields }, stampOf(context))
  return one({ patientid: String(changed) })
}

function writeCustomFields(context: RouteContext): ReturnType<Route['handle']> {
  const id = pathPatient(context)
  requireFields(context.input, ['customfields', 'departmentid'])
  const state = stateOf(context.practice)
  const values = parseCustomFields(state, context.input.text('customfields') ?? '')
  setCustomFields(state, { patient: id, values }, stampOf(context))
  return ok({ success: true, updatedcount: Object.keys(values).length, disallowedcount: 0 })
}

/** Reads `[{"customfieldid": …, "customfieldvalue": … | "optionid": …}]`. */
function parseCustomFields(state: PracticeState, text: string): Record<string, string> {
  const values: Record<string, string> = {}
  for (const item of parseArray(text)) {
    if (typeof item !== 'object' || item === null) throw new ReplyError(invalidData('Invalid custom fields.'))
    const fields = new Map<string, unknown>(Object.entries(item))
    const id = textOf(fields.get('customfieldid'))
    const options = state.customFields.find((field) => field.id === id)?.options ?? []
    const option = options.find((candidate) => candidate.id === textOf(fields.get('optionid')))
    values[id] = option?.value ?? textOf(fields.get('customfieldvalue'))
  }
  return values
}

/** A text or number of JSON as text; anything else counts as absent. */
function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function parseArray(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value)) return value
  } catch {
    // Answered like any other text that is no array.
  }
  throw new ReplyError(invalidData('Invalid custom fields.'))
}

export const patientWriteRoutes: readonly Route[] = [
  { method: 'POST', path: '/patients', handle: orError(createPatient) },
  { method: 'PUT', path: '/patients/{patientid}', handle: orError(changePatient) },
  {
    method: 'GET',
    path: '/patients/{patientid}/customfields',
    handle: (context) => {
      const id = pathPatient(context)
      requireFields(context.input, ['departmentid'])
      const state = stateOf(context.practice)
      return ok(customFieldValues(state, survivorOf(state.patients, id)))
    },
  },
  { method: 'PUT', path: '/patients/{patientid}/customfields', handle: orError(writeCustomFields) },
  {
    method: 'GET',
    path: '/customfields',
    handle: (context) =>
      ok(
        stateOf(context.practice).customFields.map(({ id, name, searchable, options }) => ({
          customfieldid: id,
          name,
          searchable,
          casesensitive: false,
          disallowupdate: false,
          select: options.length > 0,
          type: 'TEXT',
          ...(options.length > 0
            ? { selectlist: options.map((option) => ({ optionid: option.id, optionvalue: option.value })) }
            : {}),
        })),
      ),
  },
]
