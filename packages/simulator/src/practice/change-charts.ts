/** Changes of charts, given as plain JSON. */
import { updateAllergies } from './allergy-changes.ts'
import type { Fields, Id, Runner } from './change-fields.ts'
import { addMedication, deleteMedication, updateMedication } from './medication-changes.ts'
import { addProblem, endProblem, updateProblem } from './problem-changes.ts'
import type { Stamp } from './practice-state.ts'
import { eastern, wallTime } from './zone-time.ts'

/** What happens to problems, historical medications and allergies. */
export type ChartChange =
  | { readonly kind: 'addproblem'; readonly patient: Id; readonly snomed: Id; readonly note?: string }
  | { readonly kind: 'updateproblem'; readonly patient: Id; readonly problem: Id; readonly note: string }
  /** Made inactive; with `remove` taken out of the chart. */
  | { readonly kind: 'endproblem'; readonly patient: Id; readonly problem: Id; readonly remove?: boolean }
  | { readonly kind: 'addmedication'; readonly patient: Id; readonly medication: Id; readonly note?: string }
  /** Today is its last day. */
  | { readonly kind: 'stopmedication'; readonly patient: Id; readonly entry: Id; readonly reason?: string }
  | { readonly kind: 'deletemedication'; readonly patient: Id; readonly entry: Id }
  /** Added where the chart has none of the allergen. */
  | { readonly kind: 'setallergy'; readonly patient: Id; readonly allergen: Id; readonly note?: string }
  | { readonly kind: 'endallergy'; readonly patient: Id; readonly allergen: Id }

const numberOf = (fields: Fields, name: string): number => Number(fields.text(name))

const today = ({ at }: Stamp): number => wallTime(eastern, at).day

/** Writes one allergy; with `endDay` it is inactive from then on. */
function writeAllergy(endDay?: (stamp: Stamp) => number): Runner {
  return (state, fields, stamp) => {
    const allergy = { allergen: numberOf(fields, 'allergen'), note: fields.optional('note'), endDay: endDay?.(stamp) }
    updateAllergies(state, { patient: numberOf(fields, 'patient'), allergies: [allergy] }, stamp)
  }
}

export const chartRunners: Readonly<Record<ChartChange['kind'], Runner>> = {
  addproblem: (state, fields, stamp) => {
    const [patient, snomed] = [numberOf(fields, 'patient'), numberOf(fields, 'snomed')]
    addProblem(state, { patient, snomed, note: fields.optional('note') }, stamp)
  },
  updateproblem: (state, fields, stamp) => {
    const [patient, id] = [numberOf(fields, 'patient'), numberOf(fields, 'problem')]
    updateProblem(state, { patient, id, note: fields.text('note') }, stamp)
  },
  endproblem: (state, fields, stamp) => {
    const [patient, id] = [numberOf(fields, 'patient'), numberOf(fields, 'problem')]
    endProblem(state, { patient, id, remove: fields.flag('remove') ?? false }, stamp)
  },
  addmedication: (state, fields, stamp) => {
    const [patient, medication] = [numberOf(fields, 'patient'), numberOf(fields, 'medication')]
    addMedication(state, { patient, medication, fields: { patientNote: fields.optional('note') } }, stamp)
  },
  stopmedication: (state, fields, stamp) => {
    const stopped = { stopDay: today(stamp), stopReason: fields.optional('reason') }
    updateMedication(state, { patient: numberOf(fields, 'patient'), id: fields.text('entry'), fields: stopped }, stamp)
  },
  deletemedication: (state, fields, stamp) =>
    deleteMedication(state, { patient: numberOf(fields, 'patient'), id: fields.text('entry') }, stamp),
  setallergy: writeAllergy(),
  endallergy: writeAllergy(today),
}
