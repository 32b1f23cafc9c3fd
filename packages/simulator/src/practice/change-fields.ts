/** What every kind of change reads: the fields of unchecked JSON, and the records they name. */
import { appointmentAt } from './appointment-table.ts'
import { departmentById, providerById, reasonById, typeById, type PracticeState, type Stamp } from './practice-state.ts'
import type { PatientFields } from './patient-table.ts'
import type { Provider } from './provider.ts'
import { Refusal } from './refusal.ts'

/** An id as text or number. */
export type Id = string | number

/** Makes one kind of change; throws RangeError or Refusal, and then nothing was changed. */
export type Runner = (state: PracticeState, fields: Fields, stamp: Stamp) => void

/** The fields of a change that may be any JSON. */
export class Fields {
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

/** Position of the appointment a field names. Refuses `unknown_appointment`. */
export function positionOf(state: PracticeState, fields: Fields, name = 'appointment'): number {
  const position = appointmentAt(state.appointments, fields.text(name))
  if (position === undefined) throw new Refusal('unknown_appointment')
  return position
}

/** The provider of the change. Refuses `unknown_provider`. */
export function providerOf(state: PracticeState, fields: Fields): Provider {
  const provider = providerById(state, fields.text('provider'))
  if (provider === undefined) throw new Refusal('unknown_provider')
  return provider
}

/** Index of the department of the change. Refuses `unknown_department`. */
export function departmentOf(state: PracticeState, fields: Fields): number {
  const department = departmentById(state, fields.text('department'))
  if (department === undefined) throw new Refusal('unknown_department')
  return department.index
}

/** Index of the type named by itself or by its reason; undefined when neither is. */
export function typeOf(state: PracticeState, fields: Fields): number | undefined {
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
