import type { Answer, CallOptions } from '../athena-call.ts'
import { checkId, type Params } from '../call/params.ts'
import { type Appointment, appointmentShape } from '../records/appointment.ts'
import type { OpenParams } from '../request/endpoint-request.ts'
import { coerce } from '../wire/coerce.ts'
import { isPlainObject } from '../wire/decode-record.ts'
import { type PlainTime, readPlainTime } from '../wire/plain-date.ts'
import { appointmentMethods } from './appointment-methods.ts'
import { type AppointmentNotes, appointmentNotesOf } from './appointment-notes.ts'
import { endpointMethods } from './endpoint-methods.ts'
import { listEndpoints } from './endpoints.ts'
import { type List, listOf } from './list.ts'
import type { Methods } from './method-table.ts'
import { badAnswer, getOne, type Id, type Outcome, pickRecord, type PracticeApi, send, write } from './practice-api.ts'

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

/** Slots to be opened: when and where. */
export interface SlotForm {
  readonly appointmentdate: string
  /** `HH:MM`, one or several. */
  readonly appointmenttime: string | readonly string[]
  readonly departmentid: Id
  readonly providerid: Id
}

/**
 * Slots and bookings. No write is ever sent twice unless it provably was not executed: after an error whose `executed` is
 * `unknown`, read the appointment before deciding.
 */
export interface Appointments extends Methods<typeof appointmentMethods> {
  /** Open slots; athenahealth gives none without `reasonid` (-1: any a patient may book) or `appointmenttypeid`. */
  open(
    query: OpenParams<'GET /appointments/open'> & { departmentid: Id | readonly Id[] },
    options?: CallOptions,
  ): List<Appointment>
  /** Bookings of a window; a heavy call: keep the window small and name a department. */
  booked(query: OpenParams<'GET /appointments/booked'> & DateWindow, options?: CallOptions): List<Appointment>
  /** As `booked`, over several departments at once. */
  bookedMultipleDepartment(
    query: OpenParams<'GET /appointments/booked/multipledepartment'> & DateWindow,
    options?: CallOptions,
  ): List<Appointment>
  /** One booking or slot as it is now. */
  get(
    id: Id,
    query?: OpenParams<'GET /appointments/{appointmentid}'>,
    options?: CallOptions,
  ): Promise<Answer<Appointment>>
  /** Books an open slot for a patient, with `reasonid` (web) or `appointmenttypeid` (staff). Taken: `conflict`. */
  book(
    id: Id,
    form: OpenParams<'PUT /appointments/{appointmentid}'> & { patientid: Id },
    options?: CallOptions,
  ): Promise<Answer<Appointment>>
  /** Moves a booking to another open slot; the answer is the new appointment, with the new slot's id. */
  reschedule(
    id: Id,
    form: OpenParams<'PUT /appointments/{appointmentid}/reschedule'> & { patientid: Id; newappointmentid: Id },
    options?: CallOptions,
  ): Promise<Answer<Appointment>>
  /** Cancels a patient's booking; the answer's `status` is `x`. */
  cancel(
    id: Id,
    form: OpenParams<'PUT /appointments/{appointmentid}/cancel'> & { patientid: Id },
    options?: CallOptions,
  ): Promise<Answer<Outcome>>
  /** Says that check-in has begun. */
  startCheckIn(id: Id, options?: CallOptions): Promise<Answer<Outcome>>
  /** Completes check-in; `rejected` when something required is missing. */
  checkIn(id: Id, options?: CallOptions): Promise<Answer<Outcome>>
  /** Takes a begun check-in back. */
  cancelCheckIn(id: Id, options?: CallOptions): Promise<Answer<Outcome>>
  /** Begins and completes check-out. */
  checkOut(id: Id, options?: CallOptions): Promise<Answer<Outcome>>
  /** Opens slots at `appointmenttime` (`HH:MM`, one or several) of a day; needs appointmenttypeid or reasonid. */
  createSlots(
    form: OpenParams<'POST /appointments/open'> & SlotForm,
    options?: CallOptions,
  ): Promise<Answer<readonly CreatedSlot[]>>
  /** Removes an open slot. */
  deleteSlot(id: Id, options?: CallOptions): Promise<Answer<Outcome>>
  /** Holds a slot, or with `freeze: false` lets it go. */
  freeze(id: Id, form: Params & { freeze: boolean }, options?: CallOptions): Promise<Answer<Outcome>>
  /** Notes of appointments. */
  readonly notes: AppointmentNotes
}

