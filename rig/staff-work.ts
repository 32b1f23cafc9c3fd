import type { Simulator } from '@aegis/simulator'
import { practice } from '../packages/server/testing/mirrored-practice.ts'
import { type Draw, drawFrom } from './draw.ts'
import { isNewer } from './draw-life.ts'

/** Its draw is one of its own. */
const staffStream = 0x73_74_61_66
/** Before a life can end. */
const withinMs = 23 * 3_600_000
const occasions = { least: 8, most: 24 }

/** How often each was done, for the totals. */
export type StaffWork = Readonly<Record<string, number>>

/**
 * What the staff does in lives of newer seeds beside the simulator's own days, which have no merge undone: patients are
 * merged and merges undone, at moments that follow from the seed, in the middle of calls too.
 */
export function planStaffWork(simulator: Simulator, seed: number): StaffWork {
  const done: Record<string, number> = {}
  if (!isNewer(seed)) return done
  const draw = drawFrom((seed ^ staffStream) >>> 0)
  const desk: Desk = { simulator, draw, merged: [] }
  for (let left = draw.between(occasions.least, occasions.most); left > 0; left -= 1) {
    simulator.clock.timer(draw.fraction() * withinMs, () => {
      const what = act(desk)
      done[`staff: ${what}`] = (done[`staff: ${what}`] ?? 0) + 1
    })
  }
  return done
}

interface Desk {
  readonly simulator: Simulator
  readonly draw: Draw
  /** Patients that were merged into another one and are not themselves again. */
  readonly merged: string[]
}

function act(desk: Desk): string {
  const { draw, merged, simulator } = desk
  const patient =
    merged.length > 0 && draw.chance(0.5) ? merged.splice(draw.between(0, merged.length - 1), 1)[0] : undefined
  if (patient === undefined) return merge(desk)
  simulator.truth.change(practice, { kind: 'unmergepatient', patient })
  return 'merges undone'
}

function merge({ simulator, draw, merged }: Desk): string {
  const there = presentIn(simulator)
  const [from = '', into = ''] = [0, 1].map(() => there.splice(draw.between(0, there.length - 1), 1)[0])
  simulator.truth.change(practice, { kind: 'mergepatients', from, into })
  merged.push(from)
  return 'merges'
}

/** Patients who are neither merged nor deleted. */
function presentIn({ truth }: Simulator): string[] {
  const patients = [...truth.records(practice, 'patients')]
  return patients.flatMap(({ patientid, status }) => (status === 'deleted' ? [] : [String(patientid)]))
}
