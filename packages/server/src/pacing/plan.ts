import type { Db, Tx } from '../db/db.ts'
import { profileDefault, profileOf, type SeenOfAll } from './profile.ts'
import type { Profile } from './change-rate.ts'
import { dayForecast, type SizeGroup } from './day-forecast.ts'
import { callsAt, type DrainPrice, drainPrice, type PriceQuestion } from './drain-price.ts'
import { hourMs, zoneDefault } from './hour-of-week.ts'
import { sizeGroups } from './pacing.sql.ts'
import { latestOf, type PacingSettings } from './pacing-settings.ts'
import { claimPlan, noteProfiling, readPlan, readProfiles, seenOfAll, storePlan, storeProfiles } from './plan.sql.ts'

/** What every process goes by until the next look. */
export interface Plan extends DrainPrice {
  /** Feeds that are read, over all practices. */
  readonly feeds: number
  /** When the calls are counted anew, epoch ms. */
  readonly endsAt: number
  readonly profiles: ReadonlyMap<string, Profile>
  /** See `callsWithinBounds`. Only for whoever made the plan anew. */
  readonly needed?: number
}

/** How the day's calls stand, and what drains cost. */
export interface PlanFacts {
  /** Epoch ms. */
  readonly now: number
  /** When the calls are counted anew. */
  readonly endsAt: number
  /** Calls for drains and what comes of them until then. */
  readonly calls: number
  /** The same in a second, as its limit leaves them. Absent: as many as are wanted. */
  readonly callsPerSecond?: number
  /** Feeds that are to be read, over all practices. */
  readonly feeds: number
  readonly leastMs: number
  readonly settings: PacingSettings
  readonly callsPerDrain: (everyMs: number) => number
  /** Calls that a change leads to beside the drain that told of it. */
  readonly callsPerChange: (feed: string) => number
}

/** Between two plans. */
export const planEveryMs = 60_000

/** Between two profiles: reading everything that was seen is seconds of PostgreSQL's work for tens of thousands of feeds. */
const profileEveryMs = hourMs

/**
 * The plan as it is now. Whoever asks first when it is older than a minute makes it anew: one process, whichever. `isAnew`: it
 * is to be made anew in any case.
 */
export async function currentPlan(
  { db }: { db: Pick<Db, 'control'> },
  facts: () => Promise<PlanFacts>,
  { isAnew }: { isAnew: boolean } = { isAnew: false },
): Promise<Plan> {
  const isOld = await db.control((tx) => claimPlan(tx, isAnew ? 0 : planEveryMs))
  const needed = isOld ? await makePlan(db, await facts()) : undefined
  return db.control(async (tx) => {
    const row = await readPlan(tx)
    const profiles = await readProfiles(tx)
    return {
      price: row?.price ?? 0,
      stretch: row?.stretch ?? 1,
      feeds: row?.feeds ?? 0,
      endsAt: row?.ends_at ?? 0,
      profiles,
      ...(needed !== undefined && { needed }),
    }
  })
}

async function makePlan(db: Pick<Db, 'control'>, facts: PlanFacts): Promise<number> {
  const { known, profiledAt } = await db.control(async (tx) => ({
    known: await readKnownFeeds(tx),
    profiledAt: (await readPlan(tx))?.profiled_at ?? 0,
  }))
  const { price, stretch } = planFor(known, facts)
  const { feeds, endsAt } = facts
  await db.control((tx) => storePlan(tx, { price, stretch, feeds, endsAt: new Date(endsAt).toISOString() }))
  // Last: where it fails, because it takes too long, calls are still spent by how they stand. What has to be left to feeds is not
  // told then, but a minute later, for the next attempt comes after an hour.
  if (Math.abs(facts.now - profiledAt) >= profileEveryMs) await makeProfiles(db)
  return callsWithinBounds(known, facts)
}

/** Of the calls that there are, at least so many are for drains, whatever is expected to come of them. */
const drainShareMin = 0.2

