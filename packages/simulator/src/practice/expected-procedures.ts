/** What a visit of each type is expected to come to: public procedure codes under our own words. */

export interface Procedure {
  readonly code: string
  readonly words: string
  readonly category: string
  /** Charge in whole dollars. */
  readonly dollars: number
}

type Row = readonly [code: string, words: string, category: string, dollars: number]

const procedureOf = ([code, words, category, dollars]: Row): Procedure => ({ code, words, category, dollars })

const officeVisit = 'Office visits'

/** By id of the appointment type. */
const byType: Readonly<Record<string, Procedure>> = {
  '2': procedureOf(['99213', 'Visit of a known patient, 20 minutes', officeVisit, 142]),
  '8': procedureOf(['99203', 'Visit of a new patient, 30 minutes', officeVisit, 189]),
  '11': procedureOf(['99212', 'Visit of a known patient, 10 minutes', officeVisit, 88]),
  '61': procedureOf(['99396', 'Yearly check-up of a known patient', 'Preventive visits', 214]),
  '62': procedureOf(['90471', 'Giving a vaccine', 'Vaccines', 34]),
  '63': procedureOf(['36415', 'Drawing blood', 'Laboratory', 18]),
  '101': procedureOf(['99442', 'Talk with a known patient at a distance', 'Telehealth', 96]),
}

/** What is done at a visit beside the visit itself. */
export const extraProcedures: readonly Procedure[] = [
  procedureOf(['36415', 'Drawing blood', 'Laboratory', 18]),
  procedureOf(['81002', 'Urine test by dipstick', 'Laboratory', 12]),
  procedureOf(['87880', 'Quick test for streptococci', 'Laboratory', 32]),
  procedureOf(['93000', 'Electrocardiogram', 'Cardiology', 85]),
  procedureOf(['90471', 'Giving a vaccine', 'Vaccines', 34]),
]

/** The procedure of an appointment type's visits; undefined for a type that nothing is expected of. */
export function expectedProcedure(typeId: string): Procedure | undefined {
  return byType[typeId]
}

/** A procedure by its code; one that we have no words for has only its code. */
export function procedureByCode(code: string): Omit<Procedure, 'dollars'> {
  const known = [...Object.values(byType), ...extraProcedures].find((procedure) => procedure.code === code)
  return known ?? { code, words: `Procedure ${code}`, category: 'Other' }
}
