import type { Profile } from '../pacing/change-rate.ts'
import { FeedPace } from '../pacing/feed-pace.ts'
import { hourMs, hourParts, zoneDefault } from '../pacing/hour-of-week.ts'
import { callsWithinBounds, type KnownFeeds, planFor } from '../pacing/plan.ts'
import { profileDefault } from '../pacing/profile.ts'
import { offHours } from '../policy/off-hours.ts'
import { floorOf } from '../quota/day-budget.ts'
import { keptForFeeds } from '../quota/keep-for-feeds.ts'
import type { Priority } from '../quota/priorities.ts'
import { changesOf, type DayCalls, dayCalls, type PracticeShape } from './estimate-calls.ts'
import type { FeedName } from './feed-name.ts'
import { hasChangedFeed } from './feed-table.ts'
import { callsPerSecond, drainRules } from './plan-facts.ts'
import { callsForDrains, callsToKeep, callsWanted, pollStretch } from './poll-stretch.ts'
import type { SyncSettings } from './sync-settings.ts'

/** What a day is rehearsed with. */
export interface RehearsalFacts {
  readonly settings: SyncSettings
  readonly practices: number
  /** How each of them is. */
  readonly shape: PracticeShape
  readonly perDayLimit: number
  /** Calls that are planned for in a second. Absent: as many as are wanted. */
  readonly usablePerSecond?: number
  /** The first Wednesday after this is rehearsed, epoch ms. */
  readonly now: number
  /** Bulk work from the beginning of the day on, at so many calls a second; absent: none. */
  readonly bulk?: { readonly calls: number; readonly perSecond: number }
}

/** How one feed of one practice is read that day. */
export interface RehearsedFeed {
  readonly feed: FeedName
  /** Changes there are in it, and how often it is read. */
  readonly changes: number
  readonly readings: number
  /** How long a change waits on average until it is read; null where it is not read. */
  readonly waitMs: number | null
  /** The longest time between two readings; null where it is not read. */
  readonly longestMs: number | null
}

/** Calls of a day, by what they are for. */
export type RehearsedCalls = DayCalls & { readonly bulk: number }

/** How a day of calls is expected to go. */
export interface RehearsedDay {
  readonly feeds: readonly RehearsedFeed[]
  /** Calls of all practices that are made. */
  readonly calls: RehearsedCalls
  /** Calls beside readings of feeds and looks that are wanted that day, and for which there are none left. */
  readonly unmade: number
  /** The most that bounds of feeds (or their intervals, where all are read alike) are stretched by that day; 1: not at all. */
  readonly stretch: number
  /** The most calls a second, on average of ten minutes. */
  readonly busiestPerSecond: number
  /** Whether the limit of a second, and not only the calls of the day, has feeds read less often. */
  readonly isOfSecond: boolean
  /** What a call is worth when the day begins, see `DrainPrice`; 0 where all feeds are read alike. */
  readonly price: number
}

const dayMs = 24 * hourMs

/** An installation plans anew each minute; in so long hardly anything has changed. */
const stepMs = 600_000

/** Feeds of a kind are not all read at the same moment: so many stand for all of them. */
const phases = 4

/**
 * Goes through a working day as an installation does that has learned how its feeds change (pure). When to read which feed is
 * chosen by the code that chooses it there, step by step, with the calls that are left.
 */
export function rehearseDay(facts: RehearsalFacts): RehearsedDay {
  const wednesday = nextWednesday(facts.now)
  const world = worldOf(facts, wednesday)
  const readers = world.feeds.flatMap((feed) => readersOf(feed, world, wednesday - dayMs))
  // Only so that the day does not begin with every feed read a moment ago.
  goThrough(new Day(world, wednesday - dayMs), readers)
  return goThrough(new Day(world, wednesday), readers)
}

/** The feeds as an installation believes them to be. */
interface World extends RehearsalFacts {
  readonly feeds: readonly FeedName[]
  readonly known: KnownFeeds
}

