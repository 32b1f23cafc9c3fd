/** Reads what a request names: records of its path, dates, departments, providers. Refuses it as athenahealth would. */
import { appointmentAt, statusOf } from '../practice/appointment-table.ts'
import { parseDate } from '../practice/calendar-date.ts'
import { stateOf } from '../practice/create-practice.ts'
import { patientExists } from '../practice/patient-table.ts'
import { departmentById, providerById, type PracticeState, type Stamp } from '../practice/practice-state.ts'
import { seesPatient } from '../practice/restricted-patients.ts'
import { mixSeed } from '../practice/seeded-random.ts'
import { eastern, parseWallText } from '../practice/zone-time.ts'
import { sightOf } from './patient-sight.ts'
import { ReplyError, type App, type Input, type RouteContext } from '../route.ts'
import { invalid, invalidData, missingFields, notFound } from '../server/reply.ts'

/** Throws the recorded 400 naming every required field that is absent. */
export function requireFields(input: Input, names: readonly string[]): void {
  const missing = names.filter((name) => input.text(name) === undefined)
  if (missing.length > 0) throw new ReplyError(missingFields(missing))
}

/** Day number of a `MM/DD/YYYY` field; undefined when absent, 400 when it is no date. */
export function dateField(input: Input, name: string): number | undefined {
  const text = input.text(name)
  if (text === undefined) return undefined
  const day = parseDate(text)
  if (day === undefined) throw new ReplyError(invalid('date', text))
  return day
}

/** Epoch ms of a `MM/DD/YYYY HH:MM:SS` field in Eastern time; undefined when absent, 400 when it is none. */
export function easternField(input: Input, name: string): number | undefined {
  const text = input.text(name)
  if (text === undefined) return undefined
  const at = parseWallText(eastern, text)
  if (at === undefined) throw new ReplyError(invalid('datetime', text))
  return at
}

/** A path parameter that must be a whole number: 400 otherwise. */
export function pathNumber(context: RouteContext, name: string): number {
  const text = context.path[name] ?? ''
  if (!/^\d{1,15}$/.test(text)) throw new ReplyError(invalid('integer', text))
  return Number(text)
}

/** Position of the path's appointment; 404 when there never was one or its slot was deleted. */
export function pathAppointment(context: RouteContext): number {
  const { appointments } = stateOf(context.practice)
  const position = appointmentAt(appointments, pathNumber(context, 'appointmentid'))
  if (position === undefined || statusOf(appointments, position) === 'deleted') {
    throw new ReplyError(notFound('The appointment does not exist.'))
  }
  return position
}

/**
 * Id of the path's patient, possibly one merged since; 404 when there never was one. One whose record is restricted is
 * answered as if not there unless the caller ignores restrictions.
 */
export function pathPatient(context: RouteContext): number {
  const id = pathNumber(context, 'patientid')
  const { patients } = stateOf(context.practice)
  if (!patientExists(patients, id) || !seesPatient(patients, id, sightOf(context.input))) {
    throw new ReplyError(notFound('The patient does not exist.'))
  }
  return id
}

/**
 * Id of the patient a field names, possibly one merged since; 400 when there is none such, or the caller may not know of
 * the patient.
 */
export function patientField(context: RouteContext, name = 'patientid'): number {
  const id = context.input.integer(name) ?? 0
  const { patients } = stateOf(context.practice)
  if (!patientExists(patients, id) || !seesPatient(patients, id, sightOf(context.input))) {
    throw new ReplyError(invalidData('Invalid patient.'))
  }
  return id
}

/** Index of the department a field names; undefined when absent, 400 when the practice has none such. */
export function departmentField(state: PracticeState, input: Input, name = 'departmentid'): number | undefined {
  const id = input.integer(name)
  if (id === undefined) return undefined
  const department = departmentById(state, id)
  if (department === undefined) throw new ReplyError(invalidData('Invalid department.'))
  return department.index
}

/** Index of the provider a field names; undefined when absent, 400 when the practice has none such. */
export function providerField(state: PracticeState, input: Input, name = 'providerid'): number | undefined {
  const id = input.integer(name)
  if (id === undefined) return undefined
  const provider = providerById(state, id)
  if (provider === undefined) throw new ReplyError(invalidData('Invalid provider.'))
  return provider.index
}

/** The ids of an array field as numbers; undefined when absent, 400 when one is not a whole number. */
export function integersField(input: Input, name: string): number[] | undefined {
  const texts = input.list(name)
  if (texts.length === 0) return undefined
  return texts.map((text) => {
    if (!/^-?\d{1,15}$/.test(text)) throw new ReplyError(invalid('integer', text))
    return Number(text)
  })
}

/** Indexes of the departments of an array field; an unknown id matches nothing. */
export function departmentsField(state: PracticeState, input: Input, name = 'departmentid'): Set<number> | undefined {
  const ids = integersField(input, name)
  return ids === undefined ? undefined : new Set(ids.map((id) => departmentById(state, id)?.index ?? -1))
}

/** Indexes of the providers of an array field; an unknown id matches nothing. */
export function providersField(state: PracticeState, input: Input, name = 'providerid'): Set<number> | undefined {
  const ids = integersField(input, name)
  return ids === undefined ? undefined : new Set(ids.map((id) => providerById(state, id)?.index ?? -1))
}

/** The name under which an app's changes show: `API-` and a number of its own (recorded form). */
export function appUser(app: App): string {
  let hash = 0
  for (let at = 0; at < app.clientId.length; at += 1) hash = mixSeed(hash, app.clientId.charCodeAt(at))
  return `API-${1000 + (hash % 90_000)}`
}

/** When and by whom the changes of this request are made. */
export function stampOf(context: RouteContext): Stamp {
  return { at: context.now, by: appUser(context.app) }
}
