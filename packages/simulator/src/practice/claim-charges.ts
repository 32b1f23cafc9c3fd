/** What a claim charges for: what was written, or what the seed says was done at the visit. */
import { claimTable, type Charge, type Diagnosis } from './claim-table.ts'
import { acuteConditions, chronicConditions } from './chart-terms.ts'
import { expectedProcedure, extraProcedures, type Procedure } from './expected-procedures.ts'
import { listed, type PracticeState } from './practice-state.ts'
import { SeededRandom } from './seeded-random.ts'

const salt = 0x5eed_0022
const shares = { extra: 0.3, chronic: 0.4, second: 0.35 } as const
const usualType = '2'

const charge = ({ code, dollars }: Procedure, diagnoses: readonly Diagnosis[]): Charge => ({
  procedure: code,
  dollars,
  diagnoses,
})

/** The lines of a claim. */
export function claimCharges(state: PracticeState, index: number): readonly Charge[] {
  const table = claimTable(state)
  return table.written.get(index)?.charges ?? visitCharges(state, index, table.appointment.get(index) - 1)
}

function visitCharges(state: PracticeState, index: number, position: number): readonly Charge[] {
  const random = new SeededRandom(state.seed ^ salt, index)
  const { id } = listed(state.types, state.appointments.type.get(position))
  const visit = expectedProcedure(id) ?? expectedProcedure(usualType)
  const diagnoses = visitDiagnoses(random)
  const done = visit === undefined ? [] : [visit]
  if (random.chance(shares.extra)) {
    const extra = random.pick(extraProcedures)
    if (extra.code !== visit?.code) done.push(extra)
  }
  return done.map((procedure) => charge(procedure, diagnoses))
}

function visitDiagnoses(random: SeededRandom): Diagnosis[] {
  const first = random.pick(random.chance(shares.chronic) ? chronicConditions : acuteConditions)
  const second = random.pick(chronicConditions)
  const named = random.chance(shares.second) && second !== first ? [first, second] : [first]
  return named.map(({ icd10 }) => ({ code: icd10, codeSet: 'ICD10' }))
}
