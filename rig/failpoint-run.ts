import { AegisError, isAegisError } from '../packages/server/src/errors/aegis-error.ts'
import { setFailpointHook } from '../packages/server/src/failpoints/failpoint.ts'
import { coreFeeds, type FeedName } from '../packages/server/src/sync/feed-name.ts'
import { liveThroughFurther } from '../packages/server/testing/further-life.ts'
import { type MirroredPractice, mirroredPractice } from '../packages/server/testing/mirrored-practice.ts'
import { breakDrain, endSubscription, liveThrough } from '../packages/server/testing/practice-life.ts'
import { loseOneBooking, makeChecksDue } from './check-mirror.ts'
import { withRunContext } from './run-context.ts'
import { findWrong, isUnderWay, type Verdict } from './verdict.ts'

/**
 * What happens at the chosen point. `kill`: the process ends there and another one goes on. `fail`: the step fails for a
 * reason nobody foresaw. `pause`: the holder stands still past its lease, another one works, and then it wakes up.
 */
export const failpointModes = ['kill', 'fail', 'pause'] as const
export type FailpointMode = (typeof failpointModes)[number]

export interface FailpointRun {
  readonly mode: FailpointMode
  /** Which passing of any point, from 1 on; one that the life does not reach leaves it undisturbed. */
  readonly at: number
}

export interface FailpointVerdict extends Verdict {
  /** Where the life was disturbed: point, feed and minute; undefined when it was not. */
  readonly where: string | undefined
  /** Number of the first passing of every place, in order. */
  readonly firsts: readonly number[]
}

const minute = 60_000
const rounds = 22
const roundsToHealMax = 25

/**
 * What is mirrored: one kind of each way of asking beside the core. Claims are listed for the practice and asked for by id,
 * laboratory results are listed by patient and asked for by patient and id, problems only by patient.
 */
const feeds: readonly FeedName[] = [...coreFeeds, 'claims', 'labresults', 'problems']
/** Few, because some kinds are read patient by patient; more than those that happenings name. */
const patients = 9

/** Rounds of a life in which something happens beside the passing of a minute, by their number. */
const happenings: ReadonlyMap<number, (mirrored: MirroredPractice) => unknown> = new Map([
  [6, liveThrough],
  [7, (mirrored) => breakDrain(mirrored, () => new Response('', { status: 504 }))],
  [8, liveThroughAll],
  [9, mergeAndDelete],
  [10, (mirrored) => endSubscription(mirrored, 'patients')],
  [11, liveThrough],
  [14, wantSnapshots],
  [15, liveThroughAll],
  [18, loseAndCheck],
  [19, liveThrough],
])

function liveThroughAll(mirrored: MirroredPractice): void {
  liveThrough(mirrored)
  liveThroughFurther(mirrored)
}

async function wantSnapshots(mirrored: MirroredPractice): Promise<void> {
  for (const feed of ['patients', 'appointments', 'claims', 'labresults'] as const) await mirrored.wantSnapshot(feed)
}

/** Something is lost that nobody notices, and every check is due: it has to be found, once. */
const lostUnseen = 1

async function loseAndCheck(mirrored: MirroredPractice): Promise<void> {
  await loseOneBooking(mirrored)
  await makeChecksDue(mirrored)
}

function mergeAndDelete(mirrored: MirroredPractice): void {
  mirrored.change({ kind: 'mergepatients', from: 3, into: 4 })
  mirrored.change({ kind: 'deletepatient', patient: 5 })
}

/**
 * A practice's life of half an hour with everything sync does in it: first load, drains, a lost answer, a merge, a deletion,
 * a lost subscription, snapshots of a live feed, every check of the mirror. At one passing of one failpoint it is disturbed; in the end the mirror must
 * equal the truth and nothing be left open. `counts.points` tells how many passings the life had.
 */
export function failpointRun(run: FailpointRun): Promise<FailpointVerdict> {
  return withRunContext(async (context) => {
    const mirrored = await mirroredPractice(context, {
      patients,
      settings: {
        feeds,
        slotDaysAhead: 3,
        bookedDaysAhead: 6,
        subscriptionCheckMs: 5 * minute,
        reconcileGraceMs: minute,
      },
    })
    const disturbance = new Disturbance(run)
    context.after(setFailpointHook((name) => disturbance.meet(name)))
    let asleep: Promise<void> | undefined
    for (let round = 0; round < rounds; round += 1) {
      await happenings.get(round)?.(mirrored)
      const step = endureEnd(stepFeeds(mirrored, { round, disturbance }))
      await (asleep ? step : Promise.race([step, disturbance.sleeping]))
      await mirrored.advance(minute + 1_000)
      if (asleep) {
        // Another holder has worked meanwhile.
        disturbance.wake()
        await asleep
        asleep = undefined
      } else if (disturbance.isAsleep) asleep = step
    }
    disturbance.wake()
    await asleep
    for (let more = 0; more < roundsToHealMax && (await isUnderWay(mirrored)); more += 1) await mirrored.run(1)
    const { passed, where, firsts } = disturbance
    return {
      wrong: await findWrong(mirrored, { lostUnseen }),
      counts: { points: passed },
      where,
      firsts: [...firsts.values()],
    }
  })
}

async function stepFeeds(
  mirrored: MirroredPractice,
  { round, disturbance }: { round: number; disturbance: Disturbance },
): Promise<void> {
  for (const feed of mirrored.feeds) {
    disturbance.place = `${feed} in minute ${round}`
    await mirrored.step(feed)
  }
}

const unforeseen = 'a failure that nobody foresaw'

/** The end of a process, of a lease, or of a job that failed between two steps, ends its round and nothing else. */
function endureEnd(step: Promise<void>): Promise<void> {
  return step.catch((error: unknown) => {
    if (isAegisError(error, 'db.unavailable') || isAegisError(error, 'lease.lost')) return
    if (!(error instanceof Error && error.message === unforeseen)) throw error
  })
}

/** Points inside of a transaction: who stands still there keeps the others waiting, and nothing can be seen of it. */
const insideTransaction: ReadonlySet<string> = new Set([
  'sync.before-applied',
  'sync.before-intent-closed',
  'sync.before-judged',
])

class Disturbance {
  readonly #run: FailpointRun
  readonly #awake = Promise.withResolvers<void>()
  readonly #asleep = Promise.withResolvers<void>()
  #woken = false
  /** Place → number of its first passing. */
  readonly firsts = new Map<string, number>()
  passed = 0
  /** What is being worked on. */
  place = ''
  where: string | undefined
  isAsleep = false

  constructor(run: FailpointRun) {
    this.#run = run
  }

  /** Settles when a holder stands still; never once it is awake again. */
  get sleeping(): Promise<void> {
    return this.#woken ? new Promise(() => undefined) : this.#asleep.promise
  }

  async meet(name: string): Promise<void> {
    this.passed += 1
    const place = `${name} of ${this.place}`
    if (!this.firsts.has(place)) this.firsts.set(place, this.passed)
    if (this.passed !== this.#run.at) return
    this.where = place
    // The one failure that nothing in sync records, mends or goes on after.
    if (this.#run.mode === 'kill') throw new AegisError('db.unavailable', { reason: 'killed' })
    if (this.#run.mode === 'fail') throw new Error(unforeseen)
    if (insideTransaction.has(name) || this.#woken) return
    this.isAsleep = true
    this.#asleep.resolve()
    await this.#awake.promise
  }

  wake(): void {
    this.#woken = true
    this.isAsleep = false
    this.#awake.resolve()
  }
}
