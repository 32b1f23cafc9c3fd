import type { Priority } from '../../packages/server/src/quota/priorities.ts'
import { coreFeeds, type FeedName } from '../../packages/server/src/sync/feed-name.ts'
import { type MirroredPractice, mirroredPractice, practice } from '../../packages/server/testing/mirrored-practice.ts'
import { kindRules } from '../../packages/server/testing/oracle.ts'
import { seededRandom } from '../../packages/server/testing/seeded-random.ts'
import { drawFrom } from '../draw.ts'
import { GuardedWay } from '../guarded-way.ts'
import { lifeDatabase } from '../life-database.ts'
import { PassingTime, WatchedDb } from '../pass-time.ts'
import { type RunContext, withRunContext } from '../run-context.ts'
import type { Verdict } from '../verdict.ts'
import { anyMinute, wideRules } from './drill-world.ts'

const second = 1_000
const minute = 60 * second
/** From the first load on, and with the flood. */
const loadMs = 8 * minute
const floodMs = 20 * minute
/** For what nobody has read yet when it is over. */
const afterMs = 3 * minute
/** What athenahealth takes to answer a call. */
const answerMs = 400
const changesPerHour = 400
/**
 * How much longer changes may wait beside a flood. They wait for the next read of their feed, up to a minute, whatever else goes
 * on: beside that, what calls wait for their turn is little, and twice as long would be a minute too late.
 */
const longerMaxMs = 5 * second
/** The one whose calls are a flood. */
const flooding = practice + 1

interface Flood {
  /** Calls that wait at any time. */
  readonly calls: number
  readonly priority: Priority
  /** Whether they are made by the process that reads the other practice's feeds. */
  readonly isOwn: boolean
}

/**
 * One practice has tens to hundreds of calls waiting all the time, on the process that reads the feeds of another one or on
 * another process: with them the changes of the other practice are read hardly later than without. The same seed is lived both
 * ways. What people ask for goes before all feeds, so the flood is of what Aegis does by itself.
 */
export async function floodsDrill(seed: number): Promise<Verdict> {
  const draw = drawFrom(seed)
  const flood: Flood = {
    calls: draw.between(30, 300),
    priority: draw.pick(['feeds', 'reconciliation', 'bulk']),
    isOwn: draw.chance(0.5),
  }
  const life = { seed, perSecond: draw.between(2, 8), startAt: anyMinute(draw) }
  const alone = await withRunContext((context) => lived(context, life))
  const beside = await withRunContext((context) => lived(context, { ...life, flood }))
  const [quiet, flooded] = [p95(alone.lags), p95(beside.lags)]
  const of = `${flood.calls} calls of ${flood.priority}, ${life.perSecond} a second`
  const wrong = [
    ...(beside.lags.length >= alone.lags.length
      ? []
      : [`${alone.lags.length - beside.lags.length} changes were never read beside ${of}`]),
    ...(flooded < quiet + longerMaxMs ? [] : [`changes wait ${flooded} ms beside ${of}, and ${quiet} ms without`]),
    // Or it proves nothing.
    ...(beside.served > floodMs / second ? [] : [`no flood: ${beside.served} of its calls were permitted`]),
  ]
  const counts = { changes: alone.lags.length + beside.lags.length, 'calls of floods': beside.served }
  return { wrong, counts }
}

interface LifeOfFlood {
  readonly seed: number
  readonly perSecond: number
  readonly startAt: number
  readonly flood?: Flood
}

interface Lived {
  /** From each change until a read of its feed brings it, ms. */
  readonly lags: readonly number[]
  /** Calls of the flood that were permitted. */
  readonly served: number
}