/** A working day of calls, which begins at midnight GMT, as the one before it does; epoch ms. */
export function nextWednesday(now: number): number {
  const tomorrow = Math.floor(now / dayMs) + 1
  // The epoch began on a Thursday.
  return (tomorrow + ((6 - (tomorrow % 7) + 7) % 7)) * dayMs
}

function worldOf(facts: RehearsalFacts, wednesday: number): World {
  const feeds = facts.settings.feeds.filter(hasChangedFeed)
  return { ...facts, feeds, known: usualFeeds(facts, wednesday) }
}

/**
 * What an installation knows of feeds that change as the shape of their practices says, on a working day (pure). All live by
 * the same clocks.
 */
export function usualFeeds(
  { settings, shape, practices }: Pick<RehearsalFacts, 'settings' | 'shape' | 'practices'>,
  workingDay: number,
): KnownFeeds {
  const feeds = settings.feeds.filter(hasChangedFeed)
  const typical = waitedFor(profileDefault, workingDay, workingDay + dayMs).changes
  const profiles = feeds.map((feed): [string, Profile] => {
    const scale = changesOf(feed, shape) / typical
    return [feed, profileDefault.map((rate) => rate * scale)]
  })
  const sizes = feeds.map((feed) => ({ feed, zone: zoneDefault, step: 0, feeds: practices }))
  return { sizes, profiles: new Map(profiles) }
}

/** Changes from one reading to the next, and how long (ms) they have waited by then altogether. */
function waitedFor(profile: Profile, from: number, to: number): { changes: number; waited: number } {
  let [changes, waited] = [0, 0]
  for (const part of hourParts(zoneDefault, from, to)) {
    const count = ((profile[part.hour] ?? 0) * (part.to - part.from)) / hourMs
    changes += count
    waited += count * (to - (part.from + part.to) / 2)
  }
  return { changes, waited }
}

/** Feeds of one kind, which are read at the same times. */
interface Reader {
  readonly feed: FeedName
  readonly profile: Profile
  readonly practices: number
  readAt: number
  nextAt: number
  /** When that was chosen. */
  chosenAt: number
}

function readersOf(feed: FeedName, { known, practices, settings }: World, startAt: number): Reader[] {
  return Array.from({ length: phases }, (_, phase) => ({
    feed,
    profile: known.profiles.get(feed) ?? profileDefault,
    practices: practices / phases,
    readAt: startAt - (settings.pollIntervalMs * (phase + 1)) / phases,
    nextAt: startAt,
    chosenAt: 0,
  }))
}

/** What was read of one feed that day. */
interface Tally {
  changes: number
  /** How long (ms) changes have waited in the day, altogether: also those of the day before, and those that go on waiting. */
  waited: number
  readings: number
  longestMs: number
}

const nothingRead: Readonly<Tally> = { changes: 0, waited: 0, readings: 0, longestMs: 0 }

function goThrough(day: Day, readers: readonly Reader[]): RehearsedDay {
  const tallies = new Map<FeedName, Tally>()
  for (; !day.isOver; day.pass()) {
    for (const reader of readers) {
      const tally = tallies.get(reader.feed) ?? { ...nothingRead }
      tallies.set(reader.feed, tally)
      readStep(reader, day, tally)
    }
  }
  // What is read on a later day has waited so far.
  for (const reader of readers)
    waitUntil(day.endsAt, reader, { day, tally: tallies.get(reader.feed) ?? { ...nothingRead } })
  const feeds = [...tallies].map(([feed, { changes, waited, readings, longestMs }]) => ({
    feed,
    changes: changes / phases,
    readings: readings / phases,
    waitMs: readings > 0 && changes > 0 ? waited / changes : null,
    longestMs: readings > 0 ? longestMs : null,
  }))
  const { calls, unmade, stretch, price, busiestPerSecond, isOfSecond } = day
  return { feeds, calls, unmade, stretch, price, busiestPerSecond, isOfSecond }
}

