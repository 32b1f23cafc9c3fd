/** Open slots read. */
import { openSlotRecord } from '../practice/appointment-record.ts'
import { stateOf } from '../practice/create-practice.ts'
import { findOpen, type OpenQuery } from '../practice/find-appointments.ts'
import { todayIn } from '../practice/find-patients.ts'
import { reasonById, typeById, type PracticeState } from '../practice/practice-state.ts'
import { ReplyError, type Input, type Route, type RouteContext } from '../route.ts'
import { invalidData, list, missingFields } from '../server/reply.ts'
import { dateField, departmentsField, integersField, providersField, requireFields } from './request-fields.ts'

const slotsPage = 1000
const anyReason = -1
const weekDays = 7
/** Limits of practices that configured none: athenahealth's defaults. */
const minHoursDefault = 24
const maxDaysDefault = 90

interface Wanted {
  /** Indexes of types; undefined for any. */
  readonly types: ReadonlySet<number> | undefined
  readonly reasonIds: readonly string[]
  readonly minHours: number
  readonly maxDays: number
}

/** What the caller looks for; undefined when neither a reason nor a type is named: then nothing is listed. */
function wantedOf(state: PracticeState, input: Input): Wanted | undefined {
  const defaults = { minHours: minHoursDefault, maxDays: maxDaysDefault }
  const reasonIds = integersField(input, 'reasonid') ?? []
  const typeId = input.integer('appointmenttypeid')
  if (typeId !== undefined) {
    const type = typeById(state, typeId)
    if (type === undefined) throw new ReplyError(invalidData('Invalid appointment type.'))
    return { types: new Set([type.index]), reasonIds: reasonIds.map(String), ...defaults }
  }
  if (reasonIds.length === 0) return undefined
  if (reasonIds.includes(anyReason)) return { types: undefined, reasonIds: [String(anyReason)], ...defaults }
  const reasons = reasonIds.flatMap((id) => reasonById(state, id) ?? [])
  return {
    types: new Set(reasons.map((reason) => reason.type)),
    reasonIds: reasons.map((reason) => reason.id),
    minHours: Math.max(0, ...reasons.map((reason) => reason.minHours)),
    maxDays: Math.max(0, ...reasons.map((reason) => reason.maxDays)),
  }
}

function openQuery(context: RouteContext, wanted: Wanted): OpenQuery {
  const state = stateOf(context.practice)
  const { input, now } = context
  const departments = departmentsField(state, input) ?? new Set<number>()
  const [firstDepartment = 0] = departments
  const firstDay = dateField(input, 'startdate') ?? todayIn(state, Math.max(0, firstDepartment), now)
  const bypass = input.flag('bypassscheduletimechecks')
  return {
    firstDay,
    lastDay: dateField(input, 'enddate') ?? firstDay + weekDays,
    departments,
    providers: providersField(state, input),
    types: wanted.types,
    showFrozen: input.flag('showfrozenslots'),
    showInternal: input.flag('ignoreschedulablepermission'),
    now,
    ...(bypass ? {} : { minHours: wanted.minHours, maxDays: wanted.maxDays }),
  }
}

function listOpen(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  requireFields(input, ['departmentid'])
  const wanted = wantedOf(state, input)
  const needsProvider = wanted?.types !== undefined && input.text('appointmenttypeid') === undefined
  // Documented as required with a reason other than -1; the answer without it is inferred.
  if (needsProvider && input.text('providerid') === undefined) throw new ReplyError(missingFields(['providerid']))
  return list(context, {
    key: 'appointments',
    items: wanted === undefined ? [] : findOpen(state, openQuery(context, wanted)),
    render: (position) => openSlotRecord(state, position, wanted?.reasonIds ?? []),
    defaultLimit: slotsPage,
  })
}

export const openSlotRoutes: readonly Route[] = [{ method: 'GET', path: '/appointments/open', handle: listOpen }]
