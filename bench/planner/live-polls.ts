import {
  type Belief,
  noteDrain,
  nothingSeen,
  relativeSize,
  type SeenChanges,
} from '../../packages/server/src/pacing/change-rate.ts'
import { dayForecast, type SizeGroup, sizeStep } from '../../packages/server/src/pacing/day-forecast.ts'
import { type DrainPrice, drainPrice } from '../../packages/server/src/pacing/drain-price.ts'
import { hourMs, hoursOfWeek, zoneDefault } from '../../packages/server/src/pacing/hour-of-week.ts'
import { nextDrain } from '../../packages/server/src/pacing/next-drain.ts'
import { profileOf } from '../../packages/server/src/pacing/profile.ts'
import type { FeedTrace } from './record-days.ts'

export interface PollWorld {
  readonly traces: readonly FeedTrace[]
  readonly startAt: number
  readonly days: number
  readonly callsPerDay: number
  readonly leastMs: number
  readonly mostMs: number
}

/** How long changes waited: sums by day, and by how long. */
export class Waits {
  readonly changes: number[] = []
  readonly waitedMs: number[] = []
  readonly calls: number[] = []
  readonly #bySecond = new Map<number, number>()
  longestGapMs = 0
  shortestGapMs = Number.POSITIVE_INFINITY

  note(day: number, waitedMs: number): void {
    this.changes[day] = (this.changes[day] ?? 0) + 1
    this.waitedMs[day] = (this.waitedMs[day] ?? 0) + waitedMs
    const second = Math.round(waitedMs / 1000)
    this.#bySecond.set(second, (this.#bySecond.get(second) ?? 0) + 1)
  }

  called(day: number, gapMs: number | undefined): void {
    this.calls[day] = (this.calls[day] ?? 0) + 1
    if (gapMs === undefined) return
    this.longestGapMs = Math.max(this.longestGapMs, gapMs)
    this.shortestGapMs = Math.min(this.shortestGapMs, gapMs)
  }

  /** Mean wait of the changes of some days, ms. */
  mean(from: number, to: number): number {
    const sum = (of: readonly number[]) => of.slice(from, to).reduce((total, one) => total + (one ?? 0), 0)
    return sum(this.waitedMs) / sum(this.changes)
  }