/** Makes the methods of appointments. */
export function appointmentsOf(api: PracticeApi): Appointments {
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
export interface Slots {
  /** Open slots; as `appointments.open`. */
  readonly list: Appointments['open']
  /** One slot as it is now, or the booking that has filled it. */
  readonly get: Appointments['get']
  /** Opens slots; as `appointments.createSlots`. */
  readonly create: Appointments['createSlots']
  /** Removes an open slot. */
  readonly delete: Appointments['deleteSlot']
  /** Holds a slot, or with `freeze: false` lets it go. */
  readonly freeze: Appointments['freeze']
}

/** Makes the methods of slots. */
export function slotsOf(api: PracticeApi): Slots {
  const { createSlots: create, deleteSlot, freeze } = slotWritesOf(api)
  const { open: list, get } = listsOf(api)
  return { list, get, create, delete: deleteSlot, freeze }
}

function slotWritesOf(api: PracticeApi): Pick<Appointments, 'createSlots' | 'deleteSlot' | 'freeze'> {
  return {
    createSlots: (form, options) => createSlots(api, form, options),
    deleteSlot: async (id, options) =>
      write(api, { method: 'DELETE', route: '/appointments/{appointmentid}', ...target(id, options) }),
    freeze: async (id, form, options) =>
      write(api, { method: 'PUT', route: '/appointments/{appointmentid}/freeze', form, ...target(id, options) }),
  }
}

function listsOf(api: PracticeApi): Pick<Appointments, 'open' | 'booked' | 'bookedMultipleDepartment' | 'get'> {
  const one = { route: '/appointments/{appointmentid}', idField: 'appointmentid', shape: appointmentShape }
  return {
    open: (query, options) => listOf(api, listEndpoints.open, { query, options }),
    booked: (query, options) => listOf(api, listEndpoints.booked, { query, options }),
    bookedMultipleDepartment: (query, options) =>
      listOf(api, listEndpoints.bookedMultipleDepartment, { query, options }),
    get: (id, query, options) => getOne(api, { ...one, id, query, options }),
  }
}

function bookingOf(api: PracticeApi): Pick<Appointments, 'book' | 'reschedule' | 'cancel'> {
  const route = '/appointments/{appointmentid}'
  return {
    book: async (id, form, options) => {
      const answered = await send(api, { method: 'PUT', route, form, ...target(id, options) })
      const ids = { appointmentid: checkId('appointmentid', id), patientid: checkId('patientid', form.patientid) }
      return pickRecord(answered, appointmentShape, ids)
    },
    reschedule: async (id, form, options) => {
      const ids = {
        appointmentid: checkId('newappointmentid', form.newappointmentid),
        patientid: checkId('patientid', form.patientid),
      }
      const answered = await send(api, { method: 'PUT', route: `${route}/reschedule`, form, ...target(id, options) })
      return pickRecord(answered, appointmentShape, ids)
    },
    cancel: async (id, form, options) =>
      write(api, { method: 'PUT', route: `${route}/cancel`, form, ...target(id, options) }),
  }
}

function visitOf(api: PracticeApi): Pick<Appointments, 'startCheckIn' | 'checkIn' | 'cancelCheckIn' | 'checkOut'> {
  const step = (name: string) => async (id: Id, options?: CallOptions) =>
    write(api, { method: 'POST', route: `/appointments/{appointmentid}/${name}`, form: {}, ...target(id, options) })
  return {
    startCheckIn: step('startcheckin'),
    checkIn: step('checkin'),
    cancelCheckIn: step('cancelcheckin'),
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
