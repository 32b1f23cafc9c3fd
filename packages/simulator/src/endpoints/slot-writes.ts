/** Slots written: opened, deleted, frozen. */
import { appointmentId, type SlotPlace } from '../practice/appointment-table.ts'
import { clockText, parseClock } from '../practice/calendar-date.ts'
import { stateOf } from '../practice/create-practice.ts'
import { listed, reasonById, typeById, type PracticeState } from '../practice/practice-state.ts'
import { addSlot, deleteSlot, setFrozen } from '../practice/slot-changes.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalid, invalidData, ok, refused, success } from '../server/reply.ts'
import { orError, orFailure } from './answer-refusal.ts'
import { dateField, departmentField, pathAppointment, providerField, requireFields, stampOf } from './request-fields.ts'

/** Index of the type a request names itself or by a reason; undefined when it names neither. */
export function requestedType(state: PracticeState, input: Input): number | undefined {
  const typeId = input.integer('appointmenttypeid')
  const reasonId = input.integer('reasonid')
  if (typeId !== undefined) {
    const type = typeById(state, typeId)
    if (type === undefined) throw new ReplyError(invalidData('Invalid appointment type.'))
    return type.index
  }
  if (reasonId === undefined) return undefined
  const reason = reasonById(state, reasonId)
  if (reason === undefined) throw new ReplyError(invalidData('Invalid reason.'))
  return reason.type
}

/** The recorded 400 for a slot or booking that names neither type nor reason. */
export function typeRequired(): ReplyError {
  return new ReplyError(
    refused(400, 'Additional fields are required.', 'An appointment type or reason must be provided.'),
  )
}

function addSlots(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  requireFields(input, ['appointmentdate', 'appointmenttime', 'departmentid', 'providerid'])
  const type = requestedType(state, input)
  if (type === undefined) throw typeRequired()
  const starts = input.list('appointmenttime').map((text) => {
    const start = parseClock(text)
    if (start === undefined) throw new ReplyError(invalid('time', text))
    return start
  })
  const place: Omit<SlotPlace, 'start'> = {
    day: dateField(input, 'appointmentdate') ?? 0,
    minutes: listed(state.types, type).durationMinutes,
    department: departmentField(state, input) ?? 0,
    provider: providerField(state, input) ?? 0,
    type,
  }
  const ids = starts.map((start) => {
    const position = addSlot(state, { ...place, start }, stampOf(context))
    return [appointmentId(position), clockText(start)] as const
  })
  return ok({ appointmentids: Object.fromEntries(ids) })
}

function removeSlot(context: RouteContext): ReturnType<Route['handle']> {
  deleteSlot(stateOf(context.practice), pathAppointment(context), stampOf(context))
  return success()
}

function freeze(context: RouteContext): ReturnType<Route['handle']> {
  const { input } = context
  const position = pathAppointment(context)
  requireFields(input, ['freeze'])
  // Documented only as whether the appointment can be cancelled; we read it as: while it is frozen.
  const cancelLocked = input.flag('freeze') && !input.flag('requirescancellation', true)
  const freezing = { position, frozen: input.flag('freeze'), cancelLocked }
  setFrozen(stateOf(context.practice), freezing, stampOf(context))
  return ok({ success: true, errormessage: '' })
}

export const slotWriteRoutes: readonly Route[] = [
  { method: 'POST', path: '/appointments/open', handle: orError(addSlots) },
  { method: 'DELETE', path: '/appointments/{appointmentid}', handle: orError(removeSlot) },
  { method: 'PUT', path: '/appointments/{appointmentid}/freeze', handle: orFailure('errormessage', freeze) },
]
