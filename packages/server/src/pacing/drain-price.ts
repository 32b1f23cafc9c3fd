/** Feeds that are alike for the forecast: how many, and how often they change in the hours to come. */
export interface ForecastGroup {
  readonly feeds: number
  /** Expected changes an hour, in one hour after the other from now on. */
  readonly rates: readonly number[]
  readonly leastMs: number
  readonly mostMs: number
}

export interface PriceQuestion {
  readonly groups: readonly ForecastGroup[]
  /** Lengths of the hours from now on, ms: the first and the last may be parts of one. */
  readonly lengths: readonly number[]
  /** Calls for drains until then. */
  readonly calls: number
  /** Calls that a drain costs where feeds are read every `everyMs`. */
  readonly callsPerDrain: (everyMs: number) => number
  /** A call is not spent for less than this, however many are left. Changes times ms. */
  readonly priceMin: number
  /** The most calls for drains in each of the hours, as the limit of a second leaves them. Absent: as many as are wanted. */
  readonly mostInHour?: readonly number[]
}

/** What a call costs, in changes times the time (ms) that they wait. */
export interface DrainPrice {
  readonly price: number
  /** By how much feeds have to be read less often than promised, because not even that can be paid for: 1 or more. */
  readonly stretch: number
  /** Whether it is the limit of a second that makes it so, and not the calls of the day. */
  readonly isOfSecond?: boolean
}

/** Past this the day's calls do not do for mirroring: feeds wait for the next day rather than one another. */
export const stretchMax = 240

/**
 * The least price at which the calls last until the end of the forecast, and those of the hour that has begun fit into its seconds:
 * what is planned beyond that would only wait in the line, and whatever is less urgent with it.
 */
export function drainPrice(question: PriceQuestion): DrainPrice {
  const { mostInHour: most, ...free } = question
  if (most === undefined) return priceOfDay(free)
  if (isWithin(free, most)) return { ...priceOfDay(free), isOfSecond: false }
  const day = priceOfDay(question)
  const calls = most[0] ?? Number.POSITIVE_INFINITY
  const groups = question.groups.map((group) => ({ ...group, rates: group.rates.slice(0, 1) }))
  const hour = priceOfDay({ ...free, groups, lengths: question.lengths.slice(0, 1), calls, priceMin: day.price })
  const isOfSecond = hour.price > day.price * worthTelling || hour.stretch > day.stretch * worthTelling
  return { price: Math.max(day.price, hour.price), stretch: Math.max(day.stretch, hour.stretch), isOfSecond }
}

/** Whether the seconds do for every feed as often as it may be read: that is seen at a glance, and mostly so. */
function isWithin({ groups, lengths, callsPerDrain }: PriceQuestion, most: readonly number[]): boolean {
  const perMs = groups.reduce((sum, { feeds, leastMs }) => sum + (feeds * callsPerDrain(leastMs)) / leastMs, 0)
  return lengths.every((lengthMs, hour) => perMs * lengthMs <= (most[hour] ?? Number.POSITIVE_INFINITY))
}

/** More than what comes of counting. */
const worthTelling = 1.01

/**
 * The least price at which the calls last until the end of the forecast. Every feed is then read as often as a call for it saves
 * that much waiting, and no other way of spending as many calls leaves changes waiting for less (see the page on polling).
 * Where calls do not do for reading each feed as often as its bound asks for, the bounds are stretched, all alike.
 */
function priceOfDay(question: PriceQuestion): DrainPrice {
  const { priceMin, calls } = question
  const callsOf = callsByPrice(question)
  if (callsOf({ price: priceMin, stretch: 1 }) <= calls) return { price: priceMin, stretch: 1 }
  const dearest = { price: Number.POSITIVE_INFINITY, stretch: 1 }
  if (callsOf(dearest) > calls) {
    const stretches = { low: 1, high: stretchMax }
    return { ...dearest, stretch: bisect(stretches, (stretch) => callsOf({ ...dearest, stretch }) <= calls) }
  }
  const prices = { low: Math.max(priceMin, 1), high: priceHigh }
  return { price: bisect(prices, (price) => callsOf({ price, stretch: 1 }) <= calls), stretch: 1 }
}

