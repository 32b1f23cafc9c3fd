/** Reminders that a patient should be booked about a certain day. */
import { survivorOf } from '../practice/patient-table.ts'
import {
  addReminder,
  appointmentReminder,
  appointmentReminders,
  deleteReminder,
  editReminder,
  reminderRecord,
} from '../practice/appointment-reminders.ts'
import { stateOf } from '../practice/create-practice.ts'
import type { Route, RouteContext } from '../route.ts'
import { list, ok, success } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { typeField } from './appointment-fields.ts'
import { dateField, departmentField, pathNumber, providerField, requireFields, stampOf } from './request-fields.ts'

function listReminders(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  requireFields(input, ['departmentid', 'enddate', 'startdate'])
  const patient = input.integer('patientid')
  const wanted = {
    department: departmentField(state, input),
    first: dateField(input, 'startdate') ?? 0,
    last: dateField(input, 'enddate') ?? 0,
    patient: patient === undefined ? undefined : survivorOf(state.patients, patient),
    provider: providerField(state, input),
    type: typeField(state, input),
    deleted: input.flag('showdeleted'),
  }
  return list(context, {
    key: 'reminders',
    items: appointmentReminders(state).filter(
      (reminder) =>
        reminder.department === wanted.department &&
        reminder.approximateDay >= wanted.first &&
        reminder.approximateDay <= wanted.last &&
        (wanted.patient ?? reminder.patient) === reminder.patient &&
        (wanted.provider ?? reminder.provider) === reminder.provider &&
        (wanted.type ?? reminder.type) === reminder.type &&
        (wanted.deleted || !reminder.deleted),
    ),
    render: (reminder) => reminderRecord(state, reminder),
  })
}

function createReminder(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  requireFields(input, ['approximatedate', 'departmentid', 'patientid'])
  const reminder = {
    patient: input.integer('patientid') ?? 0,
    department: departmentField(state, input) ?? 0,
    approximateDay: dateField(input, 'approximatedate') ?? 0,
    provider: providerField(state, input),
    type: typeField(state, input),
    note: input.text('note'),
    instructions: input.text('patientinstructions'),
  }
  return ok({ success: true, appointmentreminderid: addReminder(state, reminder, stampOf(context)) })
}

/** A bare object, not an array of one (recorded). */
function getReminder(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  return ok(reminderRecord(state, appointmentReminder(state, pathNumber(context, 'appointmentreminderid'))))
}

function updateReminder(context: RouteContext): ReturnType<Route['handle']> {
  const state = stateOf(context.practice)
  const { input } = context
  const given = {
    approximateDay: dateField(input, 'approximatedate'),
    provider: providerField(state, input),
    type: typeField(state, input),
    note: input.text('note'),
    instructions: input.text('patientinstructions'),
    status: input.text('status'),
  }
  const edit = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  editReminder(state, { id: pathNumber(context, 'appointmentreminderid'), edit }, stampOf(context))
  return success()
}

function removeReminder(context: RouteContext): ReturnType<Route['handle']> {
  deleteReminder(stateOf(context.practice), pathNumber(context, 'appointmentreminderid'), stampOf(context))
  return success()
}

const listPath = '/appointments/appointmentreminders'
const path = `${listPath}/{appointmentreminderid}`

export const appointmentReminderRoutes: readonly Route[] = [
  { method: 'GET', path: listPath, handle: listReminders },
  { method: 'POST', path: listPath, handle: orError(createReminder) },
  { method: 'GET', path, handle: orError(getReminder) },
  { method: 'PUT', path, handle: orError(updateReminder) },
  { method: 'DELETE', path, handle: orError(removeReminder) },
]
