/** `GET /departments`, one department, and what its check-in asks for. */
import { checkInFields } from '../practice/check-in-sections.ts'
import { stateOf } from '../practice/create-practice.ts'
import { departmentRecord, type Department } from '../practice/department.ts'
import { providersSeeing, providersWorking } from '../practice/providers-seeing.ts'
import { departmentById } from '../practice/practice-state.ts'
import { ReplyError, type Route, type RouteContext } from '../route.ts'
import { list, notFound, ok, one } from '../server/reply.ts'
import { pathNumber } from './request-fields.ts'

/** `providerlist` names who has appointments there, `fullproviderlist` who could have (documented). */
function shownDepartment(context: RouteContext, department: Department): Record<string, unknown> {
  const record = departmentRecord(department, context.now)
  const { input } = context
  const full = input.flag('fullproviderlist')
  if (!full && !input.flag('providerlist')) return record
  const state = stateOf(context.practice)
  const providers = full ? providersWorking(state, department) : providersSeeing(state, department)
  return { ...record, providerlist: providers.map(({ id }) => id) }
}

function listDepartments(context: RouteContext): ReturnType<Route['handle']> {
  const { departments } = stateOf(context.practice)
  const showAll = context.input.flag('showalldepartments')
  const hospitalOnly = context.input.flag('hospitalonly')
  return list(context, {
    key: 'departments',
    items: departments.filter((department) => (showAll || !department.hiddenInPortal) && !hospitalOnly),
    render: (department) => shownDepartment(context, department),
  })
}

function pathDepartment(context: RouteContext): Department {
  const department = departmentById(stateOf(context.practice), pathNumber(context, 'departmentid'))
  if (department === undefined) throw new ReplyError(notFound('The department does not exist.'))
  return department
}

export const departmentRoutes: readonly Route[] = [
  { method: 'GET', path: '/departments', handle: listDepartments },
  {
    method: 'GET',
    path: '/departments/{departmentid}',
    // By id a department hidden in the portal is answered without a flag too (inferred).
    handle: (context) => one(shownDepartment(context, pathDepartment(context))),
  },
  {
    method: 'GET',
    path: '/departments/{departmentid}/checkinrequired',
    handle: (context) => {
      pathDepartment(context)
      return ok({ fieldlist: checkInFields })
    },
  },
]
