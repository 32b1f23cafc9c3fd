/** Whose chart it is: the person as the seed made them, and whose records the chart holds. */
import { dayMs } from './calendar-date.ts'
import { seededIdentity } from './household.ts'
import { patientExists, patientStatus, survivorOf } from './patient-table.ts'
import { staffUsers } from './populate-schedule.ts'
import { listed, type PracticeState } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { SeededRandom } from './seeded-random.ts'

/**
 * A seeded patient on the day the practice was made. Charts are drawn from this and not from the patient's record: an
 * edited birthday must not change a chart behind the feeds' back.
 */
export interface ChartPerson {
  readonly patient: number
  readonly birthDay: number
  readonly female: boolean
  /** Years, on the day the practice was made. */
  readonly age: number
  /** Day the practice was made; what the seed tells happened before it. */
  readonly openedDay: number
}

/** The seeded person behind a patient; undefined for one registered later, whose chart begins empty. */
export function chartPerson({ patients, departments }: PracticeState, patient: number): ChartPerson | undefined {
  if (patient > patients.seeded) return undefined
  const { seed, openedDay } = patients
  const identity = seededIdentity({ seed, openedDay, departments, providersByDepartment: [] }, patient)
  return {
    patient,
    birthDay: identity.birthDay,
    female: identity.female,
    age: Math.floor((openedDay - identity.birthDay) / 365.25),
    openedDay,
  }
}

/** The dice of one section of a patient's chart; each section has a salt of its own. */
export function chartDice(state: PracticeState, patient: number, salt: number): SeededRandom {
  return new SeededRandom(state.seed ^ salt, patient)
}

/** A member of the staff, and an hour of a working day (epoch ms), for what the seed says was written down. */
export function seededAuthor(random: SeededRandom, day: number): { at: number; by: string } {
  return { at: day * dayMs + random.between(14 * 3600, 21 * 3600) * 1000, by: random.pick(staffUsers) }
}

/** The patients whose entries one chart holds: its own, then those of everyone merged into it. */
export function chartOwners({ patients }: PracticeState, patient: number): readonly number[] {
  const merged = patients.mergedFrom.get(patient)
  return merged === undefined ? [patient] : [patient, ...merged]
}

/** The patient whose chart is meant: a merged one's is its survivor's. Refuses `unknown_patient`. */
export function chartOf({ patients }: PracticeState, patient: number): number {
  if (!patientExists(patients, patient)) throw new Refusal('unknown_patient')
  return survivorOf(patients, patient)
}

/** The same for a change: nothing is written into the chart of a deleted patient. Refuses `patient_gone` as well. */
export function openChart(state: PracticeState, patient: number): number {
  const chart = chartOf(state, patient)
  if (patientStatus(state.patients, chart) === 'deleted') throw new Refusal('patient_gone')
  return chart
}

/** Id of the department under which changes of a chart are announced: the patient's own. */
export function chartDepartment(state: PracticeState, patient: number): string {
  return listed(state.departments, state.patients.department.get(patient)).id
}
