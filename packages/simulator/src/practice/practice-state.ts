/** Everything one simulated practice is made of, and the door through which each change is announced. */
import type { AppointmentReason, AppointmentType, CancelReason } from './appointment-type.ts'
import type { AppointmentTable } from './appointment-table.ts'
import type { CustomField } from './custom-fields.ts'
import type { Department } from './department.ts'
import type { PatientTable } from './patient-table.ts'
import type { PracticeEvent } from './practice.ts'
import type { Provider } from './provider.ts'
import type { SchedulingRules } from './scheduling-rules.ts'

export interface PracticeState {
  readonly id: number
  readonly seed: number
  readonly name: string
  /** When the practice was made, epoch ms. */
  readonly openedAt: number
  /** The simulator's time, epoch ms. */
  readonly now: () => number
  readonly departments: readonly Department[]
  readonly providers: Provider[]
  readonly types: AppointmentType[]
  readonly reasons: readonly AppointmentReason[]
  readonly cancelReasons: readonly CancelReason[]
  readonly customFields: readonly CustomField[]
  readonly patients: PatientTable
  readonly appointments: AppointmentTable
  readonly rules: SchedulingRules
  readonly listeners: ((event: PracticeEvent) => void)[]
  /** Last day (day number) whose template slots are open. */
  openedUntil: number
  /** Time of the latest change, epoch ms: changes never go back in time. */
  latestAt: number
}

/** When a change happens and who makes it: athenahealth shows both on the record. */
export interface Stamp {
  /** Virtual time, epoch ms. */
  readonly at: number
  /** User name, `API-<n>` for an app. */
  readonly by: string
}

/** The moment a change is recorded under: its own time, or that of a change already made after it. */
export function changeTime(state: PracticeState, stamp: Stamp): number {
  state.latestAt = Math.max(state.latestAt, stamp.at)
  return state.latestAt
}

/** Tells every listener of a change, at the time of the latest `changeTime`. */
export function announce(state: PracticeState, change: Omit<PracticeEvent, 'at'>): void {
  const event: PracticeEvent = { ...change, at: state.latestAt }
  for (const listener of state.listeners) listener(event)
}

export function departmentById(state: PracticeState, id: string | number): Department | undefined {
  const text = String(id)
  return state.departments.find((department) => department.id === text)
}

/** The provider with this id, deleted or not. */
export function providerById(state: PracticeState, id: string | number): Provider | undefined {
  const text = String(id)
  return state.providers.find((provider) => provider.id === text)
}

export function typeById(state: PracticeState, id: string | number): AppointmentType | undefined {
  const text = String(id)
  return state.types.find((type) => type.id === text)
}

export function reasonById(state: PracticeState, id: string | number): AppointmentReason | undefined {
  const text = String(id)
  return state.reasons.find((reason) => reason.id === text)
}

/** An element of one of the practice's lists that a table refers to by position; it must be there. */
export function listed<T>(list: readonly T[], index: number): T {
  const element = list[index]
  if (element === undefined) throw new RangeError(`no element ${index} in a list of ${list.length}`)
  return element
}
