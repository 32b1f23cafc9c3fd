/** Appointment types, the reasons patients choose from, and the reasons for cancelling. */
import {
  appointmentTypeRecord,
  cancelReasonRecord,
  reasonRecord,
  type AppointmentReason,
  type AppointmentType,
} from '../practice/appointment-type.ts'
import { stateOf } from '../practice/create-practice.ts'
import { offersReason } from '../practice/offered-reasons.ts'
import { listed, typeById, type PracticeState } from '../practice/practice-state.ts'
import { addType, editType } from '../practice/type-changes.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalidData, list, notFound, ok, one, success } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { typeField } from './appointment-fields.ts'
import {
  departmentField,
  departmentsField,
  pathNumber,
  providerField,
  providersField,
  requireFields,
  stampOf,
} from './request-fields.ts'

/** Longest names that athenahealth takes (documented). */
const nameMost = 30
const shortNameMost = 4

function shownType(input: Input): (type: AppointmentType) => Record<string, unknown> {
  // The names of the two fields are inferred from the option's.
  const classes = input.flag('showappointmenttypeclasses')
  return (type) => ({
    ...appointmentTypeRecord(type),
    ...(classes
      ? { appointmenttypeclassid: type.generic ? 1 : 2, appointmenttypeclassname: type.generic ? 'GENERIC' : 'VISIT' }
      : {}),
  })
}

function listTypes(context: RouteContext): ReturnType<Route['handle']> {
  const { input } = context
  const state = stateOf(context.practice)
  const hide = {
    generic: input.flag('hidegeneric'),
    specific: input.flag('hidenongeneric'),
    // Documented: types that patients do not see are hidden unless this is set to false.
    internal: input.flag('hidenonpatient', true),
    templateOnly: input.flag('hidetemplatetypeonly'),
  }
  const offered = offeredTypes(state, input)
  return list(context, {
    key: 'appointmenttypes',
    items: state.types.filter(
      (type) =>
        !(hide.generic && type.generic) &&
        !(hide.specific && !type.generic) &&
        !(hide.internal && !type.patientFacing) &&
        !(hide.templateOnly && type.templateOnly) &&
        (offered?.has(type.index) ?? true),
    ),
    render: shownType(input),
  })
}

/** Indexes of the types that the departments and providers named have between them; undefined when none is named. */
function offeredTypes(state: PracticeState, input: Input): Set<number> | undefined {
  const departments = departmentsField(state, input, 'departmentids')
  const providers = providersField(state, input, 'providerids')
  if (departments === undefined && providers === undefined) return undefined
  const places = state.providers
    .filter((provider) => !provider.deleted && (providers?.has(provider.index) ?? true))
    .flatMap((provider) =>
      [...new Set(provider.week)].flatMap((department) =>
        department !== undefined && (departments?.has(department) ?? true) ? [{ provider, department }] : [],
      ),
    )
  if (places.length === 0) return new Set()
  const byReason = new Set(state.reasons.map((reason) => reason.type))
  const offered = state.reasons.filter((reason) => places.some((place) => offersReason(state, reason, place)))
  // Types that no reason leads to are not restricted.
  const free = state.types.map((type) => type.index).filter((type) => !byReason.has(type))
  return new Set([...offered.map((reason) => reason.type), ...free])
}

function getType(context: RouteContext): ReturnType<Route['handle']> {
  const type = typeById(stateOf(context.practice), pathNumber(context, 'appointmenttypeid'))
  if (type === undefined) throw new ReplyError(notFound('The appointment type does not exist.'))
  return one(shownType(context.input)(type))
}

function nameField(input: Input, name: string, most: number): string | undefined {
  const text = input.text(name)
  if (text !== undefined && text.length > most) throw new ReplyError(invalidData(`Invalid ${name}.`))
  return text
}

function createType(context: RouteContext): ReturnType<Route['handle']> {
  const { input } = context
  requireFields(input, ['duration', 'name', 'patient', 'shortname'])
  const durationMinutes = input.integer('duration') ?? 0
  if (durationMinutes < 1) throw new ReplyError(invalidData('Invalid duration.'))
  const type = {
    durationMinutes,
    name: nameField(input, 'name', nameMost) ?? '',
    shortName: nameField(input, 'shortname', shortNameMost) ?? '',
    patientFacing: input.flag('patient'),
    generic: input.flag('generic'),
    templateOnly: input.flag('templatetypeonly'),
  }
  const { id } = addType(stateOf(context.practice), type, stampOf(context))
  return ok({ appointmenttypeid: Number(id) })
}

