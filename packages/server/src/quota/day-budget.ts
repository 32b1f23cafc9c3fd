import { type Priority, priorities, priorityRules } from './priorities.ts'
import { blockOf, dayResumesAt, limitInForce } from './quota-day.ts'

/** A process begins with such a part of a block and doubles it each time: one that soon dies again loses little of the day. */
const FIRST_BLOCKS = 25

/** One day of one app as the database had it when last asked. */
export interface DayRow {
  readonly day: string
  /** Calls reserved by all processes, used or not. */
  readonly reserved: number
  /** Calls that athenahealth counted and we did not make: somebody else uses the same app. */
  readonly foreign: number
  /** A lower limit than the configured one that athenahealth named that day. */
  readonly upstreamLimit: number | null
  /** Calls that bulk work leaves to feeds until the day ends, beside the share that it leaves anyway. */
  readonly kept: number
  /** The limit that holds for every process, whatever each is configured with; null where none was told. */
  readonly perDay: number | null
  /** When athenahealth's count last left less, or was asked about, epoch ms. */
  readonly probedAt: number
  /** How often a later answer took back `foreign` and `upstreamLimit`. */
  readonly corrections: number
}

/** A day is used up: until when (epoch ms), and with how many calls a day. */
export interface Gone {
  readonly until: number
  readonly limit: number
}

/** What became of drawing one call: made room for, first to be reserved, or not to be had. */
export type Draw = { readonly kind: 'drawn' } | { readonly kind: 'reserve' } | ({ readonly kind: 'gone' } & Gone)

interface DayState {
  row: DayRow
  /** Calls reserved by this process and not used yet. */
  left: number
  /** Calls that this process may make although athenahealth's count leaves none. */
  probes: number
  /** It has made such a call: of an answer to come, less is believed as well. */
  mayCorrect: boolean
}

/** Where it is athenahealth's count alone that leaves no calls, it is asked about by one call of all processes each time. */
const PROBE_MS = 900_000

/**
 * This process's part of the daily quota: calls reserved in the database, block by block, and drawn here one by one.
 * A call is drawn only from what was durably reserved, so a crash counts too many, never too few.
 */
export class DayBudget {
  readonly #perDay: number
  readonly #dayBlock: number
  /** How much this process reserves at once: little at first. */
  #block: number
  readonly #days = new Map<string, DayState>()

  constructor(limits: { readonly perDay: number; readonly dayBlock: number }) {
    this.#perDay = limits.perDay
    this.#dayBlock = limits.dayBlock
    this.#block = Math.max(1, Math.floor(limits.dayBlock / FIRST_BLOCKS))
  }

