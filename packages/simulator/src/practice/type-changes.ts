/** Appointment types: added and changed. No feed tells of them. */
import type { AppointmentType } from './appointment-type.ts'
import { changeTime, typeById, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'

export type NewType = Pick<
  AppointmentType,
  'name' | 'shortName' | 'durationMinutes' | 'patientFacing' | 'generic' | 'templateOnly'
>

/** Adds a type and answers it. Refuses `exists_already` when another one has the short name, in any case. */
export function addType(state: PracticeState, type: NewType, stamp: Stamp): AppointmentType {
  const short = type.shortName.toUpperCase()
  if (state.types.some(({ shortName }) => shortName.toUpperCase() === short)) throw new Refusal('exists_already')
  changeTime(state, stamp)
  const highest = Math.max(...state.types.map(({ id }) => Number(id)))
  const added: AppointmentType = {
    ...type,
    id: String(highest + 1),
    index: state.types.length,
    patientName: type.name,
    opensEncounter: type.patientFacing && !type.templateOnly,
    byVideo: false,
  }
  state.types.push(added)
  return added
}

export type TypeEdit = Partial<Pick<AppointmentType, 'name' | 'patientFacing' | 'generic' | 'templateOnly'>>

/** Changes what can be changed after a type was made. Refuses `unknown_type`. */
export function editType(state: PracticeState, { id, edit }: { id: string; edit: TypeEdit }, stamp: Stamp): void {
  const type = typeById(state, id)
  if (type === undefined) throw new Refusal('unknown_type')
  changeTime(state, stamp)
  const given = Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined))
  state.types[type.index] = { ...type, ...given, patientName: edit.name ?? type.patientName }
}
