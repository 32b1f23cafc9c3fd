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
}

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

  /** Takes one call from each of `days`, or from none of them. */
  draw(priority: Priority, days: readonly string[]): Draw {
    const gone = this.gone(priority, days)
    if (gone) return { kind: 'gone', ...gone }
    const states = days.map((day) => this.#days.get(day))
    if (states.some((state) => !state || state.left < 1)) return { kind: 'reserve' }
    for (const state of states) if (state) state.left--
    return { kind: 'drawn' }
  }

  /** Puts back what `draw` took, where that day is still known. */
  putBack(days: readonly string[]): void {
    for (const day of days) {
      const state = this.#days.get(day)
      if (state) state.left++
    }
  }

  /** When `priority` may call again, if one of `days` is used up for it as far as this process knows. */
  gone(priority: Priority, days: readonly string[]): Gone | undefined {
    for (const day of days) {
      const state = this.#days.get(day)
      if (state && this.#isGone(state, priority)) return { until: dayResumesAt(day), limit: this.limit(state.row) }
    }
    return undefined
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
    this.#days.set(row.day, { row: known ? withKnown(row, known.row, added) : row, left })
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

  #isGone(state: DayState, priority: Priority): boolean {
    const { kept } = state.row
    return this.#balance(state.row) + state.left <= floorOf(priority, { limit: this.limit(state.row), kept })
  }
}

/**
 * A row as read, with what a header said that is not in it yet. What other processes have reserved since may have been
 * taken for somebody else's calls: it goes off them.
 */
function withKnown(row: DayRow, known: DayRow, added: number): DayRow {
  const byOthersOfUs = Math.max(0, row.reserved - known.reserved - added)
  const foreign = Math.max(row.foreign, known.foreign - byOthersOfUs)
  return { ...row, foreign, upstreamLimit: lowerLimit(row.upstreamLimit, known.upstreamLimit) }
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
export function gonePriorities(budget: DayBudget, days: readonly string[]): Priority[] {
  return priorities.filter((priority) => budget.gone(priority, days) !== undefined)
}
