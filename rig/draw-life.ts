import type { OffHours } from '../packages/server/src/policy/off-hours.ts'
import { defaultOffHours } from '../packages/server/src/policy/off-hours.ts'
import { coreFeeds, type FeedName, furtherFeeds } from '../packages/server/src/sync/feed-name.ts'
import { type Draw, drawFrom } from './draw.ts'
import type { GuardedRules } from './guarded-way.ts'

const minute = 60_000
const hour = 60 * minute

/** Moments that lives go through, by the name under which they are counted. */
const moments: readonly [Moment, ...Moment[]] = [
  ['ordinary day', Date.UTC(2026, 2, 2, 15)],
  ['midnight GMT', Date.UTC(2026, 5, 17, 0)],
  ['spring forward', Date.UTC(2026, 2, 8, 7)], // in New York 02:00 becomes 03:00
  ['fall back', Date.UTC(2026, 10, 1, 6)], // and 02:00 becomes 01:00
  ['month end', Date.UTC(2026, 0, 31, 5) + 24 * hour], // in New York
  ['year end', Date.UTC(2027, 0, 1, 0)],
  ['leap day', Date.UTC(2028, 1, 29, 5)],
]
type Moment = readonly [name: string, at: number]

/** What a seed decides of a life before it begins. */
export interface DrawnLife {
  readonly startAt: number
  readonly moment: string
  /** Between two looks at a subscription and at what was processed; they cost more than the drains between them. */
  readonly subscriptionCheckMs: number
  /** Absent: calls go out without policy, quota, audit and token keeper, which is quicker to live through. */
  readonly rules: GuardedRules | undefined
}

/**
 * Lives of seeds whose last six digits are from here on meet what came to be drawn later, those of before stay what they
 * were: merges that are undone, feeds that have their turns in any order.
 */
export const newerFrom = 200_001

export function isNewer(seed: number): boolean {
  return seed % 1_000_000 >= newerFrom
}

/**
 * Of seeds whose last six digits are from here on, some practices are mirrored of some of their departments alone. All that came
 * to be drawn before is drawn for them too.
 */
export const limitedFrom = 300_001
const limitedShare = 2 / 3
const departmentsStream = 0x64_65_70_74
/** So that there are patients enough for all that their staff does. */
const leastMirrored = 3
/** Of a simulated practice, which has them all. */
const departments = ['1', '21', '41', '61', '81', '101', '121'] as const

/** Which departments of its practice a life mirrors; absent: all. */
export function drawDepartments(seed: number): readonly string[] | undefined {
  if (seed % 1_000_000 < limitedFrom) return undefined
  const draw = drawFrom((seed ^ departmentsStream) >>> 0)
  if (!draw.chance(limitedShare)) return undefined
  const left: string[] = [...departments]
  for (let out = draw.between(1, departments.length - leastMirrored); out > 0; out -= 1)
    left.splice(draw.between(0, left.length - 1), 1)
  return left
}

/**
 * Of seeds whose last six digits are from here on, most have the list of their practice's departments changed on the way, once or more.
 * All that came to be drawn before is drawn for them too.
 */
export const relistedFrom = 700_001
const relistedShare = 3 / 4
const wholeShare = 1 / 4
const listsStream = 0x6c_69_73_74

/** Departments that are mirrored from a moment on. */
export interface ListChange {
  readonly afterMs: number
  /** Null: all. */
  readonly departments: readonly string[] | null
}

/** Which lists follow upon the first one; some departments are on all of them. */
export function drawListChanges(seed: number): readonly ListChange[] {
  if (seed % 1_000_000 < relistedFrom) return []
  const draw = drawFrom((seed ^ listsStream) >>> 0)
  if (!draw.chance(relistedShare)) return []
  const first = [...(drawDepartments(seed) ?? departments)]
  const stay = Array.from({ length: leastMirrored }, () => first.splice(draw.between(0, first.length - 1), 1)[0])
  const moments = Array.from({ length: draw.between(1, 4) }, () => draw.between(60, 20 * 60) * minute)
  return moments
    .toSorted((one, other) => one - other)
    .map((afterMs) => ({
      afterMs,
      departments: draw.chance(wholeShare) ? null : departments.filter((one) => stay.includes(one) || draw.chance(0.5)),
    }))
}

/** The lists of a life, one after the other; undefined where all departments are mirrored. */
export function listsOf(seed: number): readonly [first: Listed, ...Listed[]] {
  return [drawDepartments(seed), ...drawListChanges(seed).map((change) => change.departments ?? undefined)]
}

