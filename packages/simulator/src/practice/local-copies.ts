/**
 * The copies a patient has in a practice of several provider groups: one where registered, and one in each other group
 * where the patient was seen. That there are such copies is documented, what they look like in detail is not.
 */
import type { Department } from './department.ts'
import { listed, type PracticeState } from './practice-state.ts'
import { SeededRandom } from './seeded-random.ts'

export interface LocalCopy {
  readonly department: Department
  readonly localPatientId: string
}

const elsewhereShare = 0.1
/** Ids of copies lie beyond those of patients. */
const idsPerGroup = 10_000_000

/** The patient where registered, then the copies elsewhere, if the practice has any. `patient` must not be a merged one. */
export function localCopies(state: PracticeState, patient: number): readonly LocalCopy[] {
  const home = listed(state.departments, state.patients.department.get(patient))
  const registered: LocalCopy = { department: home, localPatientId: String(patient) }
  if (!state.patients.traits.localCopies) return [registered]
  const random = new SeededRandom(state.seed ^ 0x5eed_0018, patient)
  if (!random.chance(elsewhereShare)) return [registered]
  const department = random.pick(state.departments)
  if (department.providerGroup === home.providerGroup) return [registered]
  const localPatientId = String(Number(department.providerGroup) * idsPerGroup + patient)
  return [registered, { department, localPatientId }]
}

/** The copy that a department's provider group works with; undefined when it has none. */
export function localCopyIn(state: PracticeState, patient: number, department: Department): LocalCopy | undefined {
  return localCopies(state, patient).find((copy) => copy.department.providerGroup === department.providerGroup)
}

/** The patient's id in the provider group where registered. */
export function localPatientId(state: PracticeState, patient: number): string {
  return listed(localCopies(state, patient), 0).localPatientId
}
