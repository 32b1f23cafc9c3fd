import type { Priority } from '../../packages/server/src/quota/priorities.ts'
import { recordKinds } from '../../packages/server/src/records/record-kinds.ts'
import { coreFeeds, type FeedName } from '../../packages/server/src/sync/feed-name.ts'
import { kindOfFeed } from '../../packages/server/src/sync/feed-table.ts'
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
/** So that a change comes at each second of the minute between two reads of its feed. */
const renamingMs = 17 * second
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
 * another process: with them the changes of the other practice are read hardly later than without, and what its feeds only name is
 * asked for hardly later. The same seed is lived both ways. What people ask for goes before all feeds, so the flood is of what Aegis
 * does by itself.
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
  const of = `${flood.calls} calls of ${flood.priority}, ${life.perSecond} a second`
  const wrong = [
    ...judge({ what: 'changes', done: 'read', of }, alone.read, beside.read),
    ...judge({ what: 'records that a feed named', done: 'asked for', of }, alone.asked, beside.asked),
    // Or it proves nothing.
    ...(beside.served > floodMs / second ? [] : [`no flood: ${beside.served} of its calls were permitted`]),
  ]
  const counts = {
    changes: alone.read.length + beside.read.length,
    'named by feeds': alone.asked.length + beside.asked.length,
    'calls of floods': beside.served,
  }
  return { wrong, counts }
}

/** What is wrong with how long changes waited beside a flood. */
function judge(
  { what, done, of }: { what: string; done: string; of: string },
  alone: readonly number[],
  beside: readonly number[],
): string[] {
  const [quiet, flooded] = [p95(alone), p95(beside)]
  if (beside.length < alone.length) return [`${alone.length - beside.length} ${what} were never ${done} beside ${of}`]
  return flooded < quiet + longerMaxMs
    ? []
    : [`${what} wait ${flooded} ms to be ${done} beside ${of}, and ${quiet} ms without`]
}

interface LifeOfFlood {
  readonly seed: number
  readonly perSecond: number
  readonly startAt: number
  readonly flood?: Flood
}

interface Lived {
  /** From each change until a read of its feed brings it, ms. */
  readonly read: readonly number[]
  /** From each change of which a feed tells the id alone until the record is asked for by it, ms. */
  readonly asked: readonly number[]
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
  await time.pass(Promise.all([readUntil(world, to), renameProviders(world, to)]))
  ending.abort()
  await time.pass(Promise.all([readUntil(world, to + afterMs), ...calls]))
  const named = changes.filter(({ feed }) => recordKinds[kindOfFeed(feed)].feedTells === 'id')
  return { read: lagsOf(changes, readsSince(mirrored, from)), asked: lagsOf(named, world.asks), served }
}

/** When something was done with a record, by its feed and id, epoch ms. */
type Times = Map<string, number[]>

interface World {
  /** Records asked for by id. */
  readonly asks: Times
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
  const asks: Times = new Map()
  const fetch: typeof simulator.fetch = async (url, init) => {
    await time.clock.sleep(answerMs)
    const [, kind = '', id = ''] =
      /\/(\w+)\/(\d+)$/.exec(new URL(url instanceof Request ? url.url : url).pathname) ?? []
    note(asks, { feed: kind, id }, time.clock.now())
    return simulator.fetch(url, init)
  }
  const deps = { ...mirrored.deps, clock: time.clock }
  const rules = { ...wideRules, perSecond, perDay: 500_000 }
  const ways = await GuardedWay.several(context, { ...deps, random, simulator, rules, fetch }, ['one', 'another'])
  const [own] = ways
  if (!own) throw new Error('there is a way for each name')
  mirrored.deps = { ...deps, upstream: own }
  await time.pass(Promise.all(ways.map((way) => way.restart())))
  return { asks, mirrored, time, ways }
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

/** Of providers the feed tells the id alone, and a day of a practice leaves them as they are: now and then one has another name. */
async function renameProviders({ mirrored, time: { clock } }: World, until: number): Promise<void> {
  const providers = [...mirrored.simulator.truth.records(practice, 'providers')].map(({ providerid }) => providerid)
  for (let turn = 0; clock.now() < until; turn += 1) {
    const provider = providers[turn % providers.length]
    mirrored.change({ kind: 'updateprovider', provider, lastname: `Quill ${turn}` })
    await clock.sleep(renamingMs)
  }
}

interface Named {
  readonly feed: string
  readonly id: string
}

interface Change extends Named {
  readonly feed: FeedName
  readonly at: number
}

function note(times: Times, { feed, id }: Named, at: number): void {
  const name = `${feed} ${id}`
  times.set(name, [...(times.get(name) ?? []), at])
}

/** When reads of feeds have brought records. */
function readsSince({ simulator }: MirroredPractice, from: number): Times {
  const reads: Times = new Map()
  for (let since = 0, isMore = true; isMore; ) {
    const { pages, next } = simulator.truth.pages({ since })
    for (const { feed, mode, at, ids } of pages) {
      if (mode === 'consume' && at >= from) for (const id of ids) note(reads, { feed, id }, at)
    }
    isMore = pages.length > 0
    since = next
  }
  return reads
}

function lagsOf(changes: readonly Change[], times: Times): number[] {
  // What no feed tells of is nowhere.
  return changes.flatMap(({ feed, id, at }) => {
    const done = times.get(`${feed} ${id}`)?.find((one) => one >= at)
    return done === undefined ? [] : [done - at]
  })
}

function p95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? Number.NaN
}
