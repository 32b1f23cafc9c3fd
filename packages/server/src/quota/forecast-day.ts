import { type Priority, priorities } from './priorities.ts'
import { type Basis, HOUR_MS, type HourTable, hourTable, type HourUse, type UseKind, UseRhythm } from './use-rhythm.ts'
import { type Demand, type Walk, walkDay } from './walk-day.ts'

/** What is known of a day that is not over. */
export interface DayState {
  /** Epoch ms, in the database's time. */
  readonly now: number
  readonly limit: number
  /** Calls that may still be made today. */
  readonly left: number
  /** See `WalkStart`. */
  readonly kept: number
  /** The zone in whose time the practices work, an IANA name. */
  readonly zone: string
  /** See `WalkStart`. */
  readonly pollShare: number
  readonly pollsAre: 'even' | 'as-wanted'
}

/** A figure that is not certain: as likely below as above `mid`, and outside in about two of ten days. */
export interface Estimate {
  readonly low: number
  readonly mid: number
  readonly high: number
}

/** When a priority has to stop, epoch ms; null: not today. */
export interface Stop {
  readonly priority: Priority
  readonly at: number | null
  readonly earliest: number
  readonly latest: number | null
}

/** How the day is expected to end. */
export interface DayForecast {
  /** Midnight GMT, when the day is over. */
  readonly endsAt: number
  readonly basis: Basis
  /** Past days by which the model was judged; 0: too few, and the range is a guess. */
  readonly judgedDays: number
  /** Calls that are wanted from now to midnight. */
  readonly wanted: Estimate
  readonly leftAtMidnight: Estimate
  /** Who may have to stop, most urgent first; empty when the day does. */
  readonly stops: readonly Stop[]
  /** How much of the polls there will be calls for; below 1 feeds are read less often. */
  readonly feedsServed: Estimate
}

const DAY_MS = 24 * HOUR_MS

/** Use that comes and goes with people and their day; bulk has a beginning and an end of its own. */
const rhythmic: readonly UseKind[] = [...priorities.filter((priority) => priority !== 'bulk'), 'foreign']

/** Past days by which the range is judged, at most and at least. */
const JUDGED_DAYS_MAX = 14
const JUDGED_DAYS_MIN = 5

/** The range without enough days to judge it by, as shares of what is expected. */
const GUESSED = { low: 0.6, high: 1.6 }

/**
 * Forecasts the rest of a day (pure). The rhythm of the past weeks, by the hour of the week, is scaled by how the last hours
 * compare with it; bulk work under way is taken to last as long again as it has lasted. The range is what the same model,
 * asked at the same hour of past days, would have missed.
 */
export function forecastDay(hours: readonly HourUse[], day: DayState): DayForecast {
  const endsAt = Math.floor(day.now / DAY_MS) * DAY_MS + DAY_MS
  const table = hourTable(hours)
  const factors = judgedFactors(table, day)
  // Of the hour that is not over all is known that was counted in it.
  const outlook = new Outlook(table, { ...day, begun: 1 })
  const demand = (factor: number, bulk: 'ends' | 'lasts' | 'stays') => outlook.demands(endsAt, { factor, bulk })
  const [few, some, many] = [demand(factors.low, 'ends'), demand(factors.mid, 'lasts'), demand(factors.high, 'stays')]
  const [easy, mid, hard] = [walkDay(few, day), walkDay(some, day), walkDay(many, day)]
  return {
    endsAt,
    basis: outlook.basis(endsAt),
    judgedDays: factors.days,
    wanted: { low: totalOf(few), mid: totalOf(some), high: totalOf(many) },
    leftAtMidnight: { low: Math.round(hard.left), mid: Math.round(mid.left), high: Math.round(easy.left) },
    stops: stopsOf({ easy, mid, hard }),
    feedsServed: { low: hard.feedsServed, mid: mid.feedsServed, high: easy.feedsServed },
  }
}

