/** Changes of appointments and slots, given as plain JSON. */
import { defaultCancelReasonId } from './appointment-type.ts'
import { bookAppointment, cancelAppointment, rescheduleAppointment, updateAppointment } from './booking-changes.ts'
import { clockText, parseClock, parseDate } from './calendar-date.ts'
import { departmentOf, positionOf, providerOf, typeOf, type Id, type Runner } from './change-fields.ts'
import { addNote } from './note-changes.ts'
import { listed } from './practice-state.ts'
import { bookableTypes } from './provider-day.ts'
import { addSlot, deleteSlot, setFrozen } from './slot-changes.ts'
import { cancelCheckIn, checkOut, completeCheckIn, enterCharges, startCheckIn } from './visit-changes.ts'

/** What happens to appointments and slots. */
export type AppointmentChange =
  | {
      readonly kind: 'book'
      readonly appointment: Id
      readonly patient: Id
      /** Any type that fits the slot if neither is given. */
      readonly type?: Id
      readonly reason?: Id
      readonly note?: string
    }
  | { readonly kind: 'cancel'; readonly appointment: Id; readonly reason?: Id; readonly note?: string }
  | { readonly kind: 'reschedule'; readonly appointment: Id; readonly to: Id; readonly reason?: Id }
  | {
      readonly kind: 'startcheckin' | 'checkin' | 'cancelcheckin' | 'checkout' | 'entercharges'
      readonly appointment: Id
    }
  | { readonly kind: 'freeze' | 'unfreeze' | 'deleteslot'; readonly appointment: Id }
  | {
      readonly kind: 'updateappointment'
      readonly appointment: Id
      readonly department?: Id
      readonly provider?: Id
      readonly type?: Id
    }
  | { readonly kind: 'addnote'; readonly appointment: Id; readonly text: string }
  | {
      readonly kind: 'addslot'
      readonly department: Id
      readonly provider: Id
      readonly date: string
      readonly time: string
      readonly type: Id
    }

const book: Runner = (state, fields, stamp) => {
  const position = positionOf(state, fields)
  const type = typeOf(state, fields) ?? bookableTypes(state, state.appointments.type.get(position))[0] ?? 0
  const booking = { position, patient: Number(fields.text('patient')), type, note: fields.optional('note') }
  bookAppointment(state, booking, stamp)
}

const cancel: Runner = (state, fields, stamp) => {
  const position = positionOf(state, fields)
  const input = {
    position,
    patient: state.appointments.patient.get(position),
    reasonId: fields.optional('reason') ?? defaultCancelReasonId,
    note: fields.optional('note'),
  }
  cancelAppointment(state, input, stamp)
}

const reschedule: Runner = (state, fields, stamp) => {
  const position = positionOf(state, fields)
  const input = {
    position,
    patient: state.appointments.patient.get(position),
    to: positionOf(state, fields, 'to'),
    reasonId: fields.optional('reason') ?? '3',
  }
  rescheduleAppointment(state, input, stamp)
}

const addOneSlot: Runner = (state, fields, stamp) => {
  const day = parseDate(fields.text('date'))
  const start = parseClock(fields.text('time'))
  const type = typeOf(state, fields)
  if (day === undefined || start === undefined || type === undefined) {
    throw new RangeError(`a slot needs "date" MM/DD/YYYY, "time" HH:MM such as ${clockText(540)}, and "type"`)
  }
  const place = {
    day,
    start,
    type,
    minutes: listed(state.types, type).durationMinutes,
    department: departmentOf(state, fields),
    provider: providerOf(state, fields).index,
  }
  addSlot(state, place, stamp)
}

const update: Runner = (state, fields, stamp) => {
  const input = {
    position: positionOf(state, fields),
    department: fields.optional('department') === undefined ? undefined : departmentOf(state, fields),
    provider: fields.optional('provider') === undefined ? undefined : providerOf(state, fields).index,
    type: typeOf(state, fields),
  }
  updateAppointment(state, input, stamp)
}

export const appointmentRunners: Readonly<Record<AppointmentChange['kind'], Runner>> = {
  book,
  cancel,
  reschedule,
  startcheckin: (state, fields, stamp) => startCheckIn(state, positionOf(state, fields), stamp),
  checkin: (state, fields, stamp) => completeCheckIn(state, positionOf(state, fields), stamp),
  cancelcheckin: (state, fields, stamp) => cancelCheckIn(state, positionOf(state, fields), stamp),
  checkout: (state, fields, stamp) => checkOut(state, positionOf(state, fields), stamp),
  entercharges: (state, fields, stamp) => enterCharges(state, positionOf(state, fields), stamp),
  freeze: (state, fields, stamp) => setFrozen(state, { position: positionOf(state, fields), frozen: true }, stamp),
  unfreeze: (state, fields, stamp) => setFrozen(state, { position: positionOf(state, fields), frozen: false }, stamp),
  deleteslot: (state, fields, stamp) => deleteSlot(state, positionOf(state, fields), stamp),
  updateappointment: update,
  addnote: (state, fields, stamp) => {
    const position = positionOf(state, fields)
    addNote(state, { position, text: fields.text('text'), displayOnSchedule: false }, stamp)
  },
  addslot: addOneSlot,
}