  /** Takes one call from each of `days`, or from none of them. `at`: now, epoch ms. */
  draw(priority: Priority, days: readonly string[], at: number): Draw {
    const gone = this.gone(priority, days, at)
    if (gone) return { kind: 'gone', ...gone }
    const states = days.flatMap((day) => this.#days.get(day) ?? [])
    const isIn = (state: DayState) => state.left > 0 && (state.probes > 0 || !isGone(this.#balances(state), priority))
    if (states.length < days.length || !states.every(isIn)) return { kind: 'reserve' }
    for (const state of states) {
      if (isGone(this.#balances(state), priority)) state.probes--
      state.left--
    }
    return { kind: 'drawn' }
  }

  /** Puts back what `draw` took, where that day is still known. What was to ask about a count has not: the next one does. */
  putBack(days: readonly string[]): void {
    for (const day of days) {
      const state = this.#days.get(day)
      if (!state) continue
      state.left++
      if (state.mayCorrect) state.probes = 1
    }
  }

  /**
   * When `priority` may call again, if one of `days` is used up for it as far as this process knows. By our own count until the
   * day is over, by athenahealth's alone until it is asked about.
   */
  gone(priority: Priority, days: readonly string[], at: number): Gone | undefined {
    for (const day of days) {
      const state = this.#days.get(day)
      if (!state || !isGone(this.#balances(state), priority)) continue
      const [end, limit] = [dayResumesAt(day), this.limit(state.row)]
      if (!this.#isDoubtful(state, priority)) return { until: end, limit }
      const askAt = state.row.probedAt + PROBE_MS
      if (state.probes === 0 && at < askAt) return { until: Math.min(askAt, end), limit }
    }
    return undefined
  }

  /** Whether athenahealth's count of a day is to be asked about now: `row` is the day as just read, or as known. */
  isDoubted(day: string, at: number, row = this.row(day)): boolean {
    if (!row || at < row.probedAt + PROBE_MS || this.#days.get(day)?.probes) return false
    const state = { row, left: this.left(day) }
    return priorities.some((each) => isGone(this.#balances(state), each) && this.#isDoubtful(state, each))
  }

  /** Whether what athenahealth counts less than before is believed as well: once after it was asked about. */
  mayCorrect(day: string): boolean {
    return this.#days.get(day)?.mayCorrect === true
  }

  /** It was corrected, or asked about. */
  setCorrecting(day: string, mayCorrect: boolean): void {
    const state = this.#days.get(day)
    if (!state) return
    state.mayCorrect = mayCorrect
    state.probes = mayCorrect ? 1 : 0
  }

  /** The days of `days` of which too little is in hand for `count` calls and the spare kept for an outage. */
  short(days: readonly string[], count: number): string[] {
    const wanted = Math.max(count, Math.ceil(this.#block / 4))
    return days.filter((day) => (this.#days.get(day)?.left ?? 0) < wanted)
  }

  /** How much to reserve of a day whose row is locked: a block, or what is left, or nothing. */
  block(row: DayRow): number {
    return blockOf(this.#block, this.#unreserved(row))
  }

  /**
   * Notes a day as just read from the database, with `added` calls of it newly reserved for this process. What is known
   * here and not written down yet stays known.
   */
  adopt(row: DayRow, added = 0): void {
    const known = this.#days.get(row.day)
    const left = (known?.left ?? 0) + added
    if (added > 0) this.#block = Math.min(2 * this.#block, this.#dayBlock)
    const { probes = 0, mayCorrect = false } = known ?? {}
    this.#days.set(row.day, { row: known ? withKnown(row, known.row, added) : row, left, probes, mayCorrect })
  }

  /** The limit of a day, and how many calls of it a priority may still make, as last read; undefined if it never was. */
  leftFor(priority: Priority, day: string): { limit: number; left: number } | undefined {
    const state = this.#days.get(day)
    if (!state) return undefined
    const limit = this.limit(state.row)
    return {
      limit,
      left: Math.max(0, this.#balance(state.row) + state.left - floorOf(priority, { limit, kept: state.row.kept })),
    }
  }

  /** Calls in hand for a day. */
  left(day: string): number {
    return this.#days.get(day)?.left ?? 0
  }

  /** The day as last read, if it ever was. */
  row(day: string): DayRow | undefined {
    return this.#days.get(day)?.row
  }

  /** Forgets days before `day` and returns, for all that stay, what is unused and could be given back. */
  forgetBefore(day: string): void {
    for (const known of this.#days.keys()) if (known < day) this.#days.delete(known)
  }

  /** Empties this process's blocks and says how much of each day they held, for giving back at a clean stop. */
  surrender(): { day: string; unused: number }[] {
    const unused = [...this.#days]
      .map(([day, state]) => ({ day, unused: state.left }))
      .filter((item) => item.unused > 0)
    this.#days.clear()
    return unused
  }

  /** The limit in force on a day: the configured one, or a lower one that athenahealth named. */
  limit(row: DayRow): number {
    return limitInForce(this.configured(row), row.upstreamLimit)
  }

  /** The configured limit that holds for every process. */
  configured(row: DayRow): number {
    return row.perDay ?? this.#perDay
  }

  /** The same, as last read of any day; this process's own where none was. */
  get held(): number {
    const newest = [...this.#days.keys()].toSorted().at(-1)
    const state = newest === undefined ? undefined : this.#days.get(newest)
    return state ? this.configured(state.row) : this.#perDay
  }

  #unreserved(row: DayRow): number {
    return Math.max(0, this.#balance(row))
  }

  /** Negative when athenahealth counted more than we had left: then not even what is in hand may be used. */
  #balance(row: DayRow): number {
    return this.limit(row) - row.reserved - row.foreign
  }

  #balances({ row, left }: Pick<DayState, 'row' | 'left'>): Balances {
    return { left: this.#balance(row) + left, limit: this.limit(row), kept: row.kept }
  }

  /** Whether by our own count there are calls left. */
  #isDoubtful({ row, left }: Pick<DayState, 'row' | 'left'>, priority: Priority): boolean {
    return !isGone(this.#balances({ row: { ...row, foreign: 0, upstreamLimit: null }, left }), priority)
  }
}

interface Balances {
  readonly left: number
  readonly limit: number
  readonly kept: number
}

function isGone({ left, ...day }: Balances, priority: Priority): boolean {
  return left <= floorOf(priority, day)
}

/**
 * A row as read, with what a header said that is not in it yet. What other processes have reserved since may have been
 * taken for somebody else's calls: it goes off them.
 */
function withKnown(row: DayRow, known: DayRow, added: number): DayRow {
  if (row.corrections > known.corrections) return row
  const byOthersOfUs = Math.max(0, row.reserved - known.reserved - added)
  const foreign = Math.max(row.foreign, known.foreign - byOthersOfUs)
  const probedAt = Math.max(row.probedAt, known.probedAt)
  return { ...row, foreign, upstreamLimit: lowerLimit(row.upstreamLimit, known.upstreamLimit), probedAt }
}

/** The lower of two limits, where there are any. */
export function lowerLimit(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other)
}

/** What of a day a priority leaves to those above it. */
export function floorOf(priority: Priority, { limit, kept }: { limit: number; kept: number }): number {
  const floor = Math.ceil(priorityRules[priority].dayFloorShare * limit)
  return priority === 'bulk' ? floor + kept : floor
}

/** The priorities that have to stop on these days, for shedding who waits. */
export function gonePriorities(budget: DayBudget, days: readonly string[], at: number): Priority[] {
  return priorities.filter((priority) => budget.gone(priority, days, at) !== undefined)
}
