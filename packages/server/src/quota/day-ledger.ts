import type { Clock } from '../clock/clock.ts'
import type { Reading } from '../clock/remote-clock.ts'
import type { Db, Tx } from '../db/db.ts'
import type { Log } from '../log/log.ts'
import { DayBudget, type DayRow, type Draw, type Gone, gonePriorities, lowerLimit } from './day-budget.ts'
import { inBrief } from './in-brief.sql.ts'
import type { Permission, Spender } from './permission.ts'
import type { Priority } from './priorities.ts'
import * as rows from './quota-day.sql.ts'
import { dayResumesAt, daysCharged, quotaDay } from './quota-day.ts'
import type { CheckedLimits } from './quota-limits.ts'
import type { DayStanding } from '../http/rate-limit-fields.ts'

export interface DayLedgerDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  /** The database's time as far as this process knows, epoch ms. */
  readonly databaseNow: () => number
  /** What athenahealth's clock shows; absent or undefined where it is not known. */
  readonly theirTime?: () => Reading | undefined
}

/** What athenahealth's headers said on an answer to an API call. */
export interface HeaderCount {
  /** When the call was sent, in the database's time, epoch ms. */
  readonly at: number
  readonly limit?: number
  readonly remaining?: number
  /** The answer is none of those that name the day: a gateway may name another limit with it, such as that of a second. */
  readonly isRefusal?: boolean
}

interface SeenCount {
  readonly calls: number
  /** Named where it is lower than ours. */
  readonly limit: number | undefined
  /** What was known of others' calls before. */
  readonly foreignBefore: number
}

/** As `Draw`, with the days that a call was charged to. */
export type LedgerDraw = Exclude<Draw, { kind: 'drawn' }> | { readonly kind: 'drawn'; readonly days: readonly string[] }

/** A day that looked used up is looked at again after this: a stopping process may have given calls back. */
const RECHECK_MS = 30_000

/** Who spent what is for people to look at and may lag; what athenahealth counted decides who may call. */
const WRITE_USE_AFTER_MS = 5_000
const WRITE_SEEN_AFTER_MS = 200

/** Who spent what is kept for this many days. */
const USE_DAYS_KEPT = 35
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** The daily quota of one app: this process's blocks, kept in step with the rows that all processes share. */
export class DayLedger {
  readonly #deps: DayLedgerDeps
  readonly #app: string
  readonly #budget: DayBudget
  #lookedAt = Number.NEGATIVE_INFINITY
  #newestDay = ''
  /** Calls made and not yet written to the use table, by day, hour and who spent them. */
  #uses = new Map<string, rows.UseCount>()
  /** The highest count that athenahealth named for a day, where it is more than we can account for. */
  #seen = new Map<string, SeenCount>()
  #writing: { readonly dueAt: number; cancel(): void } | undefined

  constructor(deps: DayLedgerDeps, app: string, limits: CheckedLimits) {
    this.#deps = deps
    this.#app = app
    this.#budget = new DayBudget(limits)
  }