/** Reads a feed as often as it is due within a step. */
function readStep(reader: Reader, day: Day, tally: Tally): void {
  while (reader.nextAt < day.stepEnds) {
    // Chosen before this step, it is asked again: calls may have become scarcer.
    const at = reader.chosenAt < day.now ? Math.max(reader.nextAt, day.next(reader)) : reader.nextAt
    reader.chosenAt = day.now
    reader.nextAt = at
    if (at >= day.stepEnds) return
    if (!day.mayDrain) {
      reader.nextAt = day.stepEnds
      return
    }
    day.drain(reader, at, waitUntil(at, reader, { day, tally }))
    tally.readings += 1
    reader.readAt = at
    reader.nextAt = day.next(reader)
  }
}

/** Counts the changes of the day since a feed was read, and how long they have waited in it. Returns all since then. */
function waitUntil(at: number, { profile, readAt }: Reader, { day, tally }: { day: Day; tally: Tally }): number {
  const { changes, waited } = waitedFor(profile, readAt, at)
  const before = readAt < day.startAt ? waitedFor(profile, readAt, day.startAt) : { changes: 0, waited: 0 }
  tally.changes += changes - before.changes
  tally.waited += waited - before.waited
  tally.longestMs = Math.max(tally.longestMs, at - readAt)
  return changes
}

/** What is asked for beside drains and looks, as an installation puts it off until there is a call for it. */
const others = ['named', 'refresh', 'checks'] as const

/** The calls of a day, and when feeds are due as they stand. */
class Day {
  readonly #world: World
  readonly #rules: ReturnType<typeof drainRules>
  readonly startAt: number
  readonly endsAt: number
  readonly #lists: ReturnType<typeof listsOf>
  readonly #waiting = { named: 0, refresh: 0, checks: 0 }
  readonly calls = { polls: 0, looks: 0, named: 0, refresh: 0, checks: 0, bulk: 0 }
  stretch = 1
  price = 0
  busiestPerSecond = 0
  isOfSecond = false
  #now: number
  #step = 0
  #price = 0
  #needed = 0
  /** Calls when the step began. */
  #before = 0
  #next: (reader: Reader) => number

  constructor(world: World, startAt: number) {
    this.#world = world
    this.#rules = drainRules(world.settings)
    this.#now = startAt
    this.startAt = startAt
    this.endsAt = startAt + dayMs
    this.#lists = listsOf(world, startAt)
    this.#next = this.#plan()
    this.price = this.#price
  }

  get isOver(): boolean {
    return this.#now >= this.endsAt
  }

