import type { Answer, CallOptions } from '../athena-call.ts'
import { checkId, type Params } from '../call/params.ts'
import type { AppointmentNote } from '../records/appointment.ts'
import { listEndpoints } from './endpoints.ts'
import { type List, listOf } from './list.ts'
import { type Id, type Outcome, type PracticeApi, write } from './practice-api.ts'

const NOTE_ROUTE = '/appointments/{appointmentid}/notes/{noteid}'

/** Notes of appointments. */
export interface AppointmentNotes {
  /** Notes of one appointment; those of a cancelled one need `showdeleted`. */
  list(appointment: Id, query?: Params, options?: CallOptions): List<AppointmentNote>
  /** Adds a note; `displayonschedule` shows it in the schedule. */
  create(appointment: Id, form: Params & { notetext: string }, options?: CallOptions): Promise<Answer<Outcome>>
  /** Replaces a note's text. */
  update(note: NoteOf, form: Params & { notetext: string }, options?: CallOptions): Promise<Answer<Outcome>>
  /** Removes a note. */
  delete(note: NoteOf, options?: CallOptions): Promise<Answer<Outcome>>
}

/** Makes the methods of appointments' notes. */
export function appointmentNotesOf(api: PracticeApi): AppointmentNotes {
  const route = '/appointments/{appointmentid}/notes'
  return {
    list: (appointment, query, options) =>
      listOf(api, listEndpoints.notes, { path: appointmentPath(appointment), query, options }),
    create: async (appointment, form, options) =>
      write(api, { method: 'POST', route, path: appointmentPath(appointment), form, ...(options && { options }) }),
    update: async (note, form, options) =>
      write(api, { method: 'PUT', route: NOTE_ROUTE, path: notePath(note), form, ...(options && { options }) }),
    delete: async (note, options) =>
      write(api, { method: 'DELETE', route: NOTE_ROUTE, path: notePath(note), ...(options && { options }) }),
  }
}

/** Which note of which appointment. */
export interface NoteOf {
  readonly appointmentid: Id
  readonly noteid: Id
}

function appointmentPath(appointment: Id) {
  return { appointmentid: checkId('appointmentid', appointment) }
}

function notePath({ appointmentid, noteid }: NoteOf) {
  return { ...appointmentPath(appointmentid), noteid: checkId('noteid', noteid) }
}