function totalOf(demands: readonly Demand[]): number {
  return Math.round(
    demands.reduce((sum, { calls }) => sum + Object.values(calls).reduce((all, one) => all + one, 0), 0),
  )
}

function stopsOf({ easy, mid, hard }: { easy: Walk; mid: Walk; hard: Walk }): Stop[] {
  return priorities.flatMap((priority) => {
    const earliest = hard.stops[priority] ?? mid.stops[priority]
    if (earliest === undefined) return []
    return [{ priority, at: mid.stops[priority] ?? null, earliest, latest: easy.stops[priority] ?? null }]
  })
}

/** Hours that are compared with the rhythm, and hours' worth of doubt in the comparison. */
const COMPARED_HOURS = 12
const DOUBT_HOURS = 2
const SCALE_MAX = 10

/** Hours from which use without any rhythm is told. */
const RECENT_HOURS = 3

/** What is expected from an instant on, by what was known then. */
class Outlook {
  readonly #rhythm: UseRhythm
  readonly #now: number
  /** Beginning of the hour that is not over. */
  readonly #hour: number
  readonly #scales: ReadonlyMap<UseKind, number>

  constructor(table: HourTable, { now, zone, begun }: Pick<DayState, 'now' | 'zone'> & { begun: number }) {
    this.#now = now
    this.#hour = Math.floor(now / HOUR_MS) * HOUR_MS
    this.#rhythm = new UseRhythm(table, { until: this.#hour, begun, zone })
    this.#scales = new Map(rhythmic.map((kind) => [kind, this.#scale(kind)]))
  }

