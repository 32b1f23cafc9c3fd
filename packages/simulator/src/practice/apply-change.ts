/** Changes as plain JSON, for tests and the administration: what a practice's staff would do at the screen. */
import { appointmentAt } from './appointment-table.ts'
import { defaultCancelReasonId } from './appointment-type.ts'
import { bookAppointment, cancelAppointment, rescheduleAppointment, updateAppointment } from './booking-changes.ts'
import { clockText, parseClock, parseDate } from './calendar-date.ts'
import { stateOf } from './create-practice.ts'
import { addNote } from './note-changes.ts'
import { addPatient, mergePatients, setCustomFields, updatePatient } from './patient-changes.ts'
import { checkPatientFields } from './patient-fields.ts'
import type { PatientFields } from './patient-table.ts'
import { staffUsers } from './populate-schedule.ts'
import type { Practice } from './practice.ts'
import {
  departmentById,
  listed,
  providerById,
  reasonById,
  typeById,
  type PracticeState,
  type Stamp,
} from './practice-state.ts'
import type { Provider } from './provider.ts'
import { addProvider, deleteProvider, undeleteProvider, updateProvider } from './provider-changes.ts'
import { bookableTypes } from './provider-day.ts'
import { Refusal } from './refusal.ts'
import { addSlot, deleteSlot, setFrozen } from './slot-changes.ts'
import { cancelCheckIn, checkOut, completeCheckIn, enterCharges, startCheckIn } from './visit-changes.ts'

type Id = string | number

/** A change of a practice; ids as on the wire, dates `MM/DD/YYYY`, times `HH:MM` in the department's zone. */
export type PracticeChange =
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
  | { readonly kind: 'addpatient'; readonly fields: PatientFields }
  | { readonly kind: 'updatepatient'; readonly patient: Id; readonly fields: PatientFields }
  | { readonly kind: 'deletepatient'; readonly patient: Id }
  | { readonly kind: 'mergepatients'; readonly from: Id; readonly into: Id }
  | { readonly kind: 'setcustomfields'; readonly patient: Id; readonly values: PatientFields }
  | { readonly kind: 'addprovider'; readonly department: Id }
  | {
      readonly kind: 'updateprovider'
      readonly provider: Id
      readonly firstname?: string
      readonly lastname?: string
      readonly specialty?: string
      readonly acceptingnewpatients?: boolean
    }
  | { readonly kind: 'deleteprovider' | 'undeleteprovider'; readonly provider: Id }

export type ChangeKind = PracticeChange['kind']

/** Ids of the records a change touched, in the order of their events. */
export interface Touched {
  readonly appointments: readonly string[]
  readonly patients: readonly string[]
  readonly providers: readonly string[]
}

/**
 * Makes one change and answers the ids of all records that it changed; it is announced like any other.
 * `change` is a `PracticeChange`, but may be unchecked JSON: RangeError when the practice refuses it or a field is missing or wrong, and then nothing
 * was changed. `now` (epoch ms) defaults to the practice's time.
 */
export function applyChange(practice: Practice, change: unknown, now?: number): Touched {
  const state = stateOf(practice)
  const fields = new Fields(change)
  const kind = fields.text('kind')
  const run = runners.get(kind)
  if (run === undefined) throw new RangeError(`there is no change "${kind}" but ${[...runners.keys()].join(', ')}`)
  const touched = { appointments: new Set<string>(), patients: new Set<string>(), providers: new Set<string>() }
  const listener = (event: { feed: keyof typeof touched; id: string }): unknown => touched[event.feed].add(event.id)
  state.listeners.push(listener)
  try {
    run(state, fields, { at: now ?? state.now(), by: staffUsers[0] ?? '' })
  } catch (error) {
    if (error instanceof Refusal)
      throw new RangeError(`the practice refuses to ${kind}: ${error.code}`, { cause: error })
    throw error
  } finally {
    state.listeners.splice(state.listeners.indexOf(listener), 1)
  }
  return { appointments: [...touched.appointments], patients: [...touched.patients], providers: [...touched.providers] }
}

/** The fields of a change that may be any JSON. */
class Fields {
  readonly #fields: ReadonlyMap<string, unknown>

  constructor(change: unknown) {
    if (typeof change !== 'object' || change === null) throw new RangeError('a change is an object with a "kind"')
    this.#fields = new Map(Object.entries(change))
  }

  /** A text or number as text. */
  optional(name: string): string | undefined {
    const value = this.#fields.get(name)
    if (value === undefined) return undefined
    if (typeof value !== 'string' && typeof value !== 'number')
      throw new RangeError(`"${name}" must be text or a number`)
    return String(value)
  }

