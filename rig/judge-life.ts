import { createHash } from 'node:crypto'
import { sql } from '../packages/server/src/db/db.ts'
import { kindOfFeed } from '../packages/server/src/sync/feed-table.ts'
import { practice } from '../packages/server/testing/mirrored-practice.ts'
import { drawRestrictions, everListed } from './draw-life.ts'
import { healLife } from './heal-life.ts'
import type { Invariant } from './invariants.ts'
import { type GapEver, gapsEver, judgeCauses } from './judge-causes.ts'
import { judgeDepartments, untoldElsewhere } from './judge-departments.ts'
import { type Judgement, judgeHistory, judgeRestarts } from './judge-history.ts'
import { allRequests, judgeLimits, wasDayUsedUp, wereDaysUsedUp } from './judge-limits.ts'
import { countChanges, countFired, isFull, type Life, liveRound, restart } from './live-round.ts'
import { isUntold, untoldInHiding } from './untold-in-hiding.ts'
import { compareWhole, findWrong, type Verdict } from './verdict.ts'

const hour = 3_600_000
/** Bounds of one life in one process (I12): pages that wait, megabytes, connections of the database's pools. */
const bounds = { waitingPages: 50, memoryMb: 900, connections: 12 }

/**
 * Restarts in a row (I16): so many of every so many-th seed, and few of the others, where they take time and show the same.
 * Nothing else follows from a seed in such steps, so that they come in every zone and with checks at every hour.
 */
const restarts = { many: 100, few: 5 }
const manyEvery = 17

/** The practice rests and nothing fails any more: sync must come to the truth by itself. Then everything is judged. */
export async function judgeLife(life: Life): Promise<Verdict> {
  const { mirrored, time, ends } = life
  const { simulator } = mirrored
  const held = { db: mirrored.deps.db, practice }
  const listed = everListed(life.seed)
  const livedMs = simulator.clock.now() - life.startAt
  const fired = simulator.faults.list().map(({ kind, fired }) => ({ kind, fired }))
  // Said of the life alone: what follows is no part of it.
  const lived = {
    changes: countChanges(simulator),
    faults: countFired(simulator),
  }
  const isTooQuiet = !isFull(simulator)
  const healed = await healLife(life)
  const judgements: Judgement[] = [
    healed,
    await judgeBounds(life),
    await judgeHistory(held),
    await life.versions.judge(held, (feed) => mirrored.opened(kindOfFeed(feed))),
    await judgeRestarts(mirrored, life.seed % manyEvery === 0 ? restarts.many : restarts.few, async () => {
      await time.pass(restart(life))
      await time.pass(liveRound(life))
    }),
    ...(listed ? [await judgeDepartments(mirrored, listed)] : []),
    ...(life.rules ? [judgeLimits(simulator, life.rules, await gapsEver(held))] : []),
  ]
  const compared = await compareWhole(mirrored, life.departments)
  const untold = await untoldInHiding(life)
  const isElsewhere = await untoldElsewhere(life)
  const differences = compared.differences.filter(
    (difference) => !isUntold(untold, difference) && !isElsewhere(difference),
  )
  const gaps = await gapsEver(held)
  const { rules } = life
  const usedUp = ({ from, last }: GapEver) =>
    rules !== undefined && wasDayUsedUp(simulator, rules, { from: from ?? 0, last })
  const areUsedUp = (since: number) =>
    rules !== undefined && wereDaysUsedUp(simulator, rules, { since, now: simulator.clock.now() })
  const wrong = [
    ...(isTooQuiet ? [`too quiet: ${lived.faults} faults and ${lived.changes} changes prove too little`] : []),
    ...(await findWrong(mirrored, { differences, areUsedUp })),
    ...(await judgeCauses(mirrored, { usedUp, excuses: life.relisting.excuses })),
    ...judgements.flatMap((judgement) => judgement.wrong),
  ]
  const counts = {
    hours: Math.round(livedMs / hour),
    ...lived,
    ends: ends.count,
    calls: allRequests(simulator).length,
    ...life.staff.done,
    ...(life.departments && { 'some departments alone': 1 }),
    ...(life.relisting.count > 0 && { 'lists of departments changed': life.relisting.count }),
    ...(drawRestrictions(life.seed) === 'hidden' && { 'restricted patients hidden': 1 }),
    [`began at: ${life.moment}`]: 1,
    ...(life.rules && { 'whole way': 1 }),
    ...Object.fromEntries(
      [...Map.groupBy(gaps, ({ cause }) => cause)].map(([cause, { length }]) => [`gaps: ${cause}`, length]),
    ),
  }
  const checked = sumOf([...judgements, compared])
  return { wrong, counts: { ...counts, ...byKind(fired) }, checked, trace: traceOf(life) }
}

function traceOf({ mirrored: { simulator } }: Life): string {
  const digest = createHash('sha256')
  for (const { at, method, route, status, fault } of allRequests(simulator)) {
    digest.update(`${at} ${method} ${route} ${status} ${fault?.kind}\n`)
  }
  return digest.digest('hex')
}

function byKind(fired: readonly { readonly kind: string; readonly fired: number }[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { kind, fired: times } of fired) {
    if (times > 0) counts[`faults: ${kind}`] = (counts[`faults: ${kind}`] ?? 0) + times
  }
  return counts
}

function sumOf(parts: readonly Pick<Judgement, 'checked'>[]): Partial<Record<Invariant, number>> {
  const sums: Partial<Record<Invariant, number>> = {}
  for (const { checked } of parts) {
    for (const [name, count] of Object.entries(checked) as [Invariant, number][]) sums[name] = (sums[name] ?? 0) + count
  }
  return sums
}

const connectionsSql = sql(
  'rig.connections',
  `select count(*)::int as connections from pg_catalog.pg_stat_activity where datname = pg_catalog.current_database()`,
)

async function judgeBounds({ mirrored, most }: Life): Promise<Judgement> {
  const waitingPages = Math.max(most.waitingPages, (await mirrored.trouble()).waitingPages)
  const memoryMb = Math.round(process.memoryUsage().rss / 1_048_576)
  const rows = await mirrored.deps.db.practice(practice, (tx) => tx.rows<{ connections: number }>(connectionsSql))
  const found = { waitingPages, memoryMb, connections: rows[0]?.connections ?? 0 }
  const wrong = (Object.keys(bounds) as (keyof typeof bounds)[])
    .filter((what) => found[what] > bounds[what])
    .map((what) => `I12 ${what}: ${found[what]}, more than ${bounds[what]}`)
  return { wrong, checked: { I12: 3 } }
}
