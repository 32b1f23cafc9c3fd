import type { Answer, CallOptions } from '../athena-call.ts'
import type { Params } from '../call/params.ts'
import {
  type AppointmentReason,
  type AppointmentType,
  type Department,
  departmentShape,
  type PracticeInfo,
  type Provider,
  providerShape,
} from '../records/practice-records.ts'
import { appointmentReasonMethods, appointmentTypeMethods } from './appointment-methods.ts'
import { endpointMethods } from './endpoint-methods.ts'
import { listEndpoints } from './endpoints.ts'
import { type List, listOf } from './list.ts'
import type { Methods } from './method-table.ts'
import { badAnswer, getOne, type Id, type PracticeApi, send } from './practice-api.ts'
import { departmentMethods } from './practice-methods.ts'
import { readPageValue } from '../wire/read-page.ts'

/**
 * What athenahealth says of the practice itself; the usual first call, since it fails with `unknown-practice` or
 * `forbidden` where the app has no access.
 */
export async function practiceInfo(api: PracticeApi, options?: CallOptions): Promise<Answer<PracticeInfo>> {
  const { route, shape } = listEndpoints.practiceInfo
  const answered = await send(api, { method: 'GET', route, ...(options && { options }) })
  const reading = readPageValue(shape, answered.value)
  if (!reading.ok) throw badAnswer(answered, 'malformed-response', 'no practice in it')
  const value = reading.page.items.find((item) => item.practiceid === String(api.practice))
  if (!value) throw badAnswer(answered, 'wrong-record', 'another practice')
  return { value, raw: answered.raw, meta: answered.meta }
}

/** Sites of the practice. */
export interface Departments extends Methods<typeof departmentMethods> {
  /** All departments an app may see; `showalldepartments` adds those hidden from it by default. */
  list(query?: Params, options?: CallOptions): List<Department>
  /** One department; its `timezonename` and `timezoneoffset` tell its clock. */
  get(id: Id, query?: Params, options?: CallOptions): Promise<Answer<Department>>
}

/** Makes the methods of departments. */
export function departmentsOf(api: PracticeApi): Departments {
  const one = { route: '/departments/{departmentid}', idField: 'departmentid', shape: departmentShape }
  return {
    ...endpointMethods(api, departmentMethods),
    list: (query, options) => listOf(api, listEndpoints.departments, { query, options }),
    get: (id, query, options) => getOne(api, { ...one, id, query, options }),
  }
}

/** People and resources that are scheduled. */
export interface Providers {
  /** All providers, also machines and rooms that are scheduled (`entitytype`). */
  list(query?: Params, options?: CallOptions): List<Provider>
  /** One provider; a deleted one only with `showdeletedproviders`. */
  get(id: Id, query?: Params, options?: CallOptions): Promise<Answer<Provider>>
}

/** Makes the methods of providers. */
export function providersOf(api: PracticeApi): Providers {
  const one = { route: '/providers/{providerid}', idField: 'providerid', shape: providerShape }
  return {
    list: (query, options) => listOf(api, listEndpoints.providers, { query, options }),
    get: (id, query, options) => getOne(api, { ...one, id, query, options }),
  }
}

/** Kinds of appointments. */
export interface AppointmentTypes extends Methods<typeof appointmentTypeMethods> {
  /** All types; `hidegeneric`, `hidenonpatient` and `hidetemplatetypeonly` narrow them. */
  list(query?: Params, options?: CallOptions): List<AppointmentType>
}

/** Makes the methods of appointment types. */
export function appointmentTypesOf(api: PracticeApi): AppointmentTypes {
  return {
    ...endpointMethods(api, appointmentTypeMethods),
    list: (query, options) => listOf(api, listEndpoints.appointmentTypes, { query, options }),
  }
}

/** Reasons for which patients book by themselves. */
export interface AppointmentReasons extends Methods<typeof appointmentReasonMethods> {
  /** What patients may book for with a provider in a department. */
  list(query: Params & { departmentid: Id; providerid: Id }, options?: CallOptions): List<AppointmentReason>
}

/** Makes the methods of appointment reasons. */
export function appointmentReasonsOf(api: PracticeApi): AppointmentReasons {
  return {
    ...endpointMethods(api, appointmentReasonMethods),
    list: (query, options) => listOf(api, listEndpoints.appointmentReasons, { query, options }),
  }
}
