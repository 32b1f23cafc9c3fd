import { type MirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'
import type { Difference } from '../packages/server/testing/oracle.ts'
import { gapsEver } from './judge-causes.ts'
import type { Judgement } from './judge-history.ts'
import type { Life } from './live-round.ts'

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

/** Kinds that come for the whole practice, with the patient whose each is. */
const ofAll = [
  ['claims', 'claims', 'claimid'],
  ['patientcases', 'documents/patientcase', 'patientcaseid'],
] as const

/**
 * Whether a difference is one that no feed tells of, as the patient is of a department that is not mirrored. Who was merged into such a
 * one is found by a check. Claims and patient cases come for the whole practice, but a case may have fallen into a gap, after which cases
 * are read of those who are mirrored; and what follows from what the staff did to the patient is told by feeds that are limited.
 */
export async function untoldElsewhere({
  mirrored,
  departments,
  staff,
}: Life): Promise<(difference: Difference) => boolean> {
  if (!departments) return () => false
  const { simulator, deps } = mirrored
  const hadGap = (await gapsEver({ db: deps.db, practice })).some(({ feed }) => feed === 'patientcases')
  const elsewhere = new Set(
    [...simulator.truth.records(practice, 'patients', 'alone')]
      .filter(({ departmentid }) => !departments.includes(String(departmentid)))
      .map(({ patientid }) => String(patientid)),
  )
  const endOf = (patient: string): string => {
    const into = staff.survivors.get(patient)
    return into === undefined ? patient : endOf(into)
  }
  const merged = [...staff.survivors.keys()].filter((from) => elsewhere.has(endOf(from)))
  const untold = new Set(merged.map((from) => `patients ${from} extra`))
  for (const [feed, kind, id] of ofAll)
    for (const record of simulator.truth.records(practice, kind, 'alone')) {
      const patient = String(record.patientid)
      const isUntold = staff.everMet.has(patient) || (feed === 'patientcases' && hadGap)
      if (isUntold && elsewhere.has(patient)) untold.add(`${feed} ${String(record[id])}`)
    }
  return ({ kind, id, what }) => untold.has(`${kind} ${id}`) || untold.has(`${kind} ${id} ${what}`)
}
