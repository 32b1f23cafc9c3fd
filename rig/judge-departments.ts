import { type MirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'
import type { Difference } from '../packages/server/testing/oracle.ts'
import { gapsEver } from './judge-causes.ts'
import type { Judgement } from './judge-history.ts'

/** Nobody of a department that is not mirrored is held, and no booking there. */
export async function judgeDepartments(
  mirrored: Pick<MirroredPractice, 'opened'>,
  departments: readonly string[],
): Promise<Judgement> {
  const wrong: string[] = []
  for (const kind of ['patient', 'appointment'] as const) {
    const strangers = (await mirrored.opened(kind)).filter(
      ({ body }) => !departments.includes(String(body.departmentid)),
    )
    if (strangers.length > 0)
      wrong.push(`${strangers.length} records of ${kind} are of departments that are not mirrored`)
  }
  return { wrong, checked: {} }
}

/**
 * Whether a difference is one of a patient case of somebody whose department is not mirrored, which comes for the whole practice and
 * fell into a gap: after one, cases are read of those who are mirrored.
 */
export async function untoldElsewhere(
  { deps, simulator }: MirroredPractice,
  departments: readonly string[] | undefined,
): Promise<(difference: Difference) => boolean> {
  const gaps = departments ? await gapsEver({ db: deps.db, practice }) : []
  if (!departments || !gaps.some(({ feed }) => feed === 'patientcases')) return () => false
  const elsewhere = new Set(
    [...simulator.truth.records(practice, 'patients', 'alone')]
      .filter(({ departmentid }) => !departments.includes(String(departmentid)))
      .map(({ patientid }) => String(patientid)),
  )
  const cases = new Set(
    [...simulator.truth.records(practice, 'documents/patientcase', 'alone')]
      .filter(({ patientid }) => elsewhere.has(String(patientid)))
      .map(({ patientcaseid }) => String(patientcaseid)),
  )
  return ({ kind, id }) => kind === 'patientcases' && cases.has(id)
}
