/** The allergies of a chart: one for each allergen. */
import { allergenById, allergens, reactions, severities, type Allergen, type Severity } from './allergy-terms.ts'
import { chartDice, chartOwners, chartPerson, seededAuthor } from './chart-person.ts'
import { ChartSection, emptyNote, type Authored, type SectionNote } from './chart-section.ts'
import { patientExists, survivorOf } from './patient-table.ts'
import { practicePart } from './practice-part.ts'
import type { PracticeState } from './practice-state.ts'

/** A reaction as it was written: the name is kept for codes that are not ours. */
export interface AllergyReaction {
  readonly name: string
  readonly snomed: number
  readonly severity: Severity | undefined
}

export interface Allergy extends Authored {
  readonly allergen: Allergen
  reactions: readonly AllergyReaction[]
  note: string
  onsetDay: number | undefined
  /** When and by whom it was made inactive. */
  ended: { readonly day: number; readonly by: string } | undefined
}

export interface AllergyList {
  readonly allergies: Allergy[]
  readonly note: SectionNote
  /** "No known drug allergies" was said. */
  noneKnown: boolean
}

const salt = 0x5eed_c003

/** The allergy lists of a practice. */
export const allergiesOf = practicePart(
  (state): ChartSection<AllergyList> => new ChartSection((patient) => seededList(state, patient)),
)

function seededList(state: PracticeState, patient: number): AllergyList {
  const list: AllergyList = { allergies: [], note: emptyNote(), noneKnown: false }
  const person = chartPerson(state, patient)
  if (person === undefined) return list
  const random = chartDice(state, patient, salt)
  const wanted = random.chance(0.3) ? 1 + random.below(3) : 0
  for (let drawn = 0; drawn < wanted; drawn += 1) {
    const allergen = random.pick(allergens)
    const day = person.openedDay - 1 - random.below(Math.max(1, Math.min(3000, person.openedDay - person.birthDay)))
    const author = seededAuthor(random, day)
    const reaction = random.pick(reactions)
    const severity = random.chance(0.5) ? random.pick(severities) : undefined
    const shown = random.chance(0.7) ? [{ name: reaction.name, snomed: reaction.snomed, severity }] : []
    if (list.allergies.some((known) => known.allergen.id === allergen.id)) continue
    list.allergies.push({
      allergen,
      reactions: shown,
      note: '',
      onsetDay: random.chance(0.5) ? day : undefined,
      ended: undefined,
      createdAt: author.at,
      createdBy: author.by,
      modifiedAt: author.at,
      modifiedBy: author.by,
    })
  }
  list.noneKnown = wanted === 0 && random.chance(0.7)
  return list
}

/**
 * The allergies of a chart with those of the patients merged into it. Where both were allergic to the same, the
 * survivor's own entry stands (inferred).
 */
export function allergiesIn(state: PracticeState, chart: number): { owner: number; allergy: Allergy }[] {
  const lists = allergiesOf(state)
  const seen = new Set<number>()
  return chartOwners(state, chart).flatMap((owner) =>
    lists.read(owner).allergies.flatMap((allergy) => {
      if (seen.has(allergy.allergen.id)) return []
      seen.add(allergy.allergen.id)
      return [{ owner, allergy }]
    }),
  )
}

/**
 * Id of an allergy within the practice: an `allergenid` is unique within a chart only, so the patient goes before it.
 * athenahealth shows `allergenid` and, as far as is known, the patient.
 */
export function allergyId(chart: number, allergen: number): string {
  return `${chart}-${allergen}`
}

/** An allergy by its id, and the chart that shows it, the survivor's after a merge; undefined when there is none. */
export function findAllergy(state: PracticeState, id: string): { chart: number; allergy: Allergy } | undefined {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(id)
  if (match === null || !patientExists(state.patients, Number(match[1]))) return undefined
  const chart = survivorOf(state.patients, Number(match[1]))
  const found = allergiesIn(state, chart).find(({ allergy }) => allergy.allergen.id === Number(match[2]))
  return found === undefined ? undefined : { chart, allergy: found.allergy }
}

/** A new allergy without anything said about it. */
export function blankAllergy(allergen: number, { at, by }: { readonly at: number; readonly by: string }): Allergy {
  return {
    allergen: allergenById(allergen),
    reactions: [],
    note: '',
    onsetDay: undefined,
    ended: undefined,
    createdAt: at,
    createdBy: by,
    modifiedAt: at,
    modifiedBy: by,
  }
}
