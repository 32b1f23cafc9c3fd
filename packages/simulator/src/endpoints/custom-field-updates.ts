/** Reads the custom fields written on an appointment and holds them to the list the practice made. */
import { appointmentCustomFields, type AppointmentCustomField } from '../practice/appointment-reference.ts'
import { parseDate } from '../practice/calendar-date.ts'
import { ReplyError, type Input } from '../route.ts'
import { invalidData } from '../server/reply.ts'
import { requireFields } from './request-fields.ts'

/** Values by custom field id, from a JSON array in the field `customfields`. Answers 400 for what does not fit the list. */
export function customFieldUpdates(input: Input): Record<string, string> {
  requireFields(input, ['customfields'])
  const rows = jsonRows(input.text('customfields') ?? '')
  return Object.fromEntries(rows.map((row) => readRow(row)))
}

function invalidField(): ReplyError {
  return new ReplyError(invalidData('Invalid custom field.'))
}

function jsonRows(text: string): ReadonlyMap<string, unknown>[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw invalidField()
  }
  if (!Array.isArray(parsed)) throw invalidField()
  return parsed.map((row: unknown) => {
    if (typeof row !== 'object' || row === null) throw invalidField()
    return new Map(Object.entries(row))
  })
}

function readRow(row: ReadonlyMap<string, unknown>): [id: string, value: string] {
  const field = appointmentCustomFields.find(({ id }) => String(id) === String(row.get('customfieldid')))
  if (field === undefined) throw invalidField()
  const given = field.options.length > 0 ? row.get('optionid') : row.get('customfieldvalue')
  if (typeof given !== 'string' && typeof given !== 'number') throw invalidField()
  if (!fits(field, String(given))) throw invalidField()
  return [String(field.id), String(given)]
}

/** A choice is sent by its id, a number as a number, a date as `MM/DD/YYYY` (documented); empty takes the value away. */
function fits({ type, options }: AppointmentCustomField, value: string): boolean {
  if (value === '') return true
  if (options.length > 0) return options.some(({ id }) => String(id) === value)
  if (type === 'NUMBER') return Number.isFinite(Number(value))
  return type === 'DATE' ? parseDate(value) !== undefined : true
}