function updateType(context: RouteContext): ReturnType<Route['handle']> {
  const { input } = context
  const state = stateOf(context.practice)
  const id = String(pathNumber(context, 'appointmenttypeid'))
  if (typeById(state, id) === undefined) throw new ReplyError(notFound('The appointment type does not exist.'))
  const flag = (name: string): boolean | undefined => (input.text(name) === undefined ? undefined : input.flag(name))
  const edit = {
    name: nameField(input, 'name', nameMost),
    patientFacing: flag('patient'),
    generic: flag('generic'),
    templateOnly: flag('templatetypeonly'),
  }
  editType(
    state,
    { id, edit: Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined)) },
    stampOf(context),
  )
  return success()
}

/** What a patient of one kind, or any, may book with a provider in a department. */
function listReasons(context: RouteContext, audience?: AppointmentReason['audience']): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  requireFields(context.input, ['departmentid', 'providerid'])
  const place = {
    department: departmentField(state, context.input) ?? 0,
    provider: listed(state.providers, providerField(state, context.input) ?? 0),
  }
  return list(context, {
    key: 'patientappointmentreasons',
    items: state.reasons.filter(
      (reason) =>
        offersReason(state, reason, place) &&
        (audience === undefined || reason.audience === audience || reason.audience === 'all'),
    ),
    render: reasonRecord,
  })
}

function listCancelReasons(context: RouteContext): ReturnType<Route['handle']> {
  const { input } = context
  const wanted = input.text('slotavailable') === undefined ? undefined : input.flag('slotavailable')
  return list(context, {
    key: 'appointmentcancelreasons',
    items: stateOf(context.practice).cancelReasons.filter(
      (reason) => wanted === undefined || reason.slotAvailable === wanted,
    ),
    render: cancelReasonRecord,
  })
}

/**
 * Which types can be scheduled with which provider in which department, one row each. Only the path and the parameters are
 * known; the names of envelope and fields are ours.
 */
function listMapping(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  const wanted = {
    type: typeField(state, input),
    department: departmentField(state, input),
    provider: providerField(state, input),
  }
  const rows = state.providers
    .filter((provider) => !provider.deleted && (wanted.provider ?? provider.index) === provider.index)
    .flatMap((provider) =>
      state.departments
        .filter(({ index }) => provider.week.includes(index) && (wanted.department ?? index) === index)
        .flatMap((department) =>
          state.reasons
            .filter(
              (reason) =>
                offersReason(state, reason, { provider, department: department.index }) &&
                (wanted.type ?? reason.type) === reason.type,
            )
            .map((reason) => ({ provider, department, type: reason.type })),
        ),
    )
  const keyed = new Map(rows.map((row) => [`${row.provider.id} ${row.department.id} ${row.type}`, row]))
  return list(context, {
    key: 'appointmenttypemappings',
    items: [...keyed.values()],
    render: ({ provider, department, type }) => ({
      providerid: Number(provider.id),
      departmentid: Number(department.id),
      appointmenttypeid: Number(listed(state.types, type).id),
    }),
  })
}

const typePath = '/appointmenttypes/{appointmenttypeid}'

export const appointmentTypeRoutes: readonly Route[] = [
  { method: 'GET', path: '/appointmenttypes', handle: listTypes },
  { method: 'POST', path: '/appointmenttypes', handle: orError(createType) },
  { method: 'GET', path: typePath, handle: getType },
  { method: 'PUT', path: typePath, handle: orError(updateType) },
  { method: 'GET', path: '/appointments/appointmenttypedropdown/mapping', handle: listMapping },
  { method: 'GET', path: '/patientappointmentreasons', handle: (context) => listReasons(context) },
  { method: 'GET', path: '/patientappointmentreasons/newpatient', handle: (context) => listReasons(context, 'new') },
  {
    method: 'GET',
    path: '/patientappointmentreasons/existingpatient',
    handle: (context) => listReasons(context, 'existing'),
  },
  { method: 'GET', path: '/appointmentcancelreasons', handle: listCancelReasons },
]
