import { mirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'
import { seededRandom } from '../packages/server/testing/seeded-random.ts'
import { makeChecksDue } from './check-mirror.ts'
import { type Draw, drawFrom } from './draw.ts'
import type { Plan } from '../packages/server/src/pacing/plan.ts'
import {
  drawDepartments,
  drawFeedPage,
  drawFeeds,
  drawLife,
  drawRestrictions,
  drawTurns,
  listsOf,
} from './draw-life.ts'
import { drawOddities } from './draw-oddities.ts'
import { coreFeeds } from '../packages/server/src/sync/feed-name.ts'
import { GuardedWay } from './guarded-way.ts'
import { lifeDatabase } from './life-database.ts'
import { standIn, zoneOf } from './machine-zone.ts'
import { PassingTime, WatchedDb } from './pass-time.ts'
import { RandomEnds } from './random-ends.ts'
import { randomFaults } from './random-faults.ts'
import { judgeLife } from './judge-life.ts'
import { isFull, type Life, liveRound, noteWaiting } from './live-round.ts'
import { type RunContext, withRunContext } from './run-context.ts'
import { relist } from './relist.ts'
import { planStaffWork } from './staff-work.ts'
import { TrueVersions } from './true-versions.ts'
import type { Verdict } from './verdict.ts'

const minute = 60_000
const hour = 60 * minute
const lifeMs = 24 * hour
/** A life goes on for longer when it has met too few faults, or the practice made too few changes, by then; not for ever. */
const lifeMsMax = 7 * lifeMs
/** Changes that the practice makes an hour, day and night. */
const changesPerHour = 32

export interface SeedOfLife {
  readonly seed: number
  /** Whether only what is always mirrored is, as in the lives of before there was more. */
  readonly isCore: boolean
}

/**
 * A day and night of a small practice in one process: time, order and everything that goes wrong follow from the seed.
 * Calls fail as random faults have it, the process ends or stands still at random failpoints, the clock jumps. Then all
 * rests, sync catches up, and the mirror must equal the truth; gaps may have been only where a fault left no other way.
 */
export function seedRun({ seed, isCore }: SeedOfLife): Promise<Verdict> {
  return withRunContext(async (context) => {
    context.after(standIn(zoneOf(seed)))
    const draw = drawFrom(seed)
    const life = await begin(context, { seed, isCore, draw })
    const { simulator } = life.mirrored
    simulator.faults.add([...life.odd.faults, ...randomFaults(draw)])
    // At an hour that follows from the seed, without a draw: lives of old seeds stay what they were.
    const checkAt = life.startAt + (4 + (seed % 16)) * hour
    let isChecked = false
    while (isLiving(life)) {
      if (!isChecked && simulator.clock.now() > checkAt) isChecked = await makeChecksDue(life.mirrored)
      await relist(life)
      life.ends.begin()
      await life.time.pass(liveRound(life))
      await noteWaiting(life)
      await life.time.idle(pauseMs(draw))
    }
    return judgeLife(life)
  })
}

async function begin(context: RunContext, { seed, isCore, draw }: SeedOfLife & { draw: Draw }): Promise<Life> {
  const drawn = drawLife(draw)
  const { startAt, subscriptionCheckMs, rules } = drawn
  const odd = { ...drawOddities(seed), ...drawTurns(seed) }
  const departments = drawDepartments(seed)
  const feedPageSize = drawFeedPage(seed)
  const feeds = isCore ? coreFeeds : drawFeeds(seed, rules !== undefined)
  // When something is tried again must not depend on how many keys were made before, which is a matter of real time.
  const random = { ...seededRandom(seed), fraction: seededRandom(seed).fraction }
  const { db, owner } = await lifeDatabase()
  const work = new WatchedDb(db)
  const mirrored = await mirroredPractice(context, {
    startAt,
    virtualTimers: true,
    database: { db: work },
    random,
    settings: {
      feeds,
      slotDaysAhead: 2,
      bookedDaysAhead: 4,
      bookedDaysBack: 2,
      subscriptionCheckMs,
      ...(departments && { departments: { [practice]: departments } }),
      ...(feedPageSize !== undefined && { feedPageSize }),
    },
    simulator: {
      seed,
      startAt,
      practices: [{ id: practice, patients: 60, restrictions: drawRestrictions(seed) }],
      day: { ratePerHour: changesPerHour, nightShare: 1 },
      ...(rules && { limits: rules }),
      ...odd.simulator,
    },
  })
  const plan = planOfLife(seed)
  if (plan) mirrored.deps = { ...mirrored.deps, plan: () => plan }
  const { simulator } = mirrored
  const staff = planStaffWork(simulator, seed)
  const versions = new TrueVersions(simulator, { practice, feeds, everMerged: staff.everMerged })
  // When the clock jumps, it jumps for everybody: the database is on the same machine, or kept to the same time.
  work.follow(simulator.clock, { rows: ({ text }, values) => owner.rows(text, values) })
  const advance = (ms: number) => simulator.clock.advance(ms)
  const time = new PassingTime({ simulator, clock: mirrored.deps.clock, advance }, work)
  mirrored.deps = { ...mirrored.deps, clock: time.clock }
  const ends = new RandomEnds(context, draw)
  mirrored.deps = { ...mirrored.deps, db: ends.mortal(mirrored.deps.db) }
  const { deps } = mirrored
  const way = rules && (await GuardedWay.open(context, { ...deps, random, simulator, rules, fetch: simulator.fetch }))
  const life: Life = {
    ...drawn,
    seed,
    odd,
    departments: listsOf(seed).at(-1),
    relisting: { count: 0, excuses: [] },
    staff,
    versions,
    most: { waitingPages: 0 },
    mirrored,
    time,
    ends,
    way,
    due: new Map(),
  }
  if (way) {
    mirrored.deps = { ...mirrored.deps, upstream: way }
    await time.pass(way.restart())
  }
  return life
}

/** In every other life feeds are read at a pace of their own. Without a draw: lives of old seeds meet what they met. */
function planOfLife(seed: number): Plan | undefined {
  if (seed % 2 !== 0) return undefined
  const price = [1e3, 1e5, 1e7][(seed >> 1) % 3] ?? 1e3
  return { price, stretch: 1, feeds: 3, endsAt: 0, profiles: new Map() }
}

function isLiving({ mirrored: { simulator }, startAt }: Life): boolean {
  const livedMs = simulator.clock.now() - startAt
  if (livedMs < lifeMs) return true
  return !isFull(simulator) && livedMs < lifeMsMax
}

/** Until the next round: now and then drain upon drain, mostly long enough for much to change. */
function pauseMs(draw: Draw): number {
  const minutes = draw.chance(0.25) ? draw.between(1, 4) : draw.between(20, 80)
  return minutes * minute + draw.between(0, 59_999)
}
