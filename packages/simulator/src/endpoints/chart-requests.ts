/** What every request about a chart has in common: a patient, and a department whose chart of the patient is meant. */
import { chartOf } from '../practice/chart-person.ts'
import { stateOf } from '../practice/create-practice.ts'
import { listed, type PracticeState } from '../practice/practice-state.ts'
import { Refusal } from '../practice/refusal.ts'
import { ReplyError, type Input, type RouteContext } from '../route.ts'
import { invalidData, invalidEnum, missingFields } from '../server/reply.ts'
import { departmentField, pathPatient } from './request-fields.ts'

/** The patient of the path and the practice's state. */
export interface Chart {
  readonly state: PracticeState
  /** Id of the patient of the path, the survivor if it was merged. */
  readonly patient: number
}

/**
 * The chart a request is about. `required` names its other required fields. 400 when one is missing or the department is
 * unknown; 404 for an unknown patient, and for a department that keeps no charts (inferred: athenahealth only says that
 * a patient may have several charts and the department chooses one).
 */
export function requestedChart(context: RouteContext, required: readonly string[] = []): Chart {
  const { input } = context
  const state = stateOf(context.practice)
  const patient = pathPatient(context)
  requirePresent(input, ['departmentid', ...required])
  const department = departmentField(state, input)
  if (department !== undefined && listed(state.departments, department).hiddenInPortal) {
    throw new Refusal('no_chart_there')
  }
  return { state, patient: chartOf(state, patient) }
}

/** Whether a field was sent at all, be it empty. */
export function wasSent(input: Input, name: string): boolean {
  return input.entries.some(([sent]) => sent.toLowerCase() === name)
}

/**
 * Names the fields that were not sent at all. One that is sent empty is not missing but of the wrong type: recorded for
 * `departmentid=&snomedcode=`, whose answer is that of an empty integer.
 */
export function requirePresent(input: Input, names: readonly string[]): void {
  const missing = names.filter((name) => !wasSent(input, name))
  if (missing.length > 0) throw new ReplyError(missingFields(missing))
}

/** A field of a closed list, compared without case; undefined when absent or empty, 400 when it is another word. */
export function choiceField<T extends string>(input: Input, name: string, choices: readonly T[]): T | undefined {
  const text = input.text(name)
  if (text === undefined) return undefined
  const found = choices.find((choice) => choice === text.toUpperCase())
  if (found === undefined) throw new ReplyError(invalidEnum(name, text))
  return found
}

/** A field that holds JSON; undefined when absent, empty or null (a list never made, as clients send it), 400 when it cannot be read. */
export function jsonField(input: Input, name: string): unknown {
  const text = input.text(name)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    throw new ReplyError(invalidData(`The ${name} field is not valid JSON.`))
  }
}

/** Parsed JSON whose fields may be asked for. */
export type JsonObject = Readonly<Record<string, unknown>>

/** A field that holds a JSON array of objects; undefined when absent, 400 when it is something else. */
export function objectsField(input: Input, name: string): JsonObject[] | undefined {
  const value = jsonField(input, name)
  if (value === undefined) return undefined
  if (!Array.isArray(value)) throw new ReplyError(invalidData(`The ${name} field must be a JSON array.`))
  return value.map((element) => objectOf(element, name))
}

/** `value` as an object; 400 that names the field otherwise. */
export function objectOf(value: unknown, name: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ReplyError(invalidData(`The ${name} field must hold JSON objects.`))
  // An object of parsed JSON has string keys.
  return value as JsonObject
}

/** A text or number of a JSON object as text; undefined when it is neither or not there. */
export function textOf(object: JsonObject, name: string): string | undefined {
  const value = object[name]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
