import type { Simulator } from '@aegis/simulator'
import { AegisError, isAegisError } from '../packages/server/src/errors/aegis-error.ts'
import { setFailpointHook } from '../packages/server/src/failpoints/failpoint.ts'
import { type MirroredPractice, mirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'
import { seededRandom } from '../packages/server/testing/seeded-random.ts'
import { makeChecksDue } from './check-mirror.ts'
import { type Draw, drawFrom } from './draw.ts'
import { judgeCauses } from './judge-causes.ts'
import { lifeDatabase } from './life-database.ts'
import { PassingTime } from './pass-time.ts'
import { randomFaults } from './random-faults.ts'
import { type RunContext, withRunContext } from './run-context.ts'
import { findWrong, isUnderWay, type Verdict } from './verdict.ts'
import type { FeedName } from '../packages/server/src/sync/feed-name.ts'
import { feedNames } from '../packages/server/src/sync/feed-table.ts'

const minute = 60_000
const hour = 60 * minute

/** Moments around which lives begin: ordinary days, both changes of the clocks, midnight GMT, ends of months and years. */
const moments = [
  Date.UTC(2026, 2, 2, 15), // a Monday morning in New York
  Date.UTC(2026, 2, 8, 7), // 02:00 becomes 03:00 there
  Date.UTC(2026, 10, 1, 6), // 02:00 becomes 01:00 there
  Date.UTC(2026, 5, 17, 0), // midnight GMT
  Date.UTC(2026, 0, 31, 5), // the end of a month in New York
  Date.UTC(2027, 0, 1, 0), // the end of a year GMT
  Date.UTC(2028, 1, 29, 5), // a leap day
] as const

const lifeMs = 24 * hour
/** A life goes on for longer when it has met fewer faults than this by then, but not for ever. */
const faultsMin = 10
const lifeMsMax = 3 * lifeMs
const roundsToHealMax = 40

/** Changes that the practice makes an hour, day and night: more than a thousand a life. */
const changesPerHour = 32

/**
 * A day and night of a small practice in one process: time, order and everything that goes wrong follow from the seed.
 * Calls fail as random faults have it, the process ends or stands still at random failpoints, the clock jumps. Then all
 * rests, sync catches up, and the mirror must equal the truth; gaps may have been only where a fault left no other way.
 */
export function seedRun(seed: number): Promise<Verdict> {
  return withRunContext(async (context) => {
    const draw = drawFrom(seed)
    // Between two looks at a subscription and at what was processed; they cost more than the drains between them.
    const subscriptionCheckMs = draw.pick([15, 60, 60, 120]) * minute
    const startAt = draw.pick(moments) - draw.between(1, 20) * hour
    const mirrored = await mirroredPractice(context, {
      patients: 60,
      startAt,
      virtualTimers: true,
      database: await lifeDatabase(),
      random: seededRandom(seed),
      settings: { slotDaysAhead: 2, bookedDaysAhead: 4, bookedDaysBack: 2, subscriptionCheckMs },
      simulator: { seed, startAt, day: { ratePerHour: changesPerHour, nightShare: 1 } },
    })
    const { simulator } = mirrored
    simulator.faults.add(randomFaults(draw))
    const time = new PassingTime(mirrored)
    const ends = new RandomEnds(context, draw)
    const due: DueTimes = new Map()
    const isLiving = () => {
      const livedMs = simulator.clock.now() - startAt
      return livedMs < lifeMs || (livedMs < lifeMsMax && countFired(simulator) < faultsMin)
    }
    // At an hour that follows from the seed, without a draw: lives of old seeds stay what they were.
    const checkAt = startAt + (4 + (seed % 16)) * hour
    let isChecked = false
    while (isLiving()) {
      if (!isChecked && simulator.clock.now() > checkAt) {
        await makeChecksDue(mirrored)
        isChecked = true
      }
      await time.pass(liveRound(mirrored, { ends, due }))
      await mirrored.advance(pauseMs(draw))
    }
    return rest(mirrored, { time, ends, startAt })
  })
}

/** Until the next round: now and then drain upon drain, mostly long enough for much to change. */
function pauseMs(draw: Draw): number {
  const minutes = draw.chance(0.25) ? draw.between(1, 4) : draw.between(20, 80)
  return minutes * minute + draw.between(0, 59_999)
}

function countFired({ faults }: Simulator): number {
  return faults.list().reduce((sum, { fired }) => sum + fired, 0)
}

/** One look at every feed that is due, as the schedule has it; on the way the process may end, and the next one goes on. */
async function liveRound(
  mirrored: MirroredPractice,
  { ends, due }: { ends: RandomEnds; due: DueTimes },
): Promise<void> {
  ends.begin()
  for (const feed of feedNames) {
    if ((due.get(feed) ?? 0) > mirrored.simulator.clock.now()) continue
    try {
      due.set(feed, await mirrored.stepFeed(feed))
    } catch (error) {
      if (!isAegisError(error, 'db.unavailable') && !isAegisError(error, 'sync.contested')) throw error
      // A process that starts takes everything for due.
      due.clear()
    }
  }
}

type DueTimes = Map<FeedName, number>

interface Life {
  readonly time: PassingTime
  readonly ends: RandomEnds
  readonly startAt: number
}

/** The practice rests and nothing fails any more: sync must come to the truth by itself. */
async function rest(mirrored: MirroredPractice, { time, ends, startAt }: Life): Promise<Verdict> {
  const { simulator } = mirrored
  const fired = simulator.faults.list().map(({ kind, fired }) => ({ kind, fired }))
  simulator.faults.clear()
  simulator.days.pause()
  ends.stop()
  // What has no feed is read once a day, and changes with the clocks.
  for (const feed of ['departments', 'appointmenttypes'] as const) await mirrored.wantSnapshot(feed)
  const restedAt = simulator.clock.now()
  // Then every look that sync takes by itself has been taken twice.
  const restMs = 2 * mirrored.deps.settings.subscriptionCheckMs + 4 * minute
  const isRested = (): boolean => simulator.clock.now() > restedAt + restMs
  for (let round = 0; round < roundsToHealMax && (!isRested() || (await isUnderWay(mirrored))); round += 1) {
    await time.pass(mirrored.step())
    await mirrored.advance(isRested() || round < 4 ? minute + 1_000 : Math.ceil(restMs / 8))
  }
  const changes = simulator.truth.changes(practice).mark
  const faults = fired.reduce((sum, { fired }) => sum + fired, 0)
  const wrong = [...(await findWrong(mirrored)), ...(await judgeCauses(mirrored, fired))]
  const hours = Math.round((restedAt - startAt) / hour)
  return { wrong, counts: { hours, changes, faults, ends: ends.count } }
}

/** Ends the process at failpoints that the seed picks. */
class RandomEnds {
  readonly #draw: Draw
  #left = 0
  #stopped = false
  count = 0

  constructor(context: RunContext, draw: Draw) {
    this.#draw = draw
    context.after(
      setFailpointHook(() => {
        if (this.#left === 0 || this.#stopped) return
        this.#left -= 1
        if (this.#left > 0) return
        this.count += 1
        throw new AegisError('db.unavailable', { reason: 'killed' })
      }),
    )
  }

  /** At the beginning of a round: it may be the last of its process. */
  begin(): void {
    this.#left = this.#draw.chance(0.25) ? this.#draw.between(1, 25) : 0
  }

  stop(): void {
    this.#stopped = true
  }
}
