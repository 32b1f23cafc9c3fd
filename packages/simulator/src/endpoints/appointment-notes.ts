/** Notes of an appointment. */
import { statusOf, type AppointmentNote } from '../practice/appointment-table.ts'
import { stateOf } from '../practice/create-practice.ts'
import { addNote, deleteNote, editNote } from '../practice/note-changes.ts'
import { eastern, wallText } from '../practice/zone-time.ts'
import { ReplyError, type Route, type RouteContext } from '../route.ts'
import { invalid, list, ok, success } from '../server/reply.ts'
import { orError } from './answer-refusal.ts'
import { pathAppointment, requireFields, stampOf } from './request-fields.ts'

function noteRecord(note: AppointmentNote): Record<string, unknown> {
  return {
    noteid: String(note.id),
    notetext: note.text,
    displayonschedule: note.displayOnSchedule,
    created: wallText(eastern, note.createdAt),
    createdby: note.createdBy,
  }
}

function listNotes(context: RouteContext): ReturnType<Route['handle']> {
  const { appointments } = stateOf(context.practice)
  const position = pathAppointment(context)
  const showDeleted = context.input.flag('showdeleted')
  // Documented: notes of a cancelled appointment count as deleted.
  const cancelled = statusOf(appointments, position) === 'x'
  const notes = appointments.notes.get(position) ?? []
  return list(context, {
    key: 'notes',
    items: notes.filter((note) => showDeleted || !(note.deleted || cancelled)),
    render: noteRecord,
  })
}

function createNote(context: RouteContext): ReturnType<Route['handle']> {
  const position = pathAppointment(context)
  requireFields(context.input, ['notetext'])
  const input = {
    position,
    text: context.input.text('notetext') ?? '',
    displayOnSchedule: context.input.flag('displayonschedule'),
  }
  const note = addNote(stateOf(context.practice), input, stampOf(context))
  return ok({ notes: [{ ...noteRecord(note), success: 'true' }], totalcount: 1 })
}

function noteId(context: RouteContext): number {
  const text = context.path['noteid'] ?? ''
  if (!/^\d{1,15}$/.test(text)) throw new ReplyError(invalid('integer', text))
  return Number(text)
}

/** Changing and deleting answer `success` (inferred: neither is recorded). */
function changeNote(context: RouteContext): ReturnType<Route['handle']> {
  const { input } = context
  const position = pathAppointment(context)
  requireFields(input, ['notetext'])
  const edit = {
    position,
    id: noteId(context),
    text: input.text('notetext') ?? '',
    displayOnSchedule: input.text('displayonschedule') === undefined ? undefined : input.flag('displayonschedule'),
  }
  editNote(stateOf(context.practice), edit, stampOf(context))
  return success()
}

function removeNote(context: RouteContext): ReturnType<Route['handle']> {
  const position = pathAppointment(context)
  deleteNote(stateOf(context.practice), { position, id: noteId(context) }, stampOf(context))
  return success()
}

export const appointmentNoteRoutes: readonly Route[] = [
  { method: 'GET', path: '/appointments/{appointmentid}/notes', handle: listNotes },
  { method: 'POST', path: '/appointments/{appointmentid}/notes', handle: createNote },
  { method: 'PUT', path: '/appointments/{appointmentid}/notes/{noteid}', handle: orError(changeNote) },
  { method: 'DELETE', path: '/appointments/{appointmentid}/notes/{noteid}', handle: orError(removeNote) },
]
