import type { Simulator } from '@aegis/simulator'
import { isAegisError } from '../packages/server/src/errors/aegis-error.ts'
import type { FeedName } from '../packages/server/src/sync/feed-name.ts'
import { type MirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'
import type { DrawnLife } from './draw-life.ts'
import type { Oddities } from './draw-oddities.ts'
import type { GuardedWay } from './guarded-way.ts'
import type { PassingTime } from './pass-time.ts'
import type { RandomEnds } from './random-ends.ts'
import type { Relisting } from './relist.ts'
import type { StaffWork } from './staff-work.ts'
import type { TrueVersions } from './true-versions.ts'

/** A life as it is lived, for those who bring it to its end and judge it. */
export interface Life extends DrawnLife {
  readonly seed: number
  readonly odd: Oddities
  /** Those of the practice that are mirrored in the end; absent: all. */
  readonly departments: readonly string[] | undefined
  readonly relisting: Relisting
  readonly staff: StaffWork
  /** Every version that the other side ever had. */
  readonly versions: TrueVersions
  /** What there was most of at the end of any round. */
  readonly most: { waitingPages: number }
  readonly mirrored: MirroredPractice
  readonly time: PassingTime
  readonly ends: RandomEnds
  readonly way: GuardedWay | undefined
  /** When each feed is to be looked at again, as the schedule would have it. */
  readonly due: Map<FeedName, number>
}

/** What a life has to meet. */
const leastOf = { faults: 10, changes: 1_000 }

/** Whether a life has met what it has to. */
export function isFull(simulator: Simulator): boolean {
  return countFired(simulator) >= leastOf.faults && countChanges(simulator) >= leastOf.changes
}

/** Faults that fired so far. */
export function countFired({ faults }: Simulator): number {
  return faults.list().reduce((sum, { fired }) => sum + fired, 0)
}

/** Changes that the practice has made so far. */
export function countChanges({ truth }: Simulator): number {
  return truth.changes(practice).mark
}

/** One look at every feed that is due, as the schedule has it; on the way the process may end, and the next one goes on. */
export async function liveRound(life: Life): Promise<void> {
  const { mirrored, odd, due, ends } = life
  for (const feed of odd.order(mirrored.feeds)) {
    if ((due.get(feed) ?? 0) > mirrored.simulator.clock.now()) continue
    try {
      due.set(feed, await mirrored.stepFeed(feed))
    } catch (error) {
      // What a process says while it dies is heard by nobody.
      if (!ends.isDead && !isAegisError(error, 'db.unavailable') && !isAegisError(error, 'sync.contested')) throw error
    }
    if (ends.isDead) await restart(life)
  }
}

/** Notes how much waits now that a round is over. */
export async function noteWaiting({ mirrored, most }: Life): Promise<void> {
  most.waitingPages = Math.max(most.waitingPages, (await mirrored.trouble()).waitingPages)
}

/** Another process begins: with nothing in memory, and everything taken for due. */
export async function restart({ ends, way, due }: Life): Promise<void> {
  ends.revive()
  due.clear()
  await way?.restart()
}
