import type { CallOptions } from '../athena-call.ts'
import { checkId, type Params } from '../call/params.ts'
import { listEndpoints } from './endpoints.ts'
import { listOf } from './list.ts'
import { type Id, type PracticeApi, write } from './practice-api.ts'

const NOTE_ROUTE = '/appointments/{appointmentid}/notes/{noteid}'

/** Notes of appointments. */
export function appointmentNotesOf(api: PracticeApi) {
  return {
    /** Notes of one appointment; those of a cancelled one need `showdeleted`. */
    list: (appointment: Id, query?: Params, options?: CallOptions) =>
      listOf(api, listEndpoints.notes, { path: appointmentPath(appointment), query, options }),
    /** Adds a note; `displayonschedule` shows it in the schedule. */
    create: async (appointment: Id, form: Params & { notetext: string }, options?: CallOptions) =>
      write(api, {
        method: 'POST',
        route: '/appointments/{appointmentid}/notes',
        path: appointmentPath(appointment),
        form,
        ...(options && { options }),
      }),
    /** Replaces a note's text. */
    update: async ({ appointmentid, noteid }: NoteOf, form: Params & { notetext: string }, options?: CallOptions) =>
      write(api, {
        method: 'PUT',
        route: NOTE_ROUTE,
        path: notePath(appointmentid, noteid),
        form,
        ...(options && { options }),
      }),
    /** Removes a note. */
    delete: async ({ appointmentid, noteid }: NoteOf, options?: CallOptions) =>
      write(api, {
        method: 'DELETE',
        route: NOTE_ROUTE,
        path: notePath(appointmentid, noteid),
        ...(options && { options }),
      }),
  }
}

/** A note of an appointment. */
export interface NoteOf {
  readonly appointmentid: Id
  readonly noteid: Id
}

function appointmentPath(appointment: Id) {
  return { appointmentid: checkId('appointmentid', appointment) }
}

function notePath(appointment: Id, note: Id) {
  return { ...appointmentPath(appointment), noteid: checkId('noteid', note) }
}
