/** The encounter that a check-in opened: what a chart needs to know of the calendar. */
import { appointmentId, statusOf } from './appointment-table.ts'
import { listed, type PracticeState } from './practice-state.ts'

export interface AppointmentEncounter {
  /** Encounter id as on the wire. */
  readonly id: string
  readonly appointmentId: string
  /** Id of the patient who has the appointment now: after a merge the survivor. */
  readonly patient: number
  readonly departmentId: string
  readonly providerId: string
  readonly typeId: string
  /** Local day number and minutes after midnight of the appointment. */
  readonly day: number
  readonly startMinute: number
  /** Epoch ms of completed check-in. */
  readonly openedAt: number
  /** Epoch ms of check-out; undefined while the visit lasts. */
  readonly closedAt: number | undefined
}

/** The encounter of the appointment at a position; undefined before check-in and where the type opens none. */
export function encounterOf(state: PracticeState, position: number): AppointmentEncounter | undefined {
  const { appointments: table } = state
  const id = table.encounter.get(position)
  if (id === 0) return undefined
  const checkedOutAt = table.checkedOutAt.get(position)
  return {
    id: String(id),
    appointmentId: appointmentId(position),
    patient: table.patient.get(position),
    departmentId: listed(state.departments, table.department.get(position)).id,
    providerId: listed(state.providers, table.provider.get(position)).id,
    typeId: listed(state.types, table.type.get(position)).id,
    day: table.day.get(position),
    startMinute: table.start.get(position),
    openedAt: table.checkedInAt.get(position) * 1000,
    closedAt: checkedOutAt === 0 ? undefined : checkedOutAt * 1000,
  }
}

/** Position of the appointment that opened an encounter; undefined when no appointment did. */
export function appointmentOfEncounter(state: PracticeState, encounterId: string | number): number | undefined {
  const { appointments: table } = state
  const index = Number(encounterId) - table.firstEncounter
  if (!Number.isInteger(index) || index < 0 || index >= table.nextEncounter - table.firstEncounter) return undefined
  const position = table.encounterPosition.get(index)
  return statusOf(table, position) === 'deleted' ? undefined : position
}
