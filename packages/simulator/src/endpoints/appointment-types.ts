/** Appointment types, the reasons patients choose from, and the reasons for cancelling. */
import {
  appointmentTypeRecord,
  cancelReasonRecord,
  reasonRecord,
  type AppointmentReason,
} from '../practice/appointment-type.ts'
import { stateOf } from '../practice/create-practice.ts'
import { typeById } from '../practice/practice-state.ts'
import { ReplyError, type Route, type RouteContext } from '../route.ts'
import { list, notFound, one } from '../server/reply.ts'
import { departmentField, providerField, requireFields } from './request-fields.ts'

function listTypes(context: RouteContext): ReturnType<Route['handle']> {
  const { input } = context
  const hide = {
    generic: input.flag('hidegeneric'),
    specific: input.flag('hidenongeneric'),
    // Documented: types that patients do not see are hidden unless this is set to false.
    internal: input.flag('hidenonpatient', true),
    templateOnly: input.flag('hidetemplatetypeonly'),
  }
  return list(context, {
    key: 'appointmenttypes',
    items: stateOf(context.practice).types.filter(
      (type) =>
        !(hide.generic && type.generic) &&
        !(hide.specific && !type.generic) &&
        !(hide.internal && !type.patientFacing) &&
        !(hide.templateOnly && type.templateOnly),
    ),
    render: appointmentTypeRecord,
  })
}

function getType(context: RouteContext): ReturnType<Route['handle']> {
  const type = typeById(stateOf(context.practice), context.path['appointmenttypeid'] ?? '')
  if (type === undefined) throw new ReplyError(notFound('The appointment type does not exist.'))
  return one(appointmentTypeRecord(type))
}

function listReasons(context: RouteContext, audience?: AppointmentReason['audience']): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  requireFields(context.input, ['departmentid', 'providerid'])
  departmentField(state, context.input)
  providerField(state, context.input)
  return list(context, {
    key: 'patientappointmentreasons',
    items: state.reasons.filter(
      (reason) => audience === undefined || reason.audience === audience || reason.audience === 'all',
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

export const appointmentTypeRoutes: readonly Route[] = [
  { method: 'GET', path: '/appointmenttypes', handle: listTypes },
  { method: 'GET', path: '/appointmenttypes/{appointmenttypeid}', handle: getType },
  { method: 'GET', path: '/patientappointmentreasons', handle: (context) => listReasons(context) },
  { method: 'GET', path: '/patientappointmentreasons/newpatient', handle: (context) => listReasons(context, 'new') },
  {
    method: 'GET',
    path: '/patientappointmentreasons/existingpatient',
    handle: (context) => listReasons(context, 'existing'),
  },
  { method: 'GET', path: '/appointmentcancelreasons', handle: listCancelReasons },
]
