/** Open slots read. */
import { openSlotRecord } from '../practice/appointment-record.ts'
import type { AppointmentReason } from '../practice/appointment-type.ts'
import { stateOf } from '../practice/create-practice.ts'
import { findOpen, fitsSlotType, isInTime, type OpenQuery } from '../practice/find-appointments.ts'
import { todayIn } from '../practice/find-patients.ts'
import { offersReason } from '../practice/offered-reasons.ts'
import { listed, reasonById, type PracticeState } from '../practice/practice-state.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { list, missingFields } from '../server/reply.ts'
import { typeField } from './appointment-fields.ts'
import { dateField, departmentsField, integersField, providersField, requireFields } from './request-fields.ts'

const slotsPage = 1000
const anyReason = -1
const weekDays = 7

/** What the caller looks for. */
interface Wanted {
  /** True for slots whatever they are for. */
  readonly any: boolean
  readonly type: number | undefined
  readonly reasons: readonly AppointmentReason[]
}

/** Undefined when neither a reason nor a type is named: then nothing is listed (documented). */
function wantedOf(state: PracticeState, input: Input): Wanted | undefined {
  const type = typeField(state, input)
  const reasonIds = integersField(input, 'reasonid') ?? []
  if (type !== undefined) return { any: false, type, reasons: [] }
  if (reasonIds.length === 0) return undefined
  if (reasonIds.includes(anyReason)) return { any: true, type: undefined, reasons: [] }
  return { any: false, type: undefined, reasons: reasonIds.flatMap((id) => reasonById(state, id) ?? []) }
}

function openQuery(context: RouteContext): OpenQuery {
  const state = stateOf(context.practice)
  const { input, now } = context
  const departments = departmentsField(state, input) ?? new Set<number>()
  const [firstDepartment = 0] = departments
  const firstDay = dateField(input, 'startdate') ?? todayIn(state, Math.max(0, firstDepartment), now)
  return {
    firstDay,
    lastDay: dateField(input, 'enddate') ?? firstDay + weekDays,
    departments,
    providers: providersField(state, input),
    showFrozen: input.flag('showfrozenslots'),
    showInternal: input.flag('ignoreschedulablepermission'),
  }
}

/** Ids of the reasons a slot can be booked for: of its type, offered there, and neither too soon nor too far ahead. */
function reasonsOf(context: RouteContext, position: number, reasons: readonly AppointmentReason[]): string[] {
  const state = stateOf(context.practice)
  const { appointments: table } = state
  const place = {
    provider: listed(state.providers, table.provider.get(position)),
    department: table.department.get(position),
  }
  const bypass = context.input.flag('bypassscheduletimechecks')
  return reasons
    .filter(
      (reason) =>
        fitsSlotType(state, reason.type, table.type.get(position)) &&
        offersReason(state, reason, place) &&
        (bypass || isInTime(state, position, { ...reason, now: context.now })),
    )
    .map(({ id }) => id)
}

/** An open slot and the reasons it answers to. */
interface Offer {
  readonly position: number
  readonly reasonIds: readonly string[]
}

/** The slots meant, each with what of the reasons asked for it can be booked for. */
function offers(context: RouteContext, query: OpenQuery, { any, type, reasons }: Wanted): Offer[] {
  const state = stateOf(context.practice)
  const { input, now } = context
  const bypass = input.flag('bypassscheduletimechecks')
  const slots = findOpen(state, query)
  if (!any && type === undefined) {
    return slots.flatMap((position) => {
      const reasonIds = reasonsOf(context, position, reasons)
      return reasonIds.length === 0 ? [] : [{ position, reasonIds }]
    })
  }
  const echoed = any ? [String(anyReason)] : input.list('reasonid')
  const isMeant = (position: number): boolean =>
    (type === undefined || fitsSlotType(state, type, state.appointments.type.get(position))) &&
    (bypass || isInTime(state, position, { ...state.rules, now }))
  return slots.filter(isMeant).map((position) => ({ position, reasonIds: echoed }))
}

function listOpen(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  requireFields(input, ['departmentid'])
  const wanted = wantedOf(state, input)
  const query = openQuery(context)
  const needsProvider = wanted !== undefined && !wanted.any && wanted.type === undefined
  // Documented as required with a reason other than -1; the answer without it is inferred.
  if (needsProvider && input.text('providerid') === undefined) throw new ReplyError(missingFields(['providerid']))
  return list(context, {
    key: 'appointments',
    items: wanted === undefined ? [] : offers(context, query, wanted),
    render: ({ position, reasonIds }) => openSlotRecord(state, position, reasonIds),
    defaultLimit: slotsPage,
  })
}

export const openSlotRoutes: readonly Route[] = [{ method: 'GET', path: '/appointments/open', handle: listOpen }]
