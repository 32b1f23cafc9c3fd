/** The waitlist: who would like to be seen, or to be seen sooner. */
import { survivorOf } from '../practice/patient-table.ts'
import { stateOf } from '../practice/create-practice.ts'
import type { PracticeState } from '../practice/practice-state.ts'
import {
  addToWaitlist,
  changeWish,
  removeFromWaitlist,
  waitlistEntries,
  waitlistEntry,
  waitlistPriorities,
  waitlistRecord,
  type WaitlistEntry,
  type WaitlistWish,
} from '../practice/waitlist.ts'
import type { Input, Route, RouteContext } from '../route.ts'
import { list, ok, one, success } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { appointmentField, boundedField, choiceField, typeField, weekdaysField } from './appointment-fields.ts'
import { departmentField, pathNumber, providerField, requireFields, stampOf } from './request-fields.ts'

const hours = { low: 0, high: 24 }

/** What an entry says where nothing is said of it. */
const noWish: WaitlistWish = {
  patient: 0,
  department: 0,
  anyDepartment: false,
  provider: undefined,
  type: undefined,
  appointment: undefined,
  dayOfWeekIds: [],
  hourFrom: undefined,
  hourTo: undefined,
  priority: 'NORMAL',
  note: undefined,
}

/** What a request says about an entry; of what it leaves out, the entry keeps what it has. */
function wishOf(state: PracticeState, input: Input, known: WaitlistWish): WaitlistWish {
  const said: { readonly [Field in keyof WaitlistWish]: WaitlistWish[Field] | undefined } = {
    patient: input.integer('patientid'),
    department: departmentField(state, input),
    anyDepartment: input.flag('allowanydepartment', known.anyDepartment),
    provider: providerField(state, input),
    type: typeField(state, input),
    appointment: appointmentField(state, input),
    dayOfWeekIds: weekdaysField(input),
    hourFrom: boundedField(input, 'hourfrom', hours),
    hourTo: boundedField(input, 'hourto', hours),
    priority: choiceField(input, 'priority', waitlistPriorities),
    note: input.text('note'),
  }
  return { ...known, ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) }
}

type Filter = (entry: WaitlistEntry) => boolean

/** Each field of the query narrows the list; an entry that leaves it open counts as meant (inferred). */
function filtersOf(state: PracticeState, input: Input): Filter[] {
  const wanted = wishOf(state, input, noWish)
  const filters: Filter[] = []
  const match = (name: string, holds: Filter): void => {
    if (input.text(name) !== undefined) filters.push(holds)
  }
  match('patientid', (entry) => entry.patient === survivorOf(state.patients, wanted.patient))
  match('departmentid', (entry) => entry.anyDepartment || entry.department === wanted.department)
  match('providerid', (entry) => entry.provider === undefined || entry.provider === wanted.provider)
  match('appointmenttypeid', (entry) => entry.type === undefined || entry.type === wanted.type)
  match('appointmentid', (entry) => entry.appointment === wanted.appointment)
  match('priority', (entry) => entry.priority === wanted.priority)
  match('hourfrom', (entry) => (entry.hourTo ?? hours.high) >= (wanted.hourFrom ?? hours.low))
  match('hourto', (entry) => (entry.hourFrom ?? hours.low) <= (wanted.hourTo ?? hours.high))
  if (wanted.dayOfWeekIds.length > 0) {
    const days = new Set(wanted.dayOfWeekIds)
    filters.push(({ dayOfWeekIds }) => dayOfWeekIds.length === 0 || dayOfWeekIds.some((day) => days.has(day)))
  }
  return filters
}

function listEntries(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const filters = filtersOf(state, context.input)
  return list(context, {
    key: 'waitlistentries',
    items: waitlistEntries(state).filter((entry) => filters.every((holds) => holds(entry))),
    render: (entry) => waitlistRecord(state, entry),
  })
}

function createEntry(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  requireFields(context.input, ['patientid', 'departmentid'])
  const id = addToWaitlist(state, wishOf(state, context.input, noWish), stampOf(context))
  return ok({ waitlistid: id })
}

/** An array of one, as every single record is; not recorded. */
function getEntry(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  return one(waitlistRecord(state, waitlistEntry(state, pathNumber(context, 'waitlistid'))))
}

function updateEntry(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const id = pathNumber(context, 'waitlistid')
  const wish = wishOf(state, context.input, waitlistEntry(state, id))
  changeWish(state, { id, wish }, stampOf(context))
  return success()
}

function deleteEntry(context: RouteContext): ReturnType<Route['handle']> {
  removeFromWaitlist(stateOf(context.practice), pathNumber(context, 'waitlistid'), stampOf(context))
  return success()
}

const entryPath = '/appointments/waitlist/{waitlistid}'

export const appointmentWaitlistRoutes: readonly Route[] = [
  { method: 'GET', path: '/appointments/waitlist', handle: listEntries },
  { method: 'POST', path: '/appointments/waitlist', handle: orError(createEntry) },
  { method: 'GET', path: entryPath, handle: orError(getEntry) },
  { method: 'PUT', path: entryPath, handle: orError(updateEntry) },
  { method: 'DELETE', path: entryPath, handle: orError(deleteEntry) },
]