  get unmade(): number {
    return others.reduce((sum, kind) => sum + this.#waiting[kind], 0)
  }

  /** When the step began. */
  get now(): number {
    return this.#now
  }

  get stepEnds(): number {
    return this.#now + stepMs
  }

  /** When a feed is to be read next, as calls stand now. */
  next(reader: Reader): number {
    return this.#next(reader)
  }

  /** Whether there are calls for reading feeds. */
  get mayDrain(): boolean {
    return this.#leftFor('feeds') > 0 && this.#leftInStep > 0
  }

  /** Reads feeds of one kind, which tell of so many changes each: what they only name is asked for. */
  drain({ feed, practices, readAt }: Reader, at: number, changes: number): void {
    this.calls.polls += practices
    this.calls.looks += practices * (this.#rules.callsPerDrain(at - readAt) - 1)
    this.#waiting.named += practices * this.#rules.callsPerChange(feed) * changes
  }

  /** Makes what other calls a step has, and plans for the next. */
  pass(): void {
    this.#waiting.refresh += this.#lists.refresh
    this.#waiting.checks += this.#lists.checks[this.#step] ?? 0
    for (const kind of others) {
      const made = Math.max(0, Math.min(this.#waiting[kind], this.#leftInStep, this.#leftFor('reconciliation')))
      this.calls[kind] += made
      this.#waiting[kind] -= made
    }
    const { calls, perSecond } = this.#world.bulk ?? { calls: 0, perSecond: 0 }
    const bulk = Math.min((perSecond * stepMs) / 1_000, calls - this.calls.bulk, this.#leftInStep)
    this.calls.bulk += Math.min(bulk, Math.max(0, this.#leftFor('bulk')))
    this.busiestPerSecond = Math.max(this.busiestPerSecond, ((this.#made - this.#before) * 1_000) / stepMs)
    this.#before = this.#made
    this.#step += 1
    this.#now += stepMs
    if (!this.isOver) this.#next = this.#plan()
  }

  get #made(): number {
    return Object.values(this.calls).reduce((sum, calls) => sum + calls, 0)
  }

  get #left(): number {
    return this.#world.perDayLimit - this.#made
  }

  /** Calls that the limit of a second leaves until the step is over. */
  get #leftInStep(): number {
    const { usablePerSecond = Number.POSITIVE_INFINITY } = this.#world
    return Math.max(0, (usablePerSecond * stepMs) / 1_000 - (this.#made - this.#before))
  }

  #leftFor(priority: Priority): number {
    const { perDayLimit: limit } = this.#world
    return this.#left - floorOf(priority, { limit, kept: keptForFeeds({ needed: callsToKeep(this.#needed), limit }) })
  }

  #plan(): (reader: Reader) => number {
    return this.#world.settings.pacing.isAdaptive ? this.#planEach() : this.#planAlike()
  }

  #planEach(): (reader: Reader) => number {
    const { known, practices, feeds: kinds, perDayLimit, settings } = this.#world
    const [now, endsAt, feeds] = [this.#now, this.endsAt, practices * kinds.length]
    const calls = callsForDrains({ perDayLimit, leftToday: this.#left })
    const facts = { ...this.#rules, now, endsAt, calls, feeds, ...callsPerSecond(this.#world) }
    const price = planFor(known, facts)
    this.isOfSecond ||= price.isOfSecond ?? false
    // Only bulk work leaves anything to others for their sake.
    if (this.#world.bulk) this.#needed = callsWithinBounds(known, facts)
    this.stretch = Math.max(this.stretch, price.stretch)
    this.#price = price.price
    const plan = { ...price, endsAt, feeds, profiles: known.profiles }
    const rules = { plan, settings: settings.pacing, leastMs: settings.pollIntervalMs }
    const paces = new Map(kinds.map((feed) => [feed, new FeedPace({ practice: 0, feed }, rules, undefined)]))
    return ({ feed, readAt }) => paces.get(feed)?.next(readAt).at ?? Number.POSITIVE_INFINITY
  }

  #planAlike(): (reader: Reader) => number {
    const { practices, feeds: kinds, perDayLimit, usablePerSecond, settings } = this.#world
    const facts = {
      feeds: practices * kinds.length,
      perDayLimit,
      leftToday: this.#left,
      msLeft: this.endsAt - this.#now,
    }
    const ofDay = pollStretch(facts, settings)
    const stretch = usablePerSecond === undefined ? ofDay : pollStretch({ ...facts, usablePerSecond }, settings)
    this.isOfSecond ||= stretch > ofDay
    this.#needed = callsWanted(facts, settings)
    this.stretch = Math.max(this.stretch, stretch)
    const { pollIntervalMs: leastMs } = settings
    // Not into the next day of calls.
    return ({ readAt }) => Math.min(readAt + leastMs * stretch, Math.max(readAt + leastMs, this.endsAt))
  }
}

/** Calls for lists, by step: those without a feed at any time, the checks in the off-hours. */
function listsOf({ settings, shape, practices }: World, startAt: number): { refresh: number; checks: number[] } {
  const starts = Array.from({ length: dayMs / stepMs }, (_, step) => startAt + step * stepMs)
  const { refresh, checks } = dayCalls(settings, shape)
  const night = shares(starts.map((at) => (offHours(at, settings.offHours).open ? 1 : 0)))
  return { refresh: (practices * refresh) / starts.length, checks: night.map((share) => practices * checks * share) }
}

function shares(weights: readonly number[]): number[] {
  const sum = weights.reduce((all, one) => all + one, 0)
  return weights.map((weight) => (sum > 0 ? weight / sum : 1 / weights.length))
}