/** What is known of feeds: how many are of which size, and how each kind changes in a typical practice. */
export interface KnownFeeds {
  readonly sizes: readonly SizeGroup[]
  readonly profiles: ReadonlyMap<string, Profile>
}

/** Reads what is known of the feeds that were drained within a day. */
export async function readKnownFeeds(tx: Tx): Promise<KnownFeeds> {
  return { sizes: await sizeGroups(tx, zoneDefault), profiles: await readProfiles(tx) }
}

/** The price of a call until the day ends (pure). Feeds of which nothing is known yet count as typical ones. */
export function planFor(known: KnownFeeds, facts: PlanFacts): DrainPrice {
  return drainPrice(priceQuestion(known, facts))
}

/** Calls until the day ends with which no feed is read later than its bound, and what its changes lead to (pure). */
export function callsWithinBounds(known: KnownFeeds, facts: PlanFacts): number {
  const { question, asked } = forecastCalls(known, facts)
  return callsAt(question, { price: Number.POSITIVE_INFINITY, stretch: 1 }) + asked
}

/** What the price is worked out from (pure): every feed hour by hour, and the calls that are left for drains. */
export function priceQuestion(known: KnownFeeds, facts: PlanFacts): PriceQuestion {
  const { question, asked } = forecastCalls(known, facts)
  return { ...question, calls: besideAsked(facts.calls, asked) }
}

/** Every feed hour by hour, with all calls for its drains, and how many it is expected to ask for beside them. */
function forecastCalls({ sizes, profiles }: KnownFeeds, facts: PlanFacts): { question: PriceQuestion; asked: number } {
  const { now, endsAt: until, calls, leastMs, settings, callsPerDrain } = facts
  const known = sizes.reduce((sum, { feeds }) => sum + feeds, 0)
  const unknown = { feed: '', zone: zoneDefault, step: 0, feeds: Math.max(0, facts.feeds - known) }
  const { groups, lengths } = dayForecast([...sizes, unknown], {
    now,
    until,
    profileOf: (feed) => profiles.get(feed) ?? profileDefault,
    boundsOf: (feed) => ({ leastMs, mostMs: Math.max(leastMs, latestOf(settings, feed)) }),
  })
  const askedInHour = lengths.map((lengthMs, hour) =>
    groups.reduce((sum, { rates, feeds }, index) => {
      const changes = ((rates[hour] ?? 0) * lengthMs) / hourMs
      return sum + feeds * changes * facts.callsPerChange(sizes[index]?.feed ?? '')
    }, 0),
  )
  const asked = askedInHour.reduce((sum, calls_) => sum + calls_, 0)
  const { callsPerSecond } = facts
  const mostInHour =
    callsPerSecond === undefined
      ? undefined
      : lengths.map((lengthMs, hour) => besideAsked((callsPerSecond * lengthMs) / 1_000, askedInHour[hour] ?? 0))
  const question = { groups, lengths, calls, callsPerDrain, priceMin: settings.callWorthMs }
  return { question: { ...question, ...(mostInHour && { mostInHour }) }, asked }
}

/** What is asked for comes of drains: they never give way to it altogether. */
function besideAsked(calls: number, asked: number): number {
  return Math.max(calls - asked, calls * drainShareMin)
}

async function makeProfiles(db: Pick<Db, 'control'>): Promise<void> {
  await db.control((tx) => noteProfiling(tx))
  await db.control(async (tx) => {
    const rows = await seenOfAll(tx)
    const byFeed = Map.groupBy(rows, ({ feed }) => feed)
    const profiles = new Map([...byFeed].map(([feed, seen]) => [feed, profileOf(summed(seen))]))
    await storeProfiles(tx, profiles)
  })
}

function summed(rows: readonly { hour: number; changes: number; hours: number }[]): SeenOfAll {
  const changes: number[] = []
  const hours: number[] = []
  for (const row of rows) {
    changes[row.hour] = row.changes
    hours[row.hour] = row.hours
  }
  return { changes, hours }
}