/** Departments of a list; undefined: all. */
export type Listed = readonly string[] | undefined

/** Departments that are on any list of a life. */
export function everListed(seed: number): Listed {
  const lists = listsOf(seed)
  return lists.reduce((some, list) => some && list && [...some, ...list])
}

/**
 * Of seeds whose last six digits are from here on, most have feeds of small pages, so that a drain or a replay is of several and
 * something comes between two of them. All that came to be drawn before is drawn for them too.
 */
export const pagedFrom = 400_001
const pagesStream = 0x70_61_67_65
const pageSizes = [2, 3, 5, 10, 20, 1_000] as const

/** How many records a life asks a feed for at once; absent: as many as in production. */
export function drawFeedPage(seed: number): number | undefined {
  if (seed % 1_000_000 < pagedFrom) return undefined
  return drawFrom((seed ^ pagesStream) >>> 0).pick(pageSizes)
}

/**
 * Of seeds whose last six digits are from here on, some patients are deleted as soon as they are themselves again after a merge, so that
 * nobody has read in between. All that came to be drawn before is drawn for them too.
 */
export const deletedFrom = 500_001

export function isDeleting(seed: number): boolean {
  return seed % 1_000_000 >= deletedFrom
}

/**
 * Of seeds whose last six digits are from here on, many merges go on from the survivor of another one, and some of those before are undone
 * at the same moment. All that came to be drawn before is drawn for them too.
 */
export const chainedFrom = 800_001

export function isChaining(seed: number): boolean {
  return seed % 1_000_000 >= chainedFrom
}

/** In so many lives athenahealth does not show restricted patients at all, as it does by default. */
const hiddenShare = 0.5
const sightStream = 0x73_69_67_68

/** What becomes of restricted patients: those of before are shown like others. */
export function drawRestrictions(seed: number): 'hidden' | 'filtered' {
  return isNewer(seed) && drawFrom((seed ^ sightStream) >>> 0).chance(hiddenShare) ? 'hidden' : 'filtered'
}

const turnsStream = 0x74_75_72_6e

/** In which order the feeds that are due have their turns; absent: always in the same. */
export function drawTurns(seed: number): { order?(feeds: readonly FeedName[]): readonly FeedName[] } {
  if (!isNewer(seed)) return {}
  const draw = drawFrom((seed ^ turnsStream) >>> 0)
  const drawn = (feeds: readonly FeedName[]) => feeds.map((feed) => [draw.fraction(), feed] as const)
  return {
    order: (feeds) =>
      drawn(feeds)
        .toSorted(([one], [other]) => one - other)
        .map(([, feed]) => feed),
  }
}

/** Of so many lives one goes the whole way that the program has. */
const guardedShare = 1 / 4

export function drawLife(draw: Draw): DrawnLife {
  const subscriptionCheckMs = draw.pick([15, 60, 60, 120]) * minute
  const [moment, at] = draw.pick(moments)
  const startAt = at - draw.between(1, 20) * hour
  return { startAt, moment, subscriptionCheckMs, rules: draw.chance(guardedShare) ? drawRules(draw) : undefined }
}

/** How many of the further kinds a life mirrors; where the day's calls are few, one. */
const furtherCount = { free: 3, guarded: 1 }
/** Their draw is one of its own, so that the rest of a seed's life is the same with them and without. */
const furtherStream = 0x66_75_72_74

/** What a life mirrors: the core, and of the further kinds those that follow from the seed. */
export function drawFeeds(seed: number, isGuarded: boolean): readonly FeedName[] {
  const draw = drawFrom((seed ^ furtherStream) >>> 0)
  const left = [...furtherFeeds]
  const count = isGuarded ? furtherCount.guarded : furtherCount.free
  const chosen = Array.from({ length: count }, () => left.splice(draw.between(0, left.length - 1), 1)[0])
  return [...coreFeeds, ...furtherFeeds.filter((feed) => chosen.includes(feed))]
}

/** Small enough to be met: a first load and a day take about 400 calls. */
function drawRules(draw: Draw): GuardedRules {
  const offHours: OffHours = draw.chance(0.5) ? 'always' : defaultOffHours
  return {
    perSecond: draw.between(2, 6),
    perDay: draw.between(120, 400),
    tokensPerMinute: draw.between(1, 3),
    offHours,
    onboardingCalls: draw.between(40, 120),
    gapCalls: draw.between(20, 60),
  }
}
