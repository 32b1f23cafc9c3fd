import type { Simulator } from '@aegis/simulator'
import { practice } from '../packages/server/testing/mirrored-practice.ts'
import { type Draw, drawFrom } from './draw.ts'
import { everListed, isDeleting, isNewer } from './draw-life.ts'

/** Its draw is one of its own. */
const staffStream = 0x73_74_61_66
/** Before a life can end. */
const withinMs = 23 * 3_600_000
const occasions = { least: 8, most: 24 }
const restrictShare = 0.4
/** Of patients whose merge is undone, where any are deleted at all. */
const deletedShare = 0.5

export interface StaffWork {
  /** How often each was done, for the totals. */
  readonly done: Readonly<Record<string, number>>
  /** Patients who ever were merged into another one, whether they are themselves again or not. */
  readonly everMerged: ReadonlySet<string>
  /** Patients who were restricted and are for all again, or were once. */
  readonly everShownAgain: ReadonlySet<string>
  /** Patients to whom anything was done, and into whom others were merged. */
  readonly everMet: ReadonlySet<string>
}

/**
 * What the staff does in lives of newer seeds beside the simulator's own days, which have no merge undone: patients are
 * merged and merges undone, restricted and shown again, at moments that follow from the seed, in the middle of calls too. Where some
 * departments alone are mirrored, patients of those, or of such as are at some time: of others no feed tells, though their claims and
 * cases are mirrored.
 */
export function planStaffWork(simulator: Simulator, seed: number): StaffWork {
  const done: Record<string, number> = {}
  const everMerged = new Set<string>()
  const everShownAgain = new Set<string>()
  const everMet = new Set<string>()
  if (!isNewer(seed)) return { done, everMerged, everShownAgain, everMet }
  const draw = drawFrom((seed ^ staffStream) >>> 0)
  const departments = everListed(seed)
  const isDeletingToo = isDeleting(seed)
  const desk: Desk = {
    simulator,
    draw,
    departments,
    isDeletingToo,
    merged: [],
    everMerged,
    restricted: [],
    everShownAgain,
    everMet,
  }
  for (let left = draw.between(occasions.least, occasions.most); left > 0; left -= 1) {
    simulator.clock.timer(draw.fraction() * withinMs, () => {
      const what = act(desk)
      done[`staff: ${what}`] = (done[`staff: ${what}`] ?? 0) + 1
    })
  }
  return { done, everMerged, everShownAgain, everMet }
}

interface Desk {
  readonly simulator: Simulator
  readonly draw: Draw
  /** Whose patients these are; absent: all. */
  readonly departments: readonly string[] | undefined
  readonly isDeletingToo: boolean
  /** Patients that were merged into another one and are not themselves again. */
  readonly merged: string[]
  readonly everMerged: Set<string>
  readonly restricted: string[]
  readonly everShownAgain: Set<string>
  readonly everMet: Set<string>
}

function act(desk: Desk): string {
  const { draw, merged, simulator } = desk
  if (draw.chance(restrictShare)) return restrict(desk)
  const patient =
    merged.length > 0 && draw.chance(0.5) ? merged.splice(draw.between(0, merged.length - 1), 1)[0] : undefined
  if (patient === undefined) return merge(desk)
  simulator.truth.change(practice, { kind: 'unmergepatient', patient })
  // Of a hidden one nothing tells that the merge is undone.
  if (!desk.isDeletingToo || simulator.truth.hides(practice)(patient) || !draw.chance(deletedShare))
    return 'merges undone'
  simulator.truth.change(practice, { kind: 'deletepatient', patient })
  return 'merges undone by deleting'
}

function merge({ simulator, draw, departments, merged, everMerged, everMet }: Desk): string {
  const hides = simulator.truth.hides(practice)
  // Of a hidden one nothing tells when the merge is undone, nor that what had passed to the survivor went back.
  const there = presentIn(simulator, departments).filter((patient) => !hides(patient))
  const [from = '', into = ''] = [0, 1].map(() => there.splice(draw.between(0, there.length - 1), 1)[0])
  simulator.truth.change(practice, { kind: 'mergepatients', from, into })
  merged.push(from)
  everMerged.add(from)
  everMet.add(from).add(into)
  return 'merges'
}

/** A patient's records become for few eyes only, or for all again. */
function restrict({ simulator, draw, departments, restricted, everShownAgain, everMet }: Desk): string {
  const freed = restricted.length > 0 && draw.chance(0.5) ? restricted.shift() : undefined
  if (freed !== undefined) {
    simulator.truth.change(practice, { kind: 'unrestrictpatient', patient: freed })
    everShownAgain.add(freed)
    return 'restrictions lifted'
  }
  const there = presentIn(simulator, departments)
  const patient = there[draw.between(0, there.length - 1)] ?? ''
  simulator.truth.change(practice, { kind: 'restrictpatient', patient })
  restricted.push(patient)
  everMet.add(patient)
  return 'restrictions'
}

/** Patients who are neither merged nor deleted, of some departments or all. */
function presentIn({ truth }: Simulator, departments: Desk['departments']): string[] {
  const patients = [...truth.records(practice, 'patients')]
  return patients
    .filter(({ status, departmentid }) => status !== 'deleted' && (departments?.includes(String(departmentid)) ?? true))
    .map(({ patientid }) => String(patientid))
}