  /**
   * Sees to it that `count` calls of each day that `at` (database's time) is charged to are in hand, if they are to be
   * had. Throws what the database throws.
   */
  async ensure(at: number, count: number): Promise<void> {
    const days = this.#days(at)
    const short = this.#budget.short(days, count)
    if (short.length === 0) return
    const looksGone = gonePriorities(this.#budget, days).includes('interactive')
    const now = this.#deps.clock.steady()
    if (looksGone && Math.abs(now - this.#lookedAt) < RECHECK_MS) return
    const reserved = await inBrief(this.#deps.db, (tx) => this.#reserve(tx, short))
    // Only what is known to be committed may be drawn from: a block of which that is not known counts as used by nobody.
    for (const { row, block } of reserved) this.#budget.adopt(row, block)
    this.#lookedAt = now
    await this.#turnDay(days[0] ?? '')
  }

  /** Takes one call of each day that `at` is charged to. */
  draw(call: Spender, at: number): LedgerDraw {
    const days = this.#days(at)
    const draw = this.#budget.draw(call.priority, days)
    if (draw.kind === 'gone') return { ...draw, until: this.#here(draw.until) }
    if (draw.kind === 'reserve') return draw
    this.#count(call, { at, days, calls: 1 })
    return { ...draw, days }
  }

  /** Puts back what `draw` took for a call that was not made. */
  putBack(permission: Pick<Permission, 'sendAt' | 'days'> & Spender): void {
    const { sendAt: at, days } = permission
    this.#budget.putBack(days)
    this.#count(permission, { at, days, calls: -1 })
  }

  /** How many calls are in hand at `at`. */
  inHand(at: number): number {
    return Math.min(...this.#days(at).map((day) => this.#budget.left(day)))
  }

  /** What of the day `at` is in is left for a priority, as far as this process knows; undefined before the first call. */
  standing(priority: Priority, at: number): DayStanding | undefined {
    const [day = ''] = this.#theirDays(at)
    const left = this.#budget.leftFor(priority, day)
    return left && { ...left, resetsInMs: Math.max(0, this.#here(dayResumesAt(day)) - at) }
  }

  /** The limit of a day that holds for every process, as far as this one knows. */
  get heldLimit(): number {
    return this.#budget.held
  }

  /** When `priority` may call again, if the day is used up for it as far as this process knows. */
  gone(priority: Priority, at: number): Gone | undefined {
    const gone = this.#budget.gone(priority, this.#days(at))
    return gone && { ...gone, until: this.#here(gone.until) }
  }

  /**
   * Takes over a count of athenahealth's that leaves less than our own. Near midnight it is not clear which day the
   * header counts, and it is ignored. So is that of a refusal unless its limit is the day's as it is known already: taken for the
   * day's, that of a second would keep everybody from calling until midnight.
   */
  observe({ at, limit, remaining, isRefusal }: HeaderCount): void {
    const days = this.#theirDays(at)
    const [day = ''] = days
    const row = this.#budget.row(day)
    if (days.length > 1 || !row || remaining === undefined) return
    const ours = this.#budget.limit(row)
    if (isRefusal && limit !== ours && limit !== this.#budget.configured(row)) return
    const theirs = limit ?? ours
    // What athenahealth grants beyond the configured limit is for others: with that they take nothing of ours.
    const calls = Math.max(0, Math.min(theirs, this.#budget.configured(row)) - remaining)
    const accounted = row.reserved - this.#budget.left(day) + row.foreign
    if (theirs < ours || calls > accounted) this.#note(row, { calls, limit: theirs < ours ? theirs : undefined })
  }

  /** Reads again how the days stand that `at` is charged to: a process that stopped may have given calls back. */
  async look(at: number): Promise<void> {
    const found = await inBrief(this.#deps.db, (tx) => rows.lockDayRows(tx, this.#app, this.#days(at)))
    for (const row of found) this.#budget.adopt(row)
  }

  /** Writes what waits to be written: counts of use, and header values. */
  async write(): Promise<void> {
    this.#writing?.cancel()
    this.#writing = undefined
    const uses = [...this.#uses.values()]
    const seen = [...this.#seen]
    if (uses.length === 0 && seen.length === 0) return
    this.#uses = new Map()
    this.#seen = new Map()
    try {
      await inBrief(this.#deps.db, async (tx) => {
        for (const [day, count] of seen) await this.#noteSeen(tx, { day, ...count })
        if (uses.length > 0) await rows.addUseRows(tx, this.#app, uses)
      })
    } catch (error) {
      for (const use of uses) this.#addUse(use)
      for (const [day, count] of seen) this.#addSeen(day, count)
      throw error
    }
  }

  /** Gives back what is reserved and unused, and writes what waits. For a clean stop. */
  async close(): Promise<void> {
    await this.write()
    const unused = this.#budget.surrender()
    await inBrief(this.#deps.db, async (tx) => {
      for (const { day, unused: calls } of unused) await rows.addReserved(tx, this.#app, { day, calls: -calls })
    })
  }

  /** Stops the timer without writing: for a process that has lost its database. */
  abandon(): void {
    this.#writing?.cancel()
  }

  async #reserve(tx: Tx, days: readonly string[]): Promise<{ row: DayRow; block: number }[]> {
    const reserved: { row: DayRow; block: number }[] = []
    for (const row of await rows.lockDayRows(tx, this.#app, days)) {
      const block = this.#budget.block(row)
      const after = block > 0 ? await rows.addReserved(tx, this.#app, { day: row.day, calls: block }) : row
      reserved.push({ row: after, block })
    }
    return reserved
  }

  /** It holds here at once, and for the others when it is written. */
  #note(row: DayRow, { calls, limit }: Pick<SeenCount, 'calls' | 'limit'>): void {
    this.#addSeen(row.day, { calls, limit, foreignBefore: row.foreign })
    const foreign = Math.max(row.foreign, calls - (row.reserved - this.#budget.left(row.day)))
    this.#budget.adopt({ ...row, foreign, upstreamLimit: lowerLimit(row.upstreamLimit, limit ?? null) })
    this.#writeIn(WRITE_SEEN_AFTER_MS)
  }

  #addSeen(day: string, { calls, limit, foreignBefore }: SeenCount): void {
    const known = this.#seen.get(day)
    this.#seen.set(day, {
      calls: Math.max(calls, known?.calls ?? 0),
      limit: limit ?? known?.limit,
      foreignBefore: known?.foreignBefore ?? foreignBefore,
    })
  }

  async #noteSeen(tx: Tx, { day, calls, limit, foreignBefore }: SeenCount & { day: string }): Promise<void> {
    const row = await rows.observeDayRow(tx, this.#app, { day, calls, limit, unused: this.#budget.left(day) })
    if (!row) return
    this.#budget.adopt(row)
    if (row.foreign > foreignBefore)
      this.#deps.log.warn('quota.foreign-calls', { calls: row.foreign, limit: this.#budget.configured(row) })
  }

  async #turnDay(day: string): Promise<void> {
    if (day <= this.#newestDay) return
    this.#newestDay = day
    this.#budget.forgetBefore(day)
    const oldest = quotaDay(Date.parse(`${day}T00:00:00Z`) - USE_DAYS_KEPT * DAY_MS)
    await this.#deps.db.control((tx) => rows.deleteUseBefore(tx, this.#app, oldest))
  }

  /** How far athenahealth's clock is ahead of the database's, at the least and at the most. */
  get #shift(): { leastMs: number; mostMs: number } {
    const theirs = this.#deps.theirTime?.()
    const now = this.#deps.databaseNow()
    return theirs ? { leastMs: theirs.earliest - now, mostMs: theirs.latest - now } : { leastMs: 0, mostMs: 0 }
  }

  /** The days, as athenahealth counts them, that `at` (database's time) may belong to. */
  #theirDays(at: number): readonly string[] {
    const { leastMs, mostMs } = this.#shift
    return daysCharged([at + leastMs, at + mostMs])
  }

  /**
   * The days that a call is charged to: those by athenahealth's clock and those by the database's. The two differ while one
   * of them is off, and also for a moment when the machine has slept, until an answer tells the time anew.
   */
  #days(at: number): readonly string[] {
    const { leastMs, mostMs } = this.#shift
    return daysCharged([at + leastMs, at + mostMs, at])
  }

  /** What the database's clock shows when it is `at` by athenahealth's. */
  #here(at: number): number {
    return at - Math.round(this.#shift.leastMs)
  }

  #count(
    { practice, priority, work = '', caller = '' }: Spender,
    { at, days, calls }: { at: number; days: readonly string[]; calls: 1 | -1 },
  ): void {
    const day = days.at(-1) ?? ''
    const hour = Math.floor(at / HOUR_MS) * HOUR_MS
    this.#addUse({ day, hour, practice, priority, work, caller, calls })
    this.#writeIn(WRITE_USE_AFTER_MS)
  }

  #addUse(use: rows.UseCount): void {
    const key = `${use.day} ${use.hour} ${use.practice} ${use.priority} ${use.work} ${use.caller}`
    const calls = (this.#uses.get(key)?.calls ?? 0) + use.calls
    this.#uses.set(key, { ...use, calls })
  }

  #writeIn(afterMs: number): void {
    const { clock } = this.#deps
    const dueAt = clock.steady() + afterMs
    if (this.#writing && this.#writing.dueAt <= dueAt) return
    this.#writing?.cancel()
    const timer = clock.timer(afterMs, () => {
      this.write().catch(() => this.#writeIn(WRITE_USE_AFTER_MS))
    })
    this.#writing = { dueAt, cancel: () => timer.cancel() }
  }
}
