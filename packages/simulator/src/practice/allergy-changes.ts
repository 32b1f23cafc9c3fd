/** Allergies written into a chart. */
import {
  allergiesIn,
  allergiesOf,
  allergyId,
  blankAllergy,
  type Allergy,
  type AllergyReaction,
} from './allergy-list.ts'
import { chartDepartment, chartOwners, openChart } from './chart-person.ts'
import { announce, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { begin } from './slot-changes.ts'

interface AllergyEvent {
  readonly name: 'AllergyAdd' | 'AllergyUpdate'
  readonly chart: number
}

function announceAllergy(state: PracticeState, allergen: number, { name, chart }: AllergyEvent): void {
  announce(state, {
    feed: 'chart/healthhistory/allergies',
    name,
    id: allergyId(chart, allergen),
    departmentId: chartDepartment(state, chart),
  })
}

/** What is said of one allergen; what is left out stays as it is. */
export interface AllergyFields {
  readonly allergen: number
  readonly reactions?: readonly AllergyReaction[] | undefined
  readonly note?: string | undefined
  /** Null takes it away. */
  readonly onsetDay?: number | null | undefined
  /** Day from which it is inactive; null makes it active again. */
  readonly endDay?: number | null | undefined
}

export interface AllergySection {
  readonly patient: number
  readonly allergies: readonly AllergyFields[]
  readonly noneKnown?: boolean | undefined
  readonly note?: string | undefined
}

/**
 * Adds or changes the allergies named and leaves all others as they are (documented). An empty note takes the note away.
 * No feed tells of the note and of `noneKnown`. Refuses `unknown_patient`, `patient_gone`.
 */
export function updateAllergies(state: PracticeState, input: AllergySection, stamp: Stamp): void {
  const chart = openChart(state, input.patient)
  const made = begin(state, stamp)
  const own = allergiesOf(state).open(chart)
  own.noneKnown = input.noneKnown ?? own.noneKnown
  if (input.note !== undefined) Object.assign(own.note, { text: input.note, modifiedAt: made.at, modifiedBy: made.by })
  for (const fields of input.allergies) {
    const known = openAllergy(state, chart, fields.allergen)
    const allergy = known ?? blankAllergy(fields.allergen, made)
    if (known === undefined) own.allergies.push(allergy)
    writeFields(allergy, fields, made)
    announceAllergy(state, fields.allergen, { name: known === undefined ? 'AllergyAdd' : 'AllergyUpdate', chart })
  }
}

/** The allergy to be changed in place, on whichever list of the chart it is. */
function openAllergy(state: PracticeState, chart: number, allergen: number): Allergy | undefined {
  const found = allergiesIn(state, chart).find(({ allergy }) => allergy.allergen.id === allergen)
  if (found === undefined) return undefined
  const { allergies } = allergiesOf(state).open(found.owner)
  const opened = allergies.find((allergy) => allergy.allergen.id === allergen)
  if (opened === undefined) throw new Refusal('unknown_record')
  return opened
}

function writeFields(allergy: Allergy, fields: AllergyFields, { at, by }: Stamp): void {
  allergy.reactions = fields.reactions ?? allergy.reactions
  allergy.note = fields.note ?? allergy.note
  if (fields.onsetDay !== undefined) allergy.onsetDay = fields.onsetDay ?? undefined
  if (fields.endDay !== undefined) allergy.ended = fields.endDay === null ? undefined : { day: fields.endDay, by }
  allergy.modifiedAt = at
  allergy.modifiedBy = by
}

/** After a merge the survivor's chart shows what came along: announces each allergy under its new patient. */
export function announceMergedAllergies(state: PracticeState, from: number, into: number): void {
  const lists = allergiesOf(state)
  const moved = new Set<number>()
  for (const owner of chartOwners(state, from)) {
    for (const { allergen } of lists.read(owner).allergies) moved.add(allergen.id)
  }
  for (const allergen of moved) announceAllergy(state, allergen, { name: 'AllergyUpdate', chart: into })
}
