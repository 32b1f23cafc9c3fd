import type { Answer, CallOptions } from '../athena-call.ts'
import { checkId, type Params } from '../call/params.ts'
import { type Appointment, appointmentShape } from '../records/appointment.ts'
import { coerce } from '../wire/coerce.ts'
import { isPlainObject } from '../wire/decode-record.ts'
import { type PlainTime, readPlainTime } from '../wire/plain-date.ts'
import { appointmentMethods } from './appointment-methods.ts'
import { appointmentNotesOf } from './appointment-notes.ts'
import { endpointMethods } from './endpoint-methods.ts'
import { listEndpoints } from './endpoints.ts'
import { listOf } from './list.ts'
import { badAnswer, getOne, type Id, pickRecord, type PracticeApi, send, write } from './practice-api.ts'

/** The first and the last day of a window, `YYYY-MM-DD`, both included. */
export interface DateWindow {
  readonly startdate: string
  readonly enddate: string
}

/** A slot made by createSlots. */
export interface CreatedSlot {
  readonly appointmentid: string
  /** On the department's wall. */
  readonly time: PlainTime | undefined
}

/**
 * Slots and bookings. No write is ever sent twice unless it provably was not executed: after an error whose `executed` is
 * `unknown`, read the appointment before deciding.
 */
export function appointmentsOf(api: PracticeApi) {
  return {
    ...endpointMethods(api, appointmentMethods),
    ...listsOf(api),
    ...bookingOf(api),
    ...visitOf(api),
    notes: appointmentNotesOf(api),
    ...slotWritesOf(api),
  }
}

/**
 * Slots alone: times that can be booked. A slot and the appointment that fills it share their id; booking is
 * `appointments.book`.
 */
export function slotsOf(api: PracticeApi) {
  const { createSlots: create, deleteSlot, freeze } = slotWritesOf(api)
  const { open: list, get } = listsOf(api)
  return {
    /** Open slots; as `appointments.open`. */
    list,
    /** One slot as it is now, or the booking that has filled it. */
    get,
    /** Opens slots; as `appointments.createSlots`. */
    create,
    /** Removes an open slot. */
    delete: deleteSlot,
    /** Holds a slot, or with `freeze: false` lets it go. */
    freeze,
  }
}

function slotWritesOf(api: PracticeApi) {
  return {
    /** Opens slots at `appointmenttime` (`HH:MM`, one or several) of a day; needs appointmenttypeid or reasonid. */
    createSlots: (
      form: Params & {
        appointmentdate: string
        appointmenttime: string | readonly string[]
        departmentid: Id
        providerid: Id
      },
      options?: CallOptions,
    ) => createSlots(api, form, options),
    /** Removes an open slot. */
    deleteSlot: async (id: Id, options?: CallOptions) =>
      write(api, { method: 'DELETE', route: '/appointments/{appointmentid}', ...target(id, options) }),
    /** Holds a slot, or with `freeze: false` lets it go. */
    freeze: async (id: Id, form: Params & { freeze: boolean }, options?: CallOptions) =>
      write(api, { method: 'PUT', route: '/appointments/{appointmentid}/freeze', form, ...target(id, options) }),
  }
}

function listsOf(api: PracticeApi) {
  return {
    /** Open slots; athenahealth gives none without `reasonid` (-1: any a patient may book) or `appointmenttypeid`. */
    open: (query: Params & { departmentid: Id | readonly Id[] }, options?: CallOptions) =>
      listOf(api, listEndpoints.open, { query, options }),
    /** Bookings of a window; a heavy call: keep the window small and name a department. */
    booked: (query: Params & DateWindow, options?: CallOptions) =>
      listOf(api, listEndpoints.booked, { query, options }),
    /** As `booked`, over several departments at once. */
    bookedMultipleDepartment: (query: Params & DateWindow, options?: CallOptions) =>
      listOf(api, listEndpoints.bookedMultipleDepartment, { query, options }),
    /** One booking or slot as it is now. */
    get: (id: Id, query?: Params, options?: CallOptions): Promise<Answer<Appointment>> =>
      getOne(api, {
        route: '/appointments/{appointmentid}',
        idField: 'appointmentid',
        id,
        shape: appointmentShape,
        query,
        options,
      }),
  }
}

function bookingOf(api: PracticeApi) {
  return {
    /** Books an open slot for a patient, with `reasonid` (web) or `appointmenttypeid` (staff). Taken: `conflict`. */
    book: async (id: Id, form: Params & { patientid: Id }, options?: CallOptions): Promise<Answer<Appointment>> => {
      const answered = await send(api, {
        method: 'PUT',
        route: '/appointments/{appointmentid}',
        form,
        ...target(id, options),
      })
      const ids = { appointmentid: checkId('appointmentid', id), patientid: checkId('patientid', form.patientid) }
      return pickRecord(answered, appointmentShape, ids)
    },
    /** Moves a booking to another open slot; the answer is the new appointment, with the new slot's id. */
    reschedule: async (
      id: Id,
      form: Params & { patientid: Id; newappointmentid: Id },
      options?: CallOptions,
    ): Promise<Answer<Appointment>> => {
      const ids = {
        appointmentid: checkId('newappointmentid', form.newappointmentid),
        patientid: checkId('patientid', form.patientid),
      }
      const route = '/appointments/{appointmentid}/reschedule'
      const answered = await send(api, { method: 'PUT', route, form, ...target(id, options) })
      return pickRecord(answered, appointmentShape, ids)
    },
    /** Cancels a patient's booking; the answer's `status` is `x`. */
    cancel: async (id: Id, form: Params & { patientid: Id }, options?: CallOptions) =>
      write(api, { method: 'PUT', route: '/appointments/{appointmentid}/cancel', form, ...target(id, options) }),
  }
}

function visitOf(api: PracticeApi) {
  const step = (name: string) => async (id: Id, options?: CallOptions) =>
    write(api, { method: 'POST', route: `/appointments/{appointmentid}/${name}`, form: {}, ...target(id, options) })
  return {
    /** Says that check-in has begun. */
    startCheckIn: step('startcheckin'),
    /** Completes check-in; `rejected` when something required is missing. */
    checkIn: step('checkin'),
    /** Takes a begun check-in back. */
    cancelCheckIn: step('cancelcheckin'),
    /** Begins and completes check-out. */
    checkOut: step('checkout'),
  }
}

async function createSlots(
  api: PracticeApi,
  form: Params,
  options?: CallOptions,
): Promise<Answer<readonly CreatedSlot[]>> {
  const answered = await send(api, { method: 'POST', route: '/appointments/open', form, ...(options && { options }) })
  const { value, raw, meta } = answered
  const ids = isPlainObject(value) ? value['appointmentids'] : undefined
  if (!isPlainObject(ids)) throw badAnswer(answered, 'malformed-response', 'no slots in it')
  const slots = Object.entries(ids).map(([appointmentid, time]) => ({
    appointmentid,
    time: readPlainTime(coerce.text(time) ?? ''),
  }))
  return { value: slots, raw, meta }
}

function target(id: Id, options: CallOptions | undefined) {
  return { path: { appointmentid: checkId('appointmentid', id) }, ...(options && { options }) }
}
