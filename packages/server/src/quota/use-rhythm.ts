import { offsetMinutesAt } from '@aegis/client'
import type { Priority } from './priorities.ts'

/** Whose calls they are: of a priority, or of others who use the same app. */
export type UseKind = Priority | 'foreign'

/** Calls of one kind in one hour; hours without any have no entry. */
export interface HourUse {
  /** Beginning of the hour, epoch ms. */
  readonly at: number
  readonly kind: UseKind
  readonly calls: number
}

export const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const WEEK_HOURS = 168

/** What an expectation rests on: the same hour of past weeks, the same hour of past days, or nothing but the last hours. */
export type Basis = 'weeks' | 'days' | 'hours'

/** Weeks and days that are looked back. */
const WEEKS = 5
const DAYS = 7

/** Each week further back counts so much less; another day of the same kind counts so much beside the same day of a week. */
const WEEK_WEIGHT = 0.8
const DAY_WEIGHT = 0.25

/** With so much weight of weeks, other days have nothing to add. */
const ENOUGH_WEIGHT = 2

interface Weighed {
  readonly calls: number
  readonly weight: number
}

/** Hours that tell what another one is going to be like. */
interface Samples {
  readonly basis: Basis
  readonly samples: readonly { readonly at: number; readonly weight: number }[]
}

/** Calls by kind and hour. Made once: a forecast looks at it from many past days. */
export interface HourTable {
  readonly calls: ReadonlyMap<UseKind, ReadonlyMap<number, number>>
  /** Beginning of the first hour, epoch ms; infinite without any. */
  readonly first: number
}

/** Puts calls into the order in which they are looked up (pure). */
export function hourTable(hours: readonly HourUse[]): HourTable {
  let first = Number.POSITIVE_INFINITY
  for (const { at } of hours) first = Math.min(first, at)
  return { calls: byKind(hours), first }
}

/** When a table is looked at: what came later is not known. */
export interface LookedFrom {
  /** Beginning of the hour that is not over, epoch ms. */
  readonly until: number
  /** How much of that hour's calls is known. */
  readonly begun: number
  readonly zone: string
}

/**
 * How calls are spread over the hours of a week, as the clock on the wall of `zone` shows them: practices open by their own
 * time, so that the rhythm follows daylight saving although the day of the quota does not. Only hours that were over
 * before `until` are known.
 */
export class UseRhythm {
  readonly #calls: HourTable['calls']
  readonly #first: number
  readonly #until: number
  readonly #begun: number
  readonly #zone: string
  readonly #found = new Map<number, Samples>()

  constructor({ calls, first }: HourTable, { until, begun, zone }: LookedFrom) {
    this.#calls = calls
    // The first hour was begun in its middle.
    this.#first = first + HOUR_MS
    this.#until = until
    this.#begun = begun
    this.#zone = zone
  }

  /** Whether anything is known of an hour. */
  knows(at: number): boolean {
    return at >= this.#first && at + HOUR_MS <= this.#until
  }

  /** Calls of an hour that is over, or so far of the one that is not. */
  counted(kind: UseKind, at: number): number {
    if (at > this.#until) return 0
    const calls = this.#calls.get(kind)?.get(at) ?? 0
    return at === this.#until ? calls * this.#begun : calls
  }

  /** What an hour is expected to bring, by the past weeks or days; undefined without any. The mean, or the median. */
  expected(kind: UseKind, at: number, by: 'mean' | 'median' = 'mean'): number | undefined {
    const { samples } = this.#samples(at)
    if (samples.length === 0) return undefined
    const weighed = samples.map((sample) => ({ calls: this.counted(kind, sample.at), weight: sample.weight }))
    return by === 'mean' ? mean(weighed) : median(weighed)
  }

  /** What the expectation of an hour rests on. */
  basis(at: number): Basis {
    return this.#samples(at).basis
  }

  /** The same for every kind of use. */
  #samples(at: number): Samples {
    const known = this.#found.get(at)
    if (known) return known
    const found = this.#look(at)
    this.#found.set(at, found)
    return found
  }

  #look(at: number): Samples {
    const weeks = range(WEEKS).flatMap((back) => this.#alike(at, back * WEEK_HOURS, WEEK_WEIGHT ** (back - 1)))
    if (sumOf(weeks) >= ENOUGH_WEIGHT) return { basis: 'weeks', samples: weeks }
    const days = range(DAYS - 1).flatMap((back) => this.#alike(at, back * 24, DAY_WEIGHT))
    const sameSort = days.filter((sample) => this.#isWeekend(sample.at) === this.#isWeekend(at))
    if (weeks.length > 0) return { basis: 'weeks', samples: [...weeks, ...sameSort] }
    if (days.length === 0) return { basis: 'hours', samples: [] }
    return { basis: 'days', samples: sameSort.length > 0 ? sameSort : days }
  }

  /** The hour so many hours back that shows the same time on the wall: one more or less when the clocks were set between. */
  #alike(at: number, hoursBack: number, weight: number): { at: number; weight: number }[] {
    const wanted = this.#hourOfDay(at)
    const found = [0, -1, 1]
      .map((shift) => at - (hoursBack + shift) * HOUR_MS)
      .find((hour) => this.knows(hour) && this.#hourOfDay(hour) === wanted)
    return found === undefined ? [] : [{ at: found, weight }]
  }

  #hourOfDay(at: number): number {
    return new Date(this.#wall(at)).getUTCHours()
  }

  #isWeekend(at: number): boolean {
    return [0, 6].includes(new Date(this.#wall(at)).getUTCDay())
  }

  #wall(at: number): number {
    return at + offsetOf(this.#zone, at) * MINUTE_MS
  }
}

/** By zone and hour. */
const offsets = new Map<string, Map<number, number>>()
const OFFSETS_MAX = 10_000

/** Of an hour of a zone it never changes, and asking the runtime is slow. */
function offsetOf(zone: string, at: number): number {
  const ofZone = offsets.get(zone) ?? new Map<number, number>()
  offsets.set(zone, ofZone)
  const known = ofZone.get(at)
  if (known !== undefined) return known
  if (ofZone.size > OFFSETS_MAX) ofZone.clear()
  const offset = offsetMinutesAt({ name: zone }, at)
  ofZone.set(at, offset)
  return offset
}

function byKind(hours: readonly HourUse[]): Map<UseKind, Map<number, number>> {
  const kinds = new Map<UseKind, Map<number, number>>()
  for (const { at, kind, calls } of hours) {
    const known = kinds.get(kind) ?? new Map<number, number>()
    known.set(at, (known.get(at) ?? 0) + calls)
    kinds.set(kind, known)
  }
  return kinds
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

function sumOf(samples: readonly { weight: number }[]): number {
  return samples.reduce((sum, { weight }) => sum + weight, 0)
}

function mean(samples: readonly Weighed[]): number {
  return samples.reduce((sum, { calls, weight }) => sum + calls * weight, 0) / sumOf(samples)
}

function median(samples: readonly Weighed[]): number {
  let left = sumOf(samples) / 2
  for (const { calls, weight } of samples.toSorted((one, other) => one.calls - other.calls)) {
    left -= weight
    if (left <= 0) return calls
  }
  return 0
}