async function lived(context: RunContext, { flood, ...life }: LifeOfFlood): Promise<Lived> {
  const world = await begin(context, life)
  const { mirrored, time, ways } = world
  const { clock, truth } = mirrored.simulator
  await time.pass(readUntil(world, clock.now() + loadMs))
  const changes: Change[] = []
  const [from, to] = [clock.now(), clock.now() + floodMs]
  truth.follow(practice, ({ kind, record }) => {
    const feed = coreFeeds.find((one) => kindRules[one].truth === kind)
    if (feed && record && clock.now() < to)
      changes.push({ feed, id: String(record[kindRules[feed].idField]), at: clock.now() })
  })
  const [own, other] = ways
  const quota = (flood?.isOwn ? own : other)?.process.quota
  const ending = new AbortController()
  const { signal } = ending
  let served = 0
  const call = async ({ priority }: Flood) => {
    for (; !signal.aborted; await time.clock.sleep(1)) {
      const asked = { app: 'local/demo-client', practice: flooding, priority, signal, deadlineMs: 60 * minute }
      if (await quota?.permission(asked).catch(() => undefined)) served += 1
    }
  }
  const calls = flood ? Array.from({ length: flood.calls }, () => call(flood)) : []
  await time.pass(readUntil(world, to))
  ending.abort()
  await time.pass(Promise.all([readUntil(world, to + afterMs), ...calls]))
  return { lags: lagsOf(mirrored, { changes, from }), served }
}

interface World {
  readonly mirrored: MirroredPractice
  readonly time: PassingTime
  readonly ways: readonly GuardedWay[]
}

/** One practice and its mirror, which calls the whole way that the program has, and another process of the same app. */
async function begin(context: RunContext, { seed, perSecond, startAt }: Omit<LifeOfFlood, 'flood'>): Promise<World> {
  const { db } = await lifeDatabase()
  const work = new WatchedDb(db)
  const random = { ...seededRandom(seed), fraction: seededRandom(seed).fraction }
  const mirrored = await mirroredPractice(context, {
    startAt,
    virtualTimers: true,
    database: { db: work },
    random,
    settings: { feeds: coreFeeds },
    simulator: {
      seed,
      startAt,
      practices: [{ id: practice, patients: 60, restrictions: 'filtered' }],
      day: { ratePerHour: changesPerHour, nightShare: 1 },
    },
  })
  const { simulator } = mirrored
  const advance = (ms: number) => mirrored.advance(ms)
  const time = new PassingTime({ simulator, clock: mirrored.deps.clock, advance }, work)
  const fetch: typeof simulator.fetch = async (url, init) => {
    await time.clock.sleep(answerMs)
    return simulator.fetch(url, init)
  }
  const deps = { ...mirrored.deps, clock: time.clock }
  const rules = { ...wideRules, perSecond, perDay: 500_000 }
  const ways = await GuardedWay.several(context, { ...deps, random, simulator, rules, fetch }, ['one', 'another'])
  const [own] = ways
  if (!own) throw new Error('there is a way for each name')
  mirrored.deps = { ...deps, upstream: own }
  await time.pass(Promise.all(ways.map((way) => way.restart())))
  return { mirrored, time, ways }
}

/** Reads every feed when it is due, each beside the others. */
async function readUntil({ mirrored, time: { clock } }: World, until: number): Promise<void> {
  const read = async (feed: FeedName) => {
    while (clock.now() < until) {
      const due = await mirrored.stepFeed(feed)
      await clock.sleep(Math.max(second, Math.min(due, until) - clock.now()))
    }
  }
  await Promise.all(coreFeeds.map(read))
}

interface Change {
  readonly feed: string
  readonly id: string
  readonly at: number
}

function lagsOf({ simulator }: MirroredPractice, { changes, from }: { changes: Change[]; from: number }): number[] {
  const reads = new Map<string, number[]>()
  for (let since = 0, isMore = true; isMore; ) {
    const { pages, next } = simulator.truth.pages({ since })
    for (const { feed, mode, at, ids } of pages) {
      if (mode !== 'consume' || at < from) continue
      for (const id of ids) reads.set(`${feed} ${id}`, [...(reads.get(`${feed} ${id}`) ?? []), at])
    }
    isMore = pages.length > 0
    since = next
  }
  // What no feed tells of is in no read at all.
  return changes.flatMap(({ feed, id, at }) => {
    const read = reads.get(`${feed} ${id}`)?.find((one) => one >= at)
    return read === undefined ? [] : [read - at]
  })
}

function p95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? Number.NaN
}