  /** What so great a share of all changes did not exceed, ms. */
  at(share: number): number {
    let left = [...this.#bySecond.values()].reduce((total, one) => total + one, 0) * share
    for (const [second, count] of [...this.#bySecond].toSorted(([one], [other]) => one - other)) {
      left -= count
      if (left <= 0) return second * 1000
    }
    return 0
  }
}

const dayMs = 86_400_000

/** What is planned with: feeds are also read because their bound has come, when the calls are used up. */
const spentShare = 0.995
const dayOf = ({ startAt }: PollWorld, at: number) => Math.floor((startAt + at) / dayMs) - Math.floor(startAt / dayMs)

/** Reads what has changed since the last time. */
class Reader {
  readonly #trace: FeedTrace
  readonly #waits: Waits
  readonly #world: PollWorld
  #next = 0
  #last: number | undefined

  constructor(trace: FeedTrace, world: PollWorld, waits: Waits) {
    this.#trace = trace
    this.#world = world
    this.#waits = waits
  }

  /** Records that the feed hands out at an instant. */
  drain(at: number): number {
    const { at: times, record } = this.#trace
    const records = new Set<number>()
    for (; (times[this.#next] ?? Number.POSITIVE_INFINITY) <= at; this.#next += 1) {
      const changedAt = times[this.#next] ?? 0
      this.#waits.note(dayOf(this.#world, changedAt), at - changedAt)
      records.add(record[this.#next] ?? 0)
    }
    this.#waits.called(dayOf(this.#world, at), this.#last === undefined ? undefined : at - this.#last)
    this.#last = at
    return records.size
  }
}

/** Every feed as often as every other one: the day's calls spread evenly, none sooner than it may be. */
export function pollUniformly(world: PollWorld): Waits {
  const waits = new Waits()
  const everyMs = Math.max(world.leastMs, (world.traces.length * dayMs) / world.callsPerDay)
  world.traces.forEach((trace, index) => {
    const reader = new Reader(trace, world, waits)
    const end = world.days * dayMs
    for (let at = (everyMs * (index + 1)) / world.traces.length; at < end; at += everyMs) reader.drain(at)
  })
  return waits
}

interface Polled {
  readonly trace: FeedTrace
  readonly reader: Reader
  seen: SeenChanges
  readAt: number
}

/** As the planner says, which begins without having seen anything and plans anew every minute. */
export function pollAsPlanned(world: PollWorld): { waits: Waits; planMs: number; plans: number } {
  const waits = new Waits()
  const feeds = world.traces.map(
    (trace): Polled => ({
      trace,
      reader: new Reader(trace, world, waits),
      seen: nothingSeen,
      readAt: 0,
    }),
  )
  const queue = new TimeQueue()
  feeds.forEach((_, index) => queue.add((world.leastMs * (index + 1)) / feeds.length, index))
  const planner = new Planner(world, feeds)
  let planAt = 0
  let plan: DrainPrice = { price: 0, stretch: 1 }
  for (let due = queue.take(); due && due.at < world.days * dayMs; due = queue.take()) {
    while (planAt <= due.at) {
      plan = planner.plan(planAt, waits)
      planAt += 60_000
    }
    const feed = feeds[due.index]
    if (!feed) continue
    const changes = feed.reader.drain(due.at)
    const belief: Belief = { zone: zoneDefault, seen: feed.seen, profile: planner.profileOf(feed.trace.feed) }
    const [from, to] = [world.startAt + feed.readAt, world.startAt + due.at]
    feed.seen = noteDrain(belief, { from, to, changes })
    feed.readAt = due.at
    const { leastMs, mostMs } = world
    // With a new day of calls there are calls again.
    const untilNewDay = (Math.floor(to / dayMs) + 1) * dayMs - to
    const stretched = Math.max(mostMs, Math.min(mostMs * plan.stretch, untilNewDay))
    const choice = { from: to, price: plan.price, leastMs, mostMs: stretched }
    queue.add(nextDrain({ ...belief, seen: feed.seen }, choice).at - world.startAt, due.index)
  }
  return { waits, planMs: planner.spentMs, plans: planner.plans }
}

/** What the installation does every minute: profiles once an hour, the price of a call every time. */
class Planner {
  readonly #world: PollWorld
  readonly #feeds: readonly Polled[]
  #profiles = new Map<string, ReturnType<typeof profileOf>>()
  #profiledAt = Number.NEGATIVE_INFINITY
  spentMs = 0
  plans = 0

  constructor(world: PollWorld, feeds: readonly Polled[]) {
    this.#world = world
    this.#feeds = feeds
  }

  profileOf(feed: string) {
    return this.#profiles.get(feed) ?? profileOf({ changes: [], hours: [] })
  }

  plan(at: number, waits: Waits): DrainPrice {
    const before = process.cpuUsage()
    if (at - this.#profiledAt >= hourMs) {
      this.#profiles = new Map(
        [...Map.groupBy(this.#feeds, ({ trace }) => trace.feed)].map(([feed, all]) => [feed, profileOf(sumOf(all))]),
      )
      this.#profiledAt = at
    }
    const { startAt, callsPerDay, leastMs, mostMs } = this.#world
    const now = startAt + at
    const until = (Math.floor(now / dayMs) + 1) * dayMs
    const bounds = { leastMs, mostMs }
    const forecast = dayForecast(this.#sizes(), {
      now,
      until,
      profileOf: (feed) => this.profileOf(feed),
      boundsOf: () => bounds,
    })
    // A first day that is not whole has its part of the calls.
    const wholeDay = Math.min(dayMs, until - startAt)
    const calls = (spentShare * callsPerDay * wholeDay) / dayMs - (waits.calls[dayOf(this.#world, at)] ?? 0)
    const plan = drainPrice({ ...forecast, calls, callsPerDrain: () => 1, priceMin: 0 })
    const spent = process.cpuUsage(before)
    this.spentMs += (spent.user + spent.system) / 1_000
    this.plans += 1
    return plan
  }

  #sizes(): SizeGroup[] {
    const groups = new Map<string, SizeGroup>()
    for (const { trace, seen } of this.#feeds) {
      const step = sizeStep(relativeSize({ seen, profile: this.profileOf(trace.feed) }))
      const key = `${trace.feed} ${step}`
      groups.set(key, { feed: trace.feed, zone: zoneDefault, step, feeds: (groups.get(key)?.feeds ?? 0) + 1 })
    }
    return [...groups.values()]
  }
}

function sumOf(feeds: readonly Polled[]) {
  const changes = Array.from<number>({ length: hoursOfWeek }).fill(0)
  const hours = Array.from<number>({ length: hoursOfWeek }).fill(0)
  for (const { seen } of feeds) {
    for (let hour = 0; hour < hoursOfWeek; hour += 1) {
      changes[hour] = (changes[hour] ?? 0) + (seen.changes[hour] ?? 0)
      hours[hour] = (hours[hour] ?? 0) + (seen.hours[hour] ?? 0)
    }
  }
  return { changes, hours }
}

/** What is due when, earliest first: a binary heap. */
class TimeQueue {
  readonly #entries: { at: number; index: number }[] = []

  add(at: number, index: number): void {
    const entries = this.#entries
    entries.push({ at, index })
    for (let place = entries.length - 1; place > 0; ) {
      const above = (place - 1) >> 1
      if ((entries[above]?.at ?? 0) <= at) break
      this.#swap(above, place)
      place = above
    }
  }

  take(): { at: number; index: number } | undefined {
    const entries = this.#entries
    const [first] = entries
    const last = entries.pop()
    if (first === undefined || last === undefined || entries.length === 0) return first
    entries[0] = last
    for (let place = 0; ; ) {
      const least = this.#earliest(place)
      if (least === place) return first
      this.#swap(least, place)
      place = least
    }
  }

  #earliest(place: number): number {
    const at = (index: number) => this.#entries[index]?.at ?? Number.POSITIVE_INFINITY
    const [left, right] = [2 * place + 1, 2 * place + 2]
    const child = at(left) <= at(right) ? left : right
    return at(child) < at(place) ? child : place
  }

  #swap(one: number, other: number): void {
    const [left, right] = [this.#entries[one], this.#entries[other]]
    if (!left || !right) return
    this.#entries[one] = right
    this.#entries[other] = left
  }
}
