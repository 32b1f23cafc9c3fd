import { practice } from '../packages/server/testing/mirrored-practice.ts'
import { drawListChanges, type Listed, listsOf } from './draw-life.ts'
import type { Excuse } from './judge-causes.ts'
import { type Life, restart } from './live-round.ts'

/** What a change of the list does beside what it is there for. */
export interface Relisting {
  /** How many changes are made. */
  count: number
  /** A department that comes back has a gap since it was left out, and so has one that comes when another one was. */
  readonly excuses: Excuse[]
}

/** Begins the process anew with the list of departments that is due by now, as its file says. */
export async function relist(life: Life): Promise<void> {
  const { mirrored, time, seed, startAt, relisting } = life
  const change = drawListChanges(seed)[relisting.count]
  const now = mirrored.simulator.clock.now()
  if (!change || now < startAt + change.afterMs) return
  await time.pass(restart(life))
  const departments = change.departments === null ? {} : { [practice]: change.departments }
  mirrored.deps = { ...mirrored.deps, settings: { ...mirrored.deps.settings, departments } }
  await time.pass(mirrored.limitTo(change.departments))
  relisting.count += 1
  if (comesBack(listsOf(seed).slice(0, relisting.count + 1)))
    relisting.excuses.push({ at: now, cause: 'retention-passed', feed: undefined })
}

/** Whether the last of these lists has a department that the one before has not, after one was left out. */
function comesBack(lists: readonly Listed[]): boolean {
  const [before, last] = lists.slice(-2)
  return lacks(before, last) && lists.some((list, index) => index > 0 && lacks(list, lists[index - 1]))
}

/** Whether a list has not all departments of another one. */
function lacks(list: Listed, other: Listed): boolean {
  return list !== undefined && (other === undefined || other.some((one) => !list.includes(one)))
}