  text(name: string): string {
    const value = this.optional(name)
    if (value === undefined) throw new RangeError(`the change needs "${name}"`)
    return value
  }

  flag(name: string): boolean | undefined {
    const value = this.#fields.get(name)
    if (value !== undefined && typeof value !== 'boolean') throw new RangeError(`"${name}" must be true or false`)
    return value
  }

  /** An object of texts. */
  record(name: string): PatientFields {
    const value = this.#fields.get(name)
    if (typeof value !== 'object' || value === null) throw new RangeError(`"${name}" must be an object of texts`)
    return Object.fromEntries(Object.entries(value).map(([key, text]) => [key.toLowerCase(), String(text)]))
  }
}

type Runner = (state: PracticeState, fields: Fields, stamp: Stamp) => void

function positionOf(state: PracticeState, fields: Fields, name = 'appointment'): number {
  const position = appointmentAt(state.appointments, fields.text(name))
  if (position === undefined) throw new Refusal('unknown_appointment')
  return position
}

function providerOf(state: PracticeState, fields: Fields): Provider {
  const provider = providerById(state, fields.text('provider'))
  if (provider === undefined) throw new Refusal('unknown_provider')
  return provider
}

function departmentOf(state: PracticeState, fields: Fields): number {
  const department = departmentById(state, fields.text('department'))
  if (department === undefined) throw new Refusal('unknown_department')
  return department.index
}

/** Index of the type named by itself or by its reason; undefined when neither is. */
function typeOf(state: PracticeState, fields: Fields): number | undefined {
  const typeId = fields.optional('type')
  const reasonId = fields.optional('reason')
  if (typeId !== undefined) {
    const type = typeById(state, typeId)
    if (type === undefined) throw new Refusal('unknown_type')
    return type.index
  }
  if (reasonId === undefined) return undefined
  const reason = reasonById(state, reasonId)
  if (reason === undefined) throw new Refusal('unknown_reason')
  return reason.type
}

function checkedFields(fields: PatientFields, now: number): PatientFields {
  const checked = checkPatientFields(Object.entries(fields), now)
  const wrong = [...checked.invalid, ...checked.outside.map(({ name }) => name)]
  if (checked.improperBirthDate) wrong.push('dob')
  if (wrong.length > 0) throw new RangeError(`the patient's ${wrong.join(', ')} cannot be taken as sent`)
  return checked.fields
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

const register: Runner = (state, fields, stamp) => {
  const checked = checkedFields(fields.record('fields'), stamp.at)
  for (const name of ['firstname', 'lastname', 'dob', 'departmentid']) {
    if (checked[name] === undefined) throw new RangeError(`a new patient needs "${name}"`)
  }
  addPatient(state, checked, stamp)
}

const changeProvider: Runner = (state, fields, stamp) => {
  const input = {
    provider: providerOf(state, fields),
    firstName: fields.optional('firstname'),
    lastName: fields.optional('lastname'),
    specialty: fields.optional('specialty'),
    acceptingNewPatients: fields.flag('acceptingnewpatients'),
  }
  updateProvider(state, input, stamp)
}

const table: Readonly<Record<ChangeKind, Runner>> = {
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
  addpatient: register,
  updatepatient: (state, fields, stamp) => {
    const id = Number(fields.text('patient'))
    updatePatient(state, { id, fields: checkedFields(fields.record('fields'), stamp.at) }, stamp)
  },
  deletepatient: (state, fields, stamp) => {
    updatePatient(state, { id: Number(fields.text('patient')), fields: { status: 'deleted' } }, stamp)
  },
  mergepatients: (state, fields, stamp) => {
    const [from, into] = [Number(fields.text('from')), Number(fields.text('into'))]
    mergePatients(state, { from, into }, stamp)
  },
  setcustomfields: (state, fields, stamp) => {
    setCustomFields(state, { patient: Number(fields.text('patient')), values: fields.record('values') }, stamp)
  },
  addprovider: (state, fields, stamp) => void addProvider(state, departmentOf(state, fields), stamp),
  updateprovider: changeProvider,
  deleteprovider: (state, fields, stamp) => deleteProvider(state, providerOf(state, fields), stamp),
  undeleteprovider: (state, fields, stamp) => undeleteProvider(state, providerOf(state, fields), stamp),
}

const runners: ReadonlyMap<string, Runner> = new Map(Object.entries(table))

/** Every kind of change, for help texts. */
export const changeKinds: readonly string[] = [...runners.keys()]