/** A change that waits for two million years. */
const priceHigh = 1e17

const roundsMax = 60

/** The least value, by ratio, for which `suffices` holds; the highest if it holds for none. */
function bisect({ low, high }: { low: number; high: number }, suffices: (value: number) => boolean): number {
  let [from, to] = [low, high]
  for (let round = 0; round < roundsMax && to / from > 1.001; round += 1) {
    const middle = Math.sqrt(from * to)
    if (suffices(middle)) to = middle
    else from = middle
  }
  return to
}

/** Calls for drains until the end of the forecast. */
export function callsAt(question: PriceQuestion, answer: DrainPrice): number {
  return callsByPrice(question)(answer)
}

/**
 * The same for one price after the other. Hours of feeds that change about equally often are counted together first: a process
 * that plans for thousands of practices has other work too.
 */
function callsByPrice(question: PriceQuestion): (answer: DrainPrice) => number {
  const hours = [...question.lengths.keys()]
  const { mostInHour } = question
  // Hours are kept apart only where each has a bound of its own.
  const parts = mostInHour
    ? hours.map((hour) => ({ all: alikes(question, [hour]), most: mostInHour[hour] ?? Number.POSITIVE_INFINITY }))
    : [{ all: alikes(question, hours), most: Number.POSITIVE_INFINITY }]
  return (answer) =>
    parts.reduce(
      (calls, { all, most }) => calls + Math.min(most, callsOfAlikes(all, answer, question.callsPerDrain)),
      0,
    )
}

function callsOfAlikes(
  all: readonly Alike[],
  { price, stretch }: DrainPrice,
  callsPerDrain: PriceQuestion['callsPerDrain'],
): number {
  let calls = 0
  for (const { feedMs, rootMs, leastMs, mostMs } of all) {
    // So that where no bound holds, calls are what they are hour by hour: they go with the root of the rate.
    const rate = (rootMs / feedMs) ** 2
    const everyMs = evenInterval({ price, rate, leastMs, mostMs: mostMs * stretch })
    calls += (feedMs * callsPerDrain(everyMs)) / everyMs
  }
  return calls
}

/** Hours of feeds that change about equally often, within the same bounds. */
interface Alike {
  feedMs: number
  /** Times the root of the rate. */
  rootMs: number
  readonly leastMs: number
  readonly mostMs: number
}

/** Rates within a thirty-second part of a doubling are alike. */
const alikePerDoubling = 32

function alikes({ groups, lengths }: PriceQuestion, hours: readonly number[]): Alike[] {
  const byBounds = new Map<string, Map<number, Alike>>()
  for (const { feeds, rates, leastMs, mostMs } of groups) {
    if (feeds <= 0) continue
    const bounds = `${leastMs} ${mostMs}`
    const byRate = byBounds.get(bounds) ?? new Map<number, Alike>()
    byBounds.set(bounds, byRate)
    for (const hour of hours) {
      const lengthMs = lengths[hour] ?? 0
      const rate = rates[hour] ?? 0
      const step = Math.round(Math.log2(rate) * alikePerDoubling)
      const alike = byRate.get(step) ?? { feedMs: 0, rootMs: 0, leastMs, mostMs }
      byRate.set(step, alike)
      alike.feedMs += feeds * lengthMs
      alike.rootMs += feeds * lengthMs * Math.sqrt(rate)
    }
  }
  return [...byBounds.values()].flatMap((byRate) => [...byRate.values()]).filter(({ feedMs }) => feedMs > 0)
}

interface Even {
  readonly price: number
  /** Changes an hour. */
  readonly rate: number
  readonly leastMs: number
  readonly mostMs: number
}

/** Between two drains of a feed whose rate stays as it is. */
export function evenInterval({ price, rate, leastMs, mostMs }: Even): number {
  const everyMs = rate > 0 ? Math.sqrt((2 * price * 3_600_000) / rate) : Number.POSITIVE_INFINITY
  return Math.max(leastMs, Math.min(mostMs, everyMs))
}
