import { isAegisError } from '../packages/server/src/errors/aegis-error.ts'
import { setFailpointHook } from '../packages/server/src/failpoints/failpoint.ts'
import { type MirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'
import { Disturbance, type FailpointRun, unforeseen } from './disturbance.ts'
import { everMerged, type FailpointLife, failpointLives, lost, lostUnseen } from './failpoint-life.ts'
import { failpointWorld } from './failpoint-world.ts'
import { didHoldersWork, holdersWork } from './holders-work.ts'
import { drainsTooSoon, type Excuse, gapsEver, gapsTooMany } from './judge-causes.ts'
import { judgeHistory } from './judge-history.ts'
import { judgeLimits } from './judge-limits.ts'
import { withRunContext } from './run-context.ts'
import { TrueVersions } from './true-versions.ts'
import { kindOfFeed } from '../packages/server/src/sync/feed-table.ts'
import { findWrong, isUnderWay, type Verdict } from './verdict.ts'

export interface FailpointVerdict extends Verdict {
  /** Where the life was disturbed: point, feed and minute; undefined when it was not. */
  readonly where: string | undefined
  /** Every place with the number of its first passing, in order. */
  readonly firsts: readonly (readonly [place: string, at: number])[]
}

const roundMs = 61_000
const rounds = 22
const roundsToHealMax = 25

/**
 * A practice's life of half an hour with everything sync does in it: first load, drains, a lost answer, a merge, a deletion,
 * a lost subscription, snapshots of a live feed, every check of the mirror. At one passing of one failpoint it is disturbed; in the end the mirror must
 * equal the truth and nothing be left open. `counts.points` tells how many passings the life had.
 */
export function failpointRun(run: FailpointRun): Promise<FailpointVerdict> {
  return withRunContext(async (context) => {
    const life: FailpointLife = failpointLives[run.life]
    const happens = life.happenings()
    const disturbance = new Disturbance(run)
    const world = await failpointWorld(context, { life, disturbance })
    const { mirrored } = world
    const versions = new TrueVersions(mirrored.simulator, { practice, feeds: life.feeds, everMerged })
    context.after(setFailpointHook((name) => disturbance.meet(name)))
    let asleep: Promise<void> | undefined
    const excuses: Excuse[] = []
    const wrong: string[] = []
    for (let round = 0; round < rounds; round += 1) {
      if (round === lost.at && !life.rules) {
        excuses.push({ at: mirrored.deps.clock.now(), cause: 'subscription-lost', feed: lost.feed })
      }
      await happens.get(round)?.(mirrored)
      const step = endureEnd(stepFeeds(mirrored, { round, disturbance }), disturbance)
      await world.pass(asleep ? step : Promise.race([step, disturbance.sleeping]))
      await reviveIn(world, disturbance)
      await world.idle(roundMs)
      if (asleep) {
        // Another holder has worked meanwhile.
        wrong.push(...(await wokenLate(mirrored, disturbance, asleep)))
        asleep = undefined
      } else if (disturbance.isAsleep) asleep = step
    }
    disturbance.wake()
    await asleep
    for (let more = 0; more < roundsToHealMax && (await isUnderWay(mirrored)); more += 1) {
      // It may be disturbed here too.
      await world.pass(endureEnd(mirrored.step(), disturbance))
      await reviveIn(world, disturbance)
      await world.idle(roundMs)
    }
    const { passed, where, firsts } = disturbance
    if (where === undefined) wrong.push(...otherPoints(disturbance.points, life.points))
    wrong.push(...(await judgeFailpoint(mirrored, { run, where, excuses, versions })))
    return { wrong, counts: { points: passed }, where, firsts: [...firsts] }
  })
}

/** Another process begins where one has ended. */
async function reviveIn(world: Awaited<ReturnType<typeof failpointWorld>>, disturbance: Disturbance): Promise<void> {
  if (!disturbance.isDead) return
  disturbance.revive()
  await world.pass(world.restart())
}

/** What an undisturbed life passes is written down, for a test to see that every point of the program is met. */
function otherPoints(passed: ReadonlySet<string>, written: readonly string[]): string[] {
  const unwritten = [...passed].filter((point) => !written.includes(point))
  const missed = written.filter((point) => !passed.has(point))
  return [
    ...unwritten.map((point) => `passed ${point}, which is not among the points of this life`),
    ...missed.map((point) => `never passed ${point}, one of the points of this life`),
  ]
}

interface Judged {
  readonly run: FailpointRun
  readonly where: string | undefined
  readonly excuses: readonly Excuse[]
  readonly versions: TrueVersions
}

async function judgeFailpoint(
  mirrored: MirroredPractice,
  { run, where, excuses, versions }: Judged,
): Promise<string[]> {
  const held = { db: mirrored.deps.db, practice }
  const wrong = await findWrong(mirrored, { lostUnseen })
  wrong.push(...gapsTooMany(await gapsEver(held), excuses), ...drainsTooSoon(mirrored))
  const judgements = [
    await judgeHistory(held, { lost: lostUnseen }),
    await versions.judge(held, (feed) => mirrored.opened(kindOfFeed(feed))),
  ]
  wrong.push(...judgements.flatMap((judgement) => judgement.wrong))
  const { rules }: FailpointLife = failpointLives[run.life]
  if (rules) wrong.push(...judgeLimits(mirrored.simulator, rules).wrong)
  // Whoever was paused may have sent its read when the doubt about it was cleared; nobody else is late here.
  const late = mirrored.log.events().filter((event) => event === 'sync.late-read').length
  if (late > 0 && run.mode !== 'pause') wrong.push(`${late} times a doubt was cleared without what it was about`)
  if (typeof run.at === 'string' && where === undefined) wrong.push(`there is no ${run.at}`)
  return wrong
}

/** Lets a holder go on that stood still past its lease: of what only a holder writes it may write nothing any more. */
async function wokenLate(
  mirrored: MirroredPractice,
  disturbance: Disturbance,
  asleep: Promise<void>,
): Promise<string[]> {
  const { feed, where } = disturbance
  const before = await holdersWork(mirrored, feed)
  disturbance.wake()
  await asleep
  const after = await holdersWork(mirrored, feed)
  return didHoldersWork(before, after) ? [`a holder past its lease went on writing at ${where}`] : []
}

async function stepFeeds(
  mirrored: MirroredPractice,
  { round, disturbance }: { round: number; disturbance: Disturbance },
): Promise<void> {
  for (const feed of mirrored.feeds) {
    disturbance.at(feed, round)
    await mirrored.step(feed)
  }
}

/** The end of a process, of a lease, or of a job that failed between two steps, ends its round and nothing else. */
function endureEnd(step: Promise<void>, disturbance: Disturbance): Promise<void> {
  return step.catch((error: unknown) => {
    // What a process says while it dies is heard by nobody.
    if (disturbance.isDead) return
    if (isAegisError(error, 'db.unavailable') || isAegisError(error, 'lease.lost')) return
    if (!(error instanceof Error && error.message === unforeseen)) throw error
  })
}
