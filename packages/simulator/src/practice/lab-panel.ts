/** Laboratory results: what a panel consists of, and believable values for it. LOINC numbers are public. */
import type { Analyte } from './result-details.ts'
import type { SeededRandom } from './seeded-random.ts'

/** An analyte that is a number: `low` to `high` is healthy, `digits` after the point. */
type Measured = readonly [name: string, loinc: string, units: string, low: number, high: number, digits: number]
/** An analyte that is a word; the first is the healthy one. Tests done in the office name no more than that. */
type Told = readonly [name: string, words: readonly string[]]

export interface LabPanel {
  readonly typeId: number
  readonly loinc: string
  /** Done in the office, at once; the others come from a laboratory. */
  readonly inOffice: boolean
  readonly measured: readonly Measured[]
  readonly told: readonly Told[]
}

const fromLab = (typeId: number, loinc: string, measured: readonly Measured[]): LabPanel => ({
  typeId,
  loinc,
  inOffice: false,
  measured,
  told: [],
})
const atOffice = (typeId: number, loinc: string, told: readonly Told[]): LabPanel => ({
  typeId,
  loinc,
  inOffice: true,
  measured: [],
  told,
})

export const labPanels: readonly LabPanel[] = [
  fromLab(386301, '57021-8', [
    ['WBC', '6690-2', '10*3/uL', 4, 11, 1],
    ['Hemoglobin', '718-7', 'g/dL', 12, 17.5, 1],
    ['Hematocrit', '4544-3', '%', 36, 50, 1],
    ['Platelets', '777-3', '10*3/uL', 150, 400, 0],
  ]),
  fromLab(386302, '51990-0', [
    ['Glucose', '2345-7', 'mg/dL', 70, 99, 0],
    ['Sodium', '2951-2', 'mmol/L', 135, 145, 0],
    ['Potassium', '2823-3', 'mmol/L', 3.5, 5.1, 1],
    ['Creatinine', '2160-0', 'mg/dL', 0.6, 1.3, 2],
    ['Urea nitrogen', '3094-0', 'mg/dL', 7, 20, 0],
  ]),
  fromLab(386303, '57698-3', [
    ['Cholesterol, total', '2093-3', 'mg/dL', 120, 200, 0],
    ['HDL', '2085-9', 'mg/dL', 40, 90, 0],
    ['LDL', '13457-7', 'mg/dL', 50, 130, 0],
    ['Triglycerides', '2571-8', 'mg/dL', 40, 150, 0],
  ]),
  fromLab(386304, '4548-4', [['Hemoglobin A1c', '4548-4', '%', 4, 5.6, 1]]),
  fromLab(386305, '3016-3', [['TSH', '3016-3', 'mIU/L', 0.4, 4, 2]]),
  atOffice(386306, '78012-2', [['Result', ['Negative', 'Positive']]]),
  atOffice(386307, '24357-6', [
    ['Leukocytes', ['negative', 'trace', '1+']],
    ['Nitrite', ['negative', 'positive']],
    ['Protein', ['negative', 'trace']],
  ]),
]

const abnormalShare = 0.14

/** Believable values of a panel; ids count from `firstId`. The same dice give the same values. */
export function drawAnalytes(panel: LabPanel, random: SeededRandom, firstId: number): Analyte[] {
  const measured = panel.measured.map((row, index) => drawMeasured(row, random, firstId + index))
  const told = panel.told.map(([name, words], index) => ({
    id: firstId + measured.length + index,
    name,
    loinc: undefined,
    value: random.chance(1 - abnormalShare) ? (words[0] ?? '') : random.pick(words),
    units: undefined,
    range: undefined,
    abnormalFlag: undefined,
    resultStatus: undefined,
    note: undefined,
  }))
  return [...measured, ...told]
}

function drawMeasured([name, loinc, units, low, high, digits]: Measured, random: SeededRandom, id: number): Analyte {
  const span = high - low
  const side = random.fraction()
  // Inside of the range, or up to two fifths of its width above or below.
  const place =
    side < 1 - abnormalShare
      ? random.fraction()
      : side < 1 - abnormalShare / 3
        ? 1.4 - random.fraction() * 0.38
        : -random.fraction() * 0.25
  const value = Math.max(0, low + span * place)
  const flag = value > high ? 'high' : value < low ? 'low' : 'normal'
  return {
    id,
    name,
    loinc,
    value: value.toFixed(digits),
    units,
    range: `${low}-${high}`,
    abnormalFlag: flag,
    resultStatus: 'final',
    note: undefined,
  }
}

/** A laboratory that results come from. */
export interface LabFacility {
  readonly id: number
  readonly name: string
  readonly address: string
  readonly address2?: string
  readonly city: string
  readonly state: string
  readonly zip: string
}

/** Invented laboratories. */
export const labFacilities: readonly LabFacility[] = [
  { id: 13781001, name: 'Hudson Valley Laboratory', address: '40 Mill St', city: 'ALBANY', state: 'NY', zip: '12207' },
  { id: 13781002, name: 'Prairie Diagnostics', address: '12 Grove Ave', city: 'MADISON', state: 'WI', zip: '53703' },
  {
    id: 13781003,
    name: 'Sierra Reference Labs',
    address: '8 Summit Way',
    address2: 'Suite B',
    city: 'SACRAMENTO',
    state: 'CA',
    zip: '95814',
  },
]

export function labFacilityById(id: number): LabFacility | undefined {
  return labFacilities.find((facility) => facility.id === id)
}
