import { mirroredPractice, type MirroredPractice } from '../packages/server/testing/mirrored-practice.ts'
import { seededRandom } from '../packages/server/testing/seeded-random.ts'
import type { Disturbance } from './disturbance.ts'
import { type FailpointLife, patients } from './failpoint-life.ts'
import { GuardedWay } from './guarded-way.ts'
import { lifeDatabase } from './life-database.ts'
import { PassingTime, WatchedDb } from './pass-time.ts'
import type { RunContext } from './run-context.ts'

/** What a failpoint life is lived in. */
export interface FailpointWorld {
  readonly mirrored: MirroredPractice
  /** Waits for work, for which time may have to pass. */
  pass<T>(work: Promise<T>): Promise<T>
  /** Lets time go by while nobody works. */
  idle(ms: number): Promise<void>
  /** The process has ended, and another one begins. */
  restart(): Promise<void>
}

const minute = 60_000
/** So much our clocks are ahead of athenahealth's: windows that go by ours alone do not reach what was lost. */
const aheadMs = 90_000
const settings = {
  slotDaysAhead: 3,
  bookedDaysAhead: 6,
  subscriptionCheckMs: 5 * minute,
  reconcileGraceMs: minute,
  // So that drains and replays have several pages, and a life can be disturbed between two of them.
  feedPageSize: 2,
}

export async function failpointWorld(
  context: RunContext,
  { life, disturbance }: { life: FailpointLife; disturbance: Disturbance },
): Promise<FailpointWorld> {
  if (life.rules) return guardedWorld(context, { life: { ...life, rules: life.rules }, disturbance })
  const mirrored = await mirroredPractice(context, { patients, settings: { ...settings, feeds: life.feeds } })
  await mirrored.setMachineAhead(aheadMs)
  mirrored.deps = { ...mirrored.deps, db: disturbance.mortal(mirrored.deps.db) }
  return {
    mirrored,
    pass: (work) => work,
    idle: (ms) => mirrored.advance(ms),
    restart: async () => undefined,
  }
}

/** The whole way that the program has, whose waits take virtual time; chance is always the same, as the life is. */
async function guardedWorld(
  context: RunContext,
  { life, disturbance }: { life: FailpointLife & Required<Pick<FailpointLife, 'rules'>>; disturbance: Disturbance },
): Promise<FailpointWorld> {
  const { feeds, rules } = life
  const random = { ...seededRandom(7), fraction: seededRandom(7).fraction }
  const { db, owner } = await lifeDatabase()
  const work = new WatchedDb(db)
  const mirrored = await mirroredPractice(context, {
    patients,
    virtualTimers: true,
    database: { db: work },
    random,
    settings: { ...settings, feeds },
    simulator: { limits: rules },
  })
  const { simulator } = mirrored
  work.follow(simulator.clock, { rows: ({ text }, values) => owner.rows(text, values) })
  const advance = (ms: number) => simulator.clock.advance(ms)
  const time = new PassingTime({ simulator, clock: mirrored.deps.clock, advance }, work)
  mirrored.deps = { ...mirrored.deps, clock: time.clock, db: disturbance.mortal(mirrored.deps.db) }
  const way = await GuardedWay.open(context, { ...mirrored.deps, random, simulator, rules, fetch: simulator.fetch })
  mirrored.deps = { ...mirrored.deps, upstream: way }
  await time.pass(way.restart())
  return {
    mirrored,
    pass: (work) => time.pass(work),
    idle: (ms) => time.idle(ms),
    restart: () => way.restart(),
  }
}
