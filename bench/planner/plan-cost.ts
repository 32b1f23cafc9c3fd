import { zoneDefault } from '../../packages/server/src/pacing/hour-of-week.ts'
import { currentPlan } from '../../packages/server/src/pacing/plan.ts'
import { feedNames } from '../../packages/server/src/sync/feed-name.ts'
import { hasChangedFeed } from '../../packages/server/src/sync/feed-table.ts'
import { planFacts } from '../../packages/server/src/sync/plan-facts.ts'
import { defaultSyncSettings } from '../../packages/server/src/sync/sync-settings.ts'
import { scratchDatabase, type ScratchDatabase } from '../../packages/server/testing/scratch-database.ts'
import { systemClock } from '../../packages/server/src/clock/clock.ts'
import type { RunContext } from '../../rig/run-context.ts'
import { median } from '../mirror/report.ts'

/** What making a plan costs the process that makes it. */
export interface PlanCost {
  readonly feeds: number
  /** CPU of one plan, and of one with the profiles that are made once an hour. */
  readonly planMs: number
  readonly profiledMs: number
  /** Most of the latter is PostgreSQL's: the time that it takes. */
  readonly profiledTimeMs: number
  /** CPU between two turns of the event loop at most: so long nothing else goes on in the process. */
  readonly longestMs: number
}

const feedsEach = feedNames.filter(hasChangedFeed).slice(0, 14)
const zones = [zoneDefault, 'America/Chicago', 'America/Denver', 'America/Los_Angeles']
const runs = 15

/** Makes plans for so many practices, of which everything has been learned, with calls that do not do for all. */
export async function planCost(context: RunContext, practices: number): Promise<PlanCost> {
  const database = await scratchDatabase(context)
  await fill(database, practices)
  const feeds = practices * feedsEach.length
  const each = { isProfiled: false }
  // The first ones are not yet compiled.
  for (let run = 0; run < runs; run += 1) await (await planToMake(database, each))()
  const plans: number[] = []
  const turns: number[] = []
  for (let run = 0; run < runs; run += 1) {
    plans.push(await cpuOf(await planToMake(database, each)))
    turns.push(await longestTurnOf(await planToMake(database, each)))
  }
  const profiled = await planToMake(database, { isProfiled: true })
  const began = performance.now()
  const profiledMs = await cpuOf(profiled)
  const profiledTimeMs = performance.now() - began
  const longest = await longestTurnOf(await planToMake(database, { isProfiled: true }))
  return { feeds, planMs: median(plans), profiledMs, profiledTimeMs, longestMs: Math.max(median(turns), longest) }
}

/** Sizes differ by orders of magnitude, hours by what is open. */
async function fill({ owner }: ScratchDatabase, practices: number): Promise<void> {
  await owner.rows(
    `insert into control.pacing_feed (practice_id, feed, changes, hours, size_step, drained_at)
     select p, f, array(select (random() * 20 + 0 * p)::real from generate_series(1, 168)),
       array(select (3 + random())::real from generate_series(1, 168)), round((random() + random() + random() - 1.5) * 20), aegis.now()
     from generate_series(1, $1::integer) p, unnest($2::text[]) f`,
    [practices, `{${feedsEach.join(',')}}`],
  )
  await owner.rows(
    `insert into control.pacing_zone select p, ($2::text[])[1 + p % 4] from generate_series(1, $1::integer) p`,
    [practices, `{${zones.join(',')}}`],
  )
  await owner.rows('vacuum analyze control.pacing_feed')
}

/** What is done by one process of all, each minute or hour: the plan is made old first. */
async function planToMake(
  { db, owner }: ScratchDatabase,
  { isProfiled }: { isProfiled: boolean },
): Promise<() => Promise<unknown>> {
  const now = systemClock.now()
  const usage = { perDayLimit: 500_000, leftToday: 400_000, resumesAt: now + 20 * 3_600_000 }
  const deps = { db, clock: systemClock, settings: defaultSyncSettings }
  await owner.rows(`update control.pacing_plan set planned_at = 'epoch'`)
  if (isProfiled) await owner.rows(`update control.pacing_plan set profiled_at = null`)
  return () => currentPlan({ db }, () => planFacts(deps, usage))
}

async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  return inMs(process.cpuUsage(before))
}

/** CPU and not time: how long the machine lets others run says nothing of the work. */
async function longestTurnOf(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0
  let isDone = false
  let turn = process.cpuUsage()
  const look = () => {
    longestMs = Math.max(longestMs, inMs(process.cpuUsage(turn)))
    turn = process.cpuUsage()
    if (!isDone) setImmediate(look)
  }
  setImmediate(look)
  await work()
  isDone = true
  look()
  return longestMs
}

const inMs = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1_000
