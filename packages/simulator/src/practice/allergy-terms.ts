/**
 * What patients are allergic to and how it shows: allergens under short names, reactions and severities with their
 * public SNOMED CT numbers. Ids that are in public recordings stand here under the names they have there.
 */
export interface Allergen {
  /** athenahealth's `allergenid`. */
  readonly id: number
  readonly name: string
  /** RxNorm concept, 0 for what is no medicine. */
  readonly rxnorm: number
}

type Row = readonly [id: number, name: string, rxnorm?: number]

const rows: readonly Row[] = [
  [14041, 'asparaginase'],
  [15363, 'asparaginase (Erwinia chrysan)'],
  [18035, 'wasp venom'],
  [18939, 'latex'],
  [24443, 'Latex, Natural Rubber'],
  [24640, 'Aspercreme with Aloe'],
  [92193, 'weed pollen'],
  [12101, 'penicillin G', 7980],
  [12102, 'amoxicillin', 723],
  [12103, 'sulfamethoxazole', 10180],
  [12104, 'codeine', 2670],
  [12105, 'aspirin', 1191],
  [12106, 'ibuprofen', 5640],
  [12107, 'cat dander'],
  [12108, 'house dust mite'],
  [12109, 'peanut'],
  [12110, 'shellfish'],
  [12111, 'egg'],
  [12112, 'cow milk'],
  [12113, 'bee venom'],
]

export const allergens: readonly Allergen[] = rows.map(([id, name, rxnorm = 0]) => ({ id, name, rxnorm }))

const byId: ReadonlyMap<number, Allergen> = new Map(allergens.map((allergen) => [allergen.id, allergen]))

/** Any id can be written into a chart: one the reference does not have shows as "deleted/unknown" (recorded). */
export function allergenById(id: number): Allergen {
  return byId.get(id) ?? { id, name: 'deleted/unknown', rxnorm: 0 }
}

/** A reaction; its id is ours. */
export interface Reaction {
  readonly id: number
  readonly name: string
  readonly snomed: number
}

export const reactions: readonly Reaction[] = [
  { id: 1, name: 'anaphylaxis', snomed: 39579001 },
  { id: 2, name: 'chest pain', snomed: 29857009 },
  { id: 3, name: 'hives', snomed: 126485001 },
  { id: 4, name: 'rash', snomed: 271807003 },
  { id: 5, name: 'nausea', snomed: 422587007 },
  { id: 6, name: 'itching', snomed: 418363000 },
  { id: 7, name: 'swelling', snomed: 65124004 },
  { id: 8, name: 'cough', snomed: 49727002 },
]

export interface Severity {
  readonly name: string
  readonly snomed: number
}

export const severities: readonly Severity[] = [
  { name: 'mild', snomed: 255604002 },
  { name: 'moderate', snomed: 6736007 },
  { name: 'severe', snomed: 24484000 },
]
