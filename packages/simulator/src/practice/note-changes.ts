/** Notes on appointments; the record shows them, so each change of one is a change of the appointment. */
import type { AppointmentNote } from './appointment-table.ts'
import { markModified, type Change } from './fill-slot.ts'
import type { PracticeState, Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { announceAppointment, begin } from './slot-changes.ts'

interface NewNote {
  readonly text: string
  readonly display: boolean
  readonly change: Change
}

/** Appends a note without announcing it: part of a larger change. */
export function addNoteRow(
  state: PracticeState,
  position: number,
  { text, display, change }: NewNote,
): AppointmentNote {
  const { appointments: table } = state
  const note: AppointmentNote = {
    id: table.nextNote,
    text,
    displayOnSchedule: display,
    createdAt: change.at,
    createdBy: change.by,
    deleted: false,
  }
  table.nextNote += 1
  table.notes.set(position, [...(table.notes.get(position) ?? []), note])
  return note
}

export interface NoteInput {
  readonly position: number
  readonly text: string
  readonly displayOnSchedule: boolean
}

export function addNote(state: PracticeState, input: NoteInput, stamp: Stamp): AppointmentNote {
  const change = begin(state, stamp)
  const note = addNoteRow(state, input.position, { text: input.text, display: input.displayOnSchedule, change })
  announceNotes(state, input.position, change)
  return note
}

/** The note with this id that is not deleted. Refuses `unknown_note`. */
function findNote(state: PracticeState, position: number, id: number): AppointmentNote {
  const note = state.appointments.notes.get(position)?.find((candidate) => candidate.id === id && !candidate.deleted)
  if (note === undefined) throw new Refusal('unknown_note')
  return note
}

export interface NoteEdit {
  readonly position: number
  readonly id: number
  readonly text: string
  readonly displayOnSchedule?: boolean | undefined
}

/** Refuses `unknown_note`. */
export function editNote(state: PracticeState, edit: NoteEdit, stamp: Stamp): void {
  const note = findNote(state, edit.position, edit.id)
  const change = begin(state, stamp)
  note.text = edit.text
  note.displayOnSchedule = edit.displayOnSchedule ?? note.displayOnSchedule
  announceNotes(state, edit.position, change)
}

/** A deleted note stays, to be seen with `showdeleted`. Refuses `unknown_note`. */
export function deleteNote(state: PracticeState, input: { position: number; id: number }, stamp: Stamp): void {
  const note = findNote(state, input.position, input.id)
  const change = begin(state, stamp)
  note.deleted = true
  announceNotes(state, input.position, change)
}

function announceNotes(state: PracticeState, position: number, change: Change): void {
  markModified(state.appointments, position, change)
  announceAppointment(state, position, 'UpdateAppointment')
}
