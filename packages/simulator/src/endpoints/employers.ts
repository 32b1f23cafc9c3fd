/** The employers of patients: looked up and written. No feed tells of them. */
import { stateOf } from '../practice/create-practice.ts'
import {
  addEmployer,
  deleteEmployer,
  employerFields,
  employerIds,
  employerRecord,
  undeleteEmployer,
  updateEmployer,
  type EmployerFields,
} from '../practice/employer.ts'
import { digitsOf } from '../practice/find-patients.ts'
import type { Input, Route, RouteContext } from '../route.ts'
import { list, one, success } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { pathNumber, stampOf } from './request-fields.ts'

type Answer = ReturnType<Route['handle']>

/** Documented: which fields are compared whole, and which in part. Case does not count (inferred). */
const filters: readonly (readonly [parameter: string, field: string, whole: boolean])[] = [
  ['name', 'name', false],
  ['address', 'address', false],
  ['exactname', 'name', true],
  ['city', 'city', true],
  ['state', 'state', true],
  ['zip', 'zip', true],
]

function isMeant(record: EmployerFields, input: Input): boolean {
  const phone = input.text('phone')
  if (phone !== undefined && digitsOf(record['phone'] ?? '') !== digitsOf(phone)) return false
  return filters.every(([parameter, field, whole]) => {
    const wanted = input.text(parameter)?.toLowerCase()
    const value = (record[field] ?? '').toLowerCase()
    return wanted === undefined || (whole ? value === wanted : value.includes(wanted))
  })
}

function listEmployers(context: RouteContext): Answer {
  const state = stateOf(context.practice)
  const records = employerIds(state).map((id) => employerRecord(state, id))
  return list(context, { key: 'employers', items: records.filter((record) => isMeant(record, context.input)) })
}

function writtenFields(input: Input): EmployerFields {
  input.integer('countryid')
  return Object.fromEntries(
    employerFields.flatMap((name) => {
      const text = input.text(name)
      return text === undefined ? [] : [[name, text] as const]
    }),
  )
}

/** An array of one (inferred, as are the answers of writes). */
function getEmployer(context: RouteContext): Answer {
  return one(employerRecord(stateOf(context.practice), pathNumber(context, 'employerid')))
}

function createEmployer(context: RouteContext): Answer {
  const id = addEmployer(stateOf(context.practice), writtenFields(context.input), stampOf(context))
  return success({ employerid: String(id) })
}

function changeEmployer(context: RouteContext): Answer {
  const change = { id: pathNumber(context, 'employerid'), fields: writtenFields(context.input) }
  updateEmployer(stateOf(context.practice), change, stampOf(context))
  return success()
}

function removeEmployer(context: RouteContext): Answer {
  deleteEmployer(stateOf(context.practice), pathNumber(context, 'employerid'), stampOf(context))
  return success()
}

function bringBack(context: RouteContext): Answer {
  undeleteEmployer(stateOf(context.practice), pathNumber(context, 'employerid'), stampOf(context))
  return success()
}

export const employerRoutes: readonly Route[] = [
  { method: 'GET', path: '/employers', handle: listEmployers },
  { method: 'POST', path: '/employers', handle: createEmployer },
  { method: 'GET', path: '/employers/{employerid}', handle: orError(getEmployer) },
  { method: 'PUT', path: '/employers/{employerid}', handle: orError(changeEmployer) },
  { method: 'DELETE', path: '/employers/{employerid}', handle: orError(removeEmployer) },
  { method: 'PUT', path: '/employers/{employerid}/undelete', handle: orError(bringBack) },
]
