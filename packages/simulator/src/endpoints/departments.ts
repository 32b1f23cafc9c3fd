/** `GET /departments`, one department, and what its check-in asks for. */
import { stateOf } from '../practice/create-practice.ts'
import { departmentRecord, type Department } from '../practice/department.ts'
import { departmentById } from '../practice/practice-state.ts'
import { ReplyError, type Route, type RouteContext } from '../route.ts'
import { list, notFound, ok, one } from '../server/reply.ts'

/** What must be filled in before a patient can be checked in, as `checkinrequired` lists it. */
export const checkInFields: readonly string[] = ['firstname', 'lastname', 'dob', 'homephone']

function shownDepartment(context: RouteContext, department: Department): Record<string, unknown> {
  const record = departmentRecord(department, context.now)
  if (!context.input.flag('providerlist') && !context.input.flag('fullproviderlist')) return record
  const providers = stateOf(context.practice).providers.filter(
    (provider) => !provider.deleted && provider.week.includes(department.index),
  )
  return { ...record, providerlist: providers.map((provider) => provider.id) }
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
  const department = departmentById(stateOf(context.practice), context.path['departmentid'] ?? '')
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
