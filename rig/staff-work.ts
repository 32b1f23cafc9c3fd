import type { Simulator } from '@aegis/simulator'
import { practice } from '../packages/server/testing/mirrored-practice.ts'
import { type Draw, drawFrom } from './draw.ts'
import { everListed, isChaining, isDeleting, isNewer } from './draw-life.ts'

/** Its draw is one of its own. */
const staffStream = 0x73_74_61_66
/** Before a life can end. */
const withinMs = 23 * 3_600_000
const occasions = { least: 8, most: 24 }
const restrictShare = 0.4
/** Of patients whose merge is undone, where any are deleted at all. */
const deletedShare = 0.5
/** Of merges, while others stand: from the survivor of one of these, where there are chains at all; and so many of those are undone at once. */
const chainedShare = 0.6
const cutShare = 0.3

export interface StaffWork {
  /** How often each was done, for the totals. */
  readonly done: Readonly<Record<string, number>>
  /** Patients who ever were merged into another one, whether they are themselves again or not. */
  readonly everMerged: ReadonlySet<string>
  /** Patients who were restricted and are for all again, or were once. */
  readonly everShownAgain: ReadonlySet<string>
  /** Into whom each is merged who is not themselves again. */
  readonly survivors: ReadonlyMap<string, string>
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
  const survivors = new Map<string, string>()
  if (!isNewer(seed)) return { done, everMerged, everShownAgain, survivors, everMet }
  const draw = drawFrom((seed ^ staffStream) >>> 0)
  const departments = everListed(seed)
  const desk: Desk = {
    simulator,
    draw,
    departments,
    isDeletingToo: isDeleting(seed),
    isChainingToo: isChaining(seed),
    merged: [],
    survivors,
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
  return { done, everMerged, everShownAgain, survivors, everMet }
}

interface Desk {
  readonly simulator: Simulator
  readonly draw: Draw
  /** Whose patients these are; absent: all. */
  readonly departments: readonly string[] | undefined
  readonly isDeletingToo: boolean
  readonly isChainingToo: boolean
  /** Patients that were merged into another one and are not themselves again. */
  readonly merged: string[]
  /** Into whom each of them was. */
  readonly survivors: Map<string, string>
  readonly everMerged: Set<string>
  readonly restricted: string[]
  readonly everShownAgain: Set<string>
  readonly everMet: Set<string>
}

function act(desk: Desk): string {
  const { draw, merged } = desk
  if (draw.chance(restrictShare)) return restrict(desk)
  const patient =
    merged.length > 0 && draw.chance(0.5) ? merged.splice(draw.between(0, merged.length - 1), 1)[0] : undefined
  return patient === undefined ? merge(desk) : undo(desk, patient)
}

function undo({ simulator, draw, survivors, isDeletingToo }: Desk, patient: string): string {
  survivors.delete(patient)
  simulator.truth.change(practice, { kind: 'unmergepatient', patient })
  // Of a hidden one nothing tells that the merge is undone.
  if (!isDeletingToo || simulator.truth.hides(practice)(patient) || !draw.chance(deletedShare)) return 'merges undone'
  simulator.truth.change(practice, { kind: 'deletepatient', patient })
  return 'merges undone by deleting'
}

function merge(desk: Desk): string {
  const { simulator, draw, departments, merged, survivors } = desk
  const hides = simulator.truth.hides(practice)
  // Of a hidden one nothing tells when the merge is undone, nor that what had passed to the survivor went back.
  const there = presentIn(simulator, departments).filter((patient) => !hides(patient))
  const link = chooseLink(desk, there)
  const take = (at = draw.between(0, there.length - 1)) => there.splice(at, 1)[0] ?? ''
  const from = take(link === undefined ? undefined : there.indexOf(survivors.get(link) ?? ''))
  const into = take()
  simulator.truth.change(practice, { kind: 'mergepatients', from, into })
  merged.push(from)
  survivors.set(from, into)
  desk.everMerged.add(from)
  desk.everMet.add(from).add(into)
  if (link === undefined) return 'merges'
  if (!draw.chance(cutShare)) return 'merges of survivors'
  merged.splice(merged.indexOf(link), 1)
  undo(desk, link)
  return 'merges of survivors that cut one'
}

/** One who was merged into a patient who is there, to be merged on; undefined: this merge goes on from none. */
function chooseLink({ draw, isChainingToo, survivors }: Desk, there: readonly string[]): string | undefined {
  if (!isChainingToo) return undefined
  const links = [...survivors].filter(([, into]) => there.includes(into))
  if (links.length === 0 || !draw.chance(chainedShare)) return undefined
  return links[draw.between(0, links.length - 1)]?.[0]
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
