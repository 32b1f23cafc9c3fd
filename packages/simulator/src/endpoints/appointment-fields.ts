/** Reads the fields that only requests about appointments have. */
import { appointmentAt, statusOf } from '../practice/appointment-table.ts'
import { typeById, type PracticeState } from '../practice/practice-state.ts'
import { ReplyError, type Input } from '../route.ts'
import { invalidData, invalidEnum } from '../server/reply.ts'

/** Index of the appointment type a field names; undefined when absent, 400 when the practice has none such. */
export function typeField(state: PracticeState, input: Input, name = 'appointmenttypeid'): number | undefined {
  const id = input.integer(name)
  if (id === undefined) return undefined
  const type = typeById(state, id)
  if (type === undefined) throw new ReplyError(invalidData('Invalid appointment type.'))
  return type.index
}

/** Position of the appointment a field names; undefined when absent, 400 when there is none such. */
export function appointmentField(state: PracticeState, input: Input, name = 'appointmentid'): number | undefined {
  const id = input.integer(name)
  if (id === undefined) return undefined
  const position = appointmentAt(state.appointments, id)
  if (position === undefined || statusOf(state.appointments, position) === 'deleted') {
    throw new ReplyError(invalidData('Invalid appointment.'))
  }
  return position
}

/** A whole number from `low` to `high`; undefined when absent, 400 when it lies outside. */
export function boundedField(
  input: Input,
  name: string,
  { low, high }: { low: number; high: number },
): number | undefined {
  const value = input.integer(name)
  if (value !== undefined && (value < low || value > high)) throw new ReplyError(invalidData(`Invalid ${name}.`))
  return value
}

/** One of a closed list, in any case; undefined when absent, 400 otherwise. */
export function choiceField<T extends string>(input: Input, name: string, choices: readonly T[]): T | undefined {
  const text = input.text(name)
  if (text === undefined) return undefined
  const choice = choices.find((candidate) => candidate.toLowerCase() === text.toLowerCase())
  if (choice === undefined) throw new ReplyError(invalidEnum(name, text))
  return choice
}

/**
 * Days of the week, 1 for Sunday to 7 for Saturday, sent as a JSON array (documented), one by one, or with commas
 * (recorded: `dayofweekids[0]=1&dayofweekids[1]=3`); undefined when absent, 400 when one is no such day.
 */
export function weekdaysField(input: Input, name = 'dayofweekids'): number[] | undefined {
  const texts = input.list(name).flatMap(
    (text) =>
      text
        .replace(/^\[|\]$/g, '')
        .replaceAll('"', '')
        .trim() || [],
  )
  if (texts.length === 0) return undefined
  const days = texts.map((text) => {
    if (!/^[1-7]$/.test(text)) throw new ReplyError(invalidData(`Invalid ${name}.`))
    return Number(text)
  })
  return [...new Set(days)].toSorted((a, b) => a - b)
}
