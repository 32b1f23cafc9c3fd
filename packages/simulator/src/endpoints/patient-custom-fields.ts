/** Custom fields of patients: which there are, their values, and the patients that have a value. */
import { stateOf } from '../practice/create-practice.ts'
import { customFieldRecord, type CustomField } from '../practice/custom-fields.ts'
import { parseDate } from '../practice/calendar-date.ts'
import { setCustomFields } from '../practice/patient-changes.ts'
import { customFieldValues, patientRecord } from '../practice/patient-record.ts'
import { patientStatus, survivorOf } from '../practice/patient-table.ts'
import type { PracticeState } from '../practice/practice-state.ts'
import { seesPatient } from '../practice/restricted-patients.ts'
import { ReplyError, type Route, type RouteContext } from '../route.ts'
import { invalidData, list, ok } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { sightOf } from './patient-sight.ts'
import { departmentField, pathNumber, pathPatient, requireFields, stampOf } from './request-fields.ts'

/** As recorded: of a select field only the `optionid`, of any other its `customfieldvalue`. */
function readCustomFields(context: RouteContext): ReturnType<Route['handle']> {
  const id = pathPatient(context)
  requireFields(context.input, ['departmentid'])
  const state = stateOf(context.practice)
  departmentField(state, context.input)
  const values = customFieldValues(state, survivorOf(state.patients, id), { withPrivacy: true })
  return ok(
    values.map(({ customfieldid, customfieldvalue, optionid }) =>
      optionid === undefined ? { customfieldid, customfieldvalue } : { customfieldid, optionid },
    ),
  )
}

function writeCustomFields(context: RouteContext): ReturnType<Route['handle']> {
  const id = pathPatient(context)
  requireFields(context.input, ['customfields', 'departmentid'])
  const state = stateOf(context.practice)
  departmentField(state, context.input)
  const { values, disallowed } = parseCustomFields(state, context.input.text('customfields') ?? '')
  const count = Object.keys(values).length
  if (count > 0) setCustomFields(state, { patient: id, values }, stampOf(context))
  return ok({ success: true, updatedcount: count, disallowedcount: disallowed })
}

interface CustomValues {
  readonly values: Readonly<Record<string, string>>
  /** How many were sent that only the practice may change; they are passed over. */
  readonly disallowed: number
}

/** Reads `[{"customfieldid": …, "customfieldvalue": … | "optionid": …}]`; an empty value takes the field away. */
function parseCustomFields(state: PracticeState, text: string): CustomValues {
  const values: Record<string, string> = {}
  let disallowed = 0
  for (const item of parseArray(text)) {
    if (typeof item !== 'object' || item === null) throw new ReplyError(invalidData('Invalid custom fields.'))
    const sent = new Map<string, unknown>(Object.entries(item))
    const id = textOf(sent.get('customfieldid'))
    const field = state.customFields.find((candidate) => candidate.id === id)
    if (field === undefined) throw new ReplyError(invalidData('Invalid custom field.'))
    if (field.disallowUpdate === true) disallowed += 1
    else values[id] = valueOf(field, sent)
  }
  return { values, disallowed }
}

function valueOf(field: CustomField, sent: ReadonlyMap<string, unknown>): string {
  const value = textOf(sent.get('customfieldvalue'))
  const optionId = textOf(sent.get('optionid'))
  if (field.options.length > 0 && (optionId !== '' || value !== '')) {
    const option = field.options.find(({ id, value: text }) => (optionId === '' ? text === value : id === optionId))
    if (option === undefined) throw new ReplyError(invalidData(`Invalid option for custom field ${field.id}.`))
    return option.value
  }
  if (!hasType(field, value)) throw new ReplyError(invalidData(`Invalid value for custom field ${field.id}.`))
  return value
}

function hasType({ type, length }: CustomField, value: string): boolean {
  if (value === '') return true
  if (length !== undefined && value.length > length) return false
  if (type === 'NUMERIC') return /^-?\d+(\.\d+)?$/.test(value)
  return type !== 'DATE' || parseDate(value) !== undefined
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

/** Patients with a value, or with the option of a select field named by its id. */
function findByCustomField(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { patients } = state
  const { customfieldvalue: sent = '' } = context.path
  const id = String(pathNumber(context, 'customfieldid'))
  const field = state.customFields.find((candidate) => candidate.id === id)
  if (field === undefined) throw new ReplyError(invalidData('Invalid custom field.'))
  if (!field.searchable) throw new ReplyError(invalidData('The custom field is not searchable.'))
  const wanted = field.options.length > 0 ? field.options.find((option) => option.id === sent)?.value : sent
  const sight = sightOf(context.input)
  const found = [...patients.customFields].flatMap(([patient, values]) => {
    const isMeant = wanted !== undefined && values[id]?.toLowerCase() === wanted.toLowerCase()
    const isThere = !['deleted', 'merged'].includes(patientStatus(patients, patient))
    return isMeant && isThere && seesPatient(patients, patient, sight) ? [patient] : []
  })
  return list(context, {
    key: 'patients',
    items: found.sort((a, b) => a - b),
    render: (patient) => patientRecord(state, patient),
    defaultLimit: 10,
  })
}

export const patientCustomFieldRoutes: readonly Route[] = [
  { method: 'GET', path: '/patients/{patientid}/customfields', handle: readCustomFields },
  { method: 'PUT', path: '/patients/{patientid}/customfields', handle: orError(writeCustomFields) },
  { method: 'GET', path: '/patients/customfields/{customfieldid}/{customfieldvalue}', handle: findByCustomField },
  {
    method: 'GET',
    path: '/customfields',
    handle: ({ practice }) => ok(stateOf(practice).customFields.map(customFieldRecord)),
  },
]
