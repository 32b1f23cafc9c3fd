/**
 * The conditions that charts and claims are made of: public SNOMED CT and ICD-10-CM numbers under short names of our
 * own. A few stand here because they are in public recordings.
 */
export interface Condition {
  readonly snomed: number
  readonly name: string
  /** ICD-10-CM, empty where a code has none. */
  readonly icd10: string
  /** Whether it stays: such conditions make up problem lists, the others bring patients in for a visit. */
  readonly chronic: boolean
  /** Youngest age it is drawn at, years. */
  readonly fromAge: number
  /** Share of the patients of that age who have it, before their age is reckoned with. */
  readonly share: number
  /** Left, right or both sides may be told apart. */
  readonly sided: boolean
}

type Row = readonly [snomed: number, name: string, icd10: string, fromAge?: number, share?: number]

const chronicRows: readonly Row[] = [
  [38341003, 'Hypertension', 'I10', 30, 0.3],
  [55822004, 'Hyperlipidemia', 'E78.5', 35, 0.25],
  [44054006, 'Type 2 diabetes mellitus', 'E11.9', 35, 0.12],
  [195967001, 'Asthma', 'J45.909', 4, 0.08],
  [235595009, 'Gastroesophageal reflux disease', 'K21.9', 25, 0.14],
  [35489007, 'Depression', 'F32.A', 15, 0.12],
  [48694002, 'Anxiety', 'F41.9', 13, 0.12],
  [40930008, 'Hypothyroidism', 'E03.9', 25, 0.07],
  [396275006, 'Osteoarthritis', 'M19.90', 45, 0.2],
  [64859006, 'Osteoporosis', 'M81.0', 60, 0.1],
  [414916001, 'Obesity', 'E66.9', 12, 0.18],
  [37796009, 'Migraine', 'G43.909', 12, 0.08],
  [13645005, 'Chronic obstructive lung disease', 'J44.9', 50, 0.08],
  [193462001, 'Insomnia', 'G47.00', 25, 0.08],
  [49436004, 'Atrial fibrillation', 'I48.91', 60, 0.06],
  [709044004, 'Chronic kidney disease', 'N18.9', 55, 0.07],
  [24079001, 'Atopic dermatitis', 'L20.9', 0, 0.07],
  [61582004, 'Allergic rhinitis', 'J30.9', 3, 0.14],
  [271737000, 'Anemia', 'D64.9', 12, 0.04],
]

const acuteRows: readonly Row[] = [
  [54150009, 'Upper respiratory infection', 'J06.9'],
  [43878008, 'Streptococcal sore throat', 'J02.0'],
  [36971009, 'Sinusitis', 'J32.9'],
  [65363002, 'Otitis media', 'H66.90'],
  [49727002, 'Cough', 'R05.9'],
  [25064002, 'Headache', 'R51.9'],
  [84229001, 'Fatigue', 'R53.83'],
  [21522001, 'Abdominal pain', 'R10.9'],
  [25374005, 'Gastroenteritis', 'K52.9'],
  [68566005, 'Urinary tract infection', 'N39.0', 12],
  [279039007, 'Low back pain', 'M54.50', 16],
  [30989003, 'Knee pain', 'M25.569', 10],
  [57406009, 'Carpal tunnel syndrome', 'G56.00', 25],
  [271807003, 'Skin rash', 'R21'],
]

const otherRows: readonly Row[] = [
  [268565007, 'Adult health examination', 'Z00.00', 18],
  [410620009, 'Well child visit', 'Z00.129'],
  [31956009, 'Cocaine dependence', 'F14.20', 18],
  [174041007, 'Laparoscopic emergency appendectomy', ''],
]

const sidedCodes: ReadonlySet<number> = new Set([30989003, 57406009, 65363002])

function conditionOf([snomed, name, icd10, fromAge = 0, share = 0]: Row, chronic: boolean): Condition {
  return { snomed, name, icd10, chronic, fromAge, share, sided: sidedCodes.has(snomed) }
}

/** What stays: the makings of problem lists. */
export const chronicConditions: readonly Condition[] = chronicRows.map((row) => conditionOf(row, true))
/** What comes and goes: reasons of visits. */
export const acuteConditions: readonly Condition[] = acuteRows.map((row) => conditionOf(row, false))
const otherConditions: readonly Condition[] = otherRows.map((row) => conditionOf(row, false))

const byCode: ReadonlyMap<number, Condition> = new Map(
  [...chronicConditions, ...acuteConditions, ...otherConditions].map((condition) => [condition.snomed, condition]),
)

/**
 * The condition of a SNOMED CT code: one of ours, or any other code that can be a concept's, which then has no name of
 * its own. Undefined for a number that no concept has.
 */
export function conditionByCode(code: number): Condition | undefined {
  const known = byCode.get(code)
  if (known !== undefined) return known
  if (!isConceptCode(String(code))) return undefined
  return conditionOf([code, `Condition ${code}`, ''], false)
}

const byDiagnosis: ReadonlyMap<string, Condition> = new Map(
  [...byCode.values()].filter(({ icd10 }) => icd10 !== '').map((condition) => [condition.icd10, condition]),
)

/** The condition of ours that an ICD-10-CM code stands for. */
export function conditionByIcd10(code: string): Condition | undefined {
  return byDiagnosis.get(code.toUpperCase())
}

/** Multiplication of the dihedral group of order ten, by which SNOMED's check digits are worked out (Verhoeff, 1969). */
const dihedral = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
] as const
const permutations = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
] as const

/** True for 6 to 18 digits with a right check digit and the partition of concepts (00, or 10 in an extension). */
export function isConceptCode(text: string): boolean {
  if (!/^[1-9]\d{5,17}$/.test(text) || !/[01]0\d$/.test(text)) return false
  let check = 0
  for (let place = 0; place < text.length; place += 1) {
    const digit = Number(text[text.length - 1 - place])
    check = Number(dihedral[check]?.[Number(permutations[place % 8]?.[digit])])
  }
  return check === 0
}