  demands(until: number, by: { factor: number; bulk: 'ends' | 'lasts' | 'stays' }): Demand[] {
    const demands: Demand[] = []
    for (let hour = this.#hour; hour < until; hour += HOUR_MS) {
      const from = Math.max(hour, this.#now)
      const share = (hour + HOUR_MS - from) / HOUR_MS
      const of = (kind: UseKind) => this.#expected(kind, hour) * share * by.factor
      demands.push({
        from,
        to: hour + HOUR_MS,
        calls: {
          interactive: of('interactive'),
          notifications: of('notifications'),
          feeds: of('feeds'),
          reconciliation: of('reconciliation'),
          foreign: of('foreign'),
          bulk: this.#bulk(hour, by.bulk) * share,
        },
      })
    }
    return demands
  }

  basis(until: number): Basis {
    const found = new Set<Basis>()
    for (let hour = this.#hour; hour < until; hour += HOUR_MS) found.add(this.#rhythm.basis(hour))
    return found.has('hours') ? 'hours' : found.has('days') ? 'days' : 'weeks'
  }

  #expected(kind: UseKind, hour: number): number {
    const scale = this.#scales.get(kind) ?? 1
    const usual = this.#rhythm.expected(kind, hour)
    // Much that never was before goes on as it does now.
    return usual === undefined || scale > SCALE_MAX ? this.#recentPerHour(kind) : usual * scale
  }

  /** How the last hours compare with what they usually are. */
  #scale(kind: UseKind): number {
    let [counted, usual, hours] = [0, 0, 0]
    for (let hour = this.#hour - COMPARED_HOURS * HOUR_MS; hour <= this.#hour; hour += HOUR_MS) {
      const expected = this.#rhythm.expected(kind, hour)
      if (expected === undefined || (hour < this.#hour && !this.#rhythm.knows(hour))) continue
      const share = Math.min(1, (this.#now - hour) / HOUR_MS)
      counted += this.#rhythm.counted(kind, hour)
      usual += expected * share
      hours += share
    }
    if (hours === 0) return 1
    // At least a call an hour, so that next to nothing is not compared with nothing.
    const doubt = Math.max(usual / hours, 1) * DOUBT_HOURS
    return (counted + doubt) / (usual + doubt)
  }

  #recentPerHour(kind: UseKind): number {
    let [calls, hours] = [0, 0]
    for (let hour = this.#hour - RECENT_HOURS * HOUR_MS; hour <= this.#hour; hour += HOUR_MS) {
      if (hour < this.#hour && !this.#rhythm.knows(hour)) continue
      calls += this.#rhythm.counted(kind, hour)
      hours += Math.min(1, (this.#now - hour) / HOUR_MS)
    }
    return hours > 0 ? calls / Math.max(hours, 1 / 12) : 0
  }

  #bulk(hour: number, goesOn: 'ends' | 'lasts' | 'stays'): number {
    const usual = this.#rhythm.expected('bulk', hour, 'median') ?? 0
    const { perHour, hours } = this.#bulkNow()
    const ends = goesOn === 'ends' ? this.#now : goesOn === 'lasts' ? this.#now + hours * HOUR_MS : Infinity
    const share = Math.max(0, Math.min(1, (ends - Math.max(hour, this.#now)) / HOUR_MS))
    return Math.max(usual, perHour * share)
  }

  /** Bulk work that is under way: how much an hour, and for how long. */
  #bulkNow(): { perHour: number; hours: number } {
    const counted = (hour: number) => this.#rhythm.counted('bulk', hour)
    const passed = (this.#now - this.#hour) / HOUR_MS
    const last = counted(this.#hour) + counted(this.#hour - HOUR_MS)
    let hours = passed
    for (let hour = this.#hour - HOUR_MS; counted(hour) > 0 && hours < 24; hour -= HOUR_MS) hours += 1
    const isGoing = counted(this.#hour) > 0 || (passed < 0.25 && last > 0)
    const span = counted(this.#hour - HOUR_MS) > 0 ? 1 + passed : Math.max(passed, 1 / 12)
    return isGoing ? { perHour: last / span, hours } : { perHour: 0, hours: 0 }
  }
}

interface Factors {
  readonly low: number
  readonly mid: number
  readonly high: number
  readonly days: number
}

/** What the same model would have missed at the same hour of past days, as shares of what it expected. */
function judgedFactors(table: HourTable, { now, zone }: DayState): Factors {
  const ratios: number[] = []
  for (let back = 1; back <= JUDGED_DAYS_MAX; back += 1) {
    const then = now - back * DAY_MS
    // It needs a day to rest on.
    if (then - table.first < DAY_MS + HOUR_MS) break
    ratios.push(ratioAt(then, table, zone))
  }
  if (ratios.length < JUDGED_DAYS_MIN) return { ...GUESSED, mid: 1, days: 0 }
  const sorted = ratios.toSorted((one, other) => one - other)
  const cut = Math.floor(sorted.length / 10)
  // The expectation itself is always within the range.
  const low = Math.min(1, sorted[cut] ?? 1)
  const high = Math.max(1, sorted[sorted.length - 1 - cut] ?? 1)
  return { low, mid: 1, high, days: sorted.length }
}

function ratioAt(then: number, table: HourTable, zone: string): number {
  const hour = Math.floor(then / HOUR_MS) * HOUR_MS
  // Of the hour that was not over then, the part that had passed.
  const begun = (then - hour) / HOUR_MS
  const endsAt = Math.floor(then / DAY_MS) * DAY_MS + DAY_MS
  const outlook = new Outlook(table, { now: then, zone, begun })
  const demands = outlook.demands(endsAt, { factor: 1, bulk: 'ends' })
  const expected = demands.reduce((sum, { calls }) => sum + rhythmic.reduce((all, kind) => all + calls[kind], 0), 0)
  let counted = 0
  for (const kind of rhythmic) {
    const calls = table.calls.get(kind)
    counted += (calls?.get(hour) ?? 0) * (1 - begun)
    for (let at = hour + HOUR_MS; at < endsAt; at += HOUR_MS) counted += calls?.get(at) ?? 0
  }
  // A few calls more or less say nothing.
  const few = 10
  return (counted + few) / (expected + few)
}
