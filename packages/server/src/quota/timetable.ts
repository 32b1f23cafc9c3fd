import type { Clock } from '../clock/clock.ts'
import { ClockOffset } from '../clock/clock-offset.ts'
import type { Db, Tx } from '../db/db.ts'
import { localShareTimes } from './local-share.ts'
import type { CheckedLimits } from './quota-limits.ts'
import { batchCostMs, payableUntilMs, type RatePlan, ratePlan } from './rate-plan.ts'
import * as rows from './timetable.sql.ts'

export interface TimetableDeps {
  readonly db: Db
  readonly clock: Clock
  /** Names this process among those that share the limits; the same after a restart. */
  readonly holder: string
}

/** An instant on the shared timetable at which one call may leave. */
export interface Slot {
  /** In the database's time, epoch ms. */
  readonly at: number
  /** The call must not leave later than this after `at`. */
  readonly toleranceMs: number
  /** Slots booked together have the same number. */
  readonly booking: number
  /** Set where each practice has a timetable of its own: the slot is for a call of this one. */
  readonly practice?: number
}

/** What was booked, and when to ask again if it was less than wanted. */
export interface Booked {
  readonly slots: readonly Slot[]
  readonly waitMs: number
  /** Practices that have no call left now, with the time (database's) at which they have one. */
  readonly resting: ReadonlyMap<number, number>
}

export interface Wanted {
  readonly count: number
  readonly aheadMs: number
  readonly toleranceMs: number
  /** With a limit per practice: the practices to book one slot each for. */
  readonly practices?: readonly number[]
}

/** A timetable booked further ahead than this was booked before the clock was set back. */
const AHEAD_MS_MAX = 60_000

/** The longest pause believed. A used-up day shows in the day's count, not as a pause. */
export const PAUSE_MS_MAX = 900_000

/** What asking for a stretch takes, beside the time to commit. */
const STRETCH_MS = 15

/** Answers to bookings come this much later than the clock was read at most; longer ones were exceptions. */
const LEAD_MS_MAX = 1_000

/**
 * One app's timetable in the database, and what its instants are on this process's clock. The two clocks need not
 * agree: their difference is measured with every booking.
 */
export class Timetable {
  readonly #deps: TimetableDeps
  readonly #app: string
  readonly #limits: CheckedLimits
  readonly plan: RatePlan
  readonly #offset = new ClockOffset()
  #leadMs = 0
  #bookings = 0
  #exists = false
  #contactAt: number | undefined
  #holders = 1

  constructor(deps: TimetableDeps, app: string, limits: CheckedLimits) {
    this.#deps = deps
    this.#app = app
    this.#limits = limits
    this.plan = ratePlan(limits)
  }

  /** When the last sign of life that arrived was sent (epoch ms), and how many processes called then. */
  get contact(): { at: number | undefined; holders: number } {
    return { at: this.#contactAt, holders: this.#holders }
  }

  /** The latest that the database's time can be now, epoch ms; this process's before the first booking. */
  databaseNow(): number {
    return this.#deps.clock.now() - (this.#offset.bounds?.lowMs ?? 0)
  }

  /** How long until `slot` has surely come. */
  waitMs(slot: Slot): number {
    return slot.at + (this.#offset.bounds?.highMs ?? 0) - this.#deps.clock.now()
  }

  /** How long ago `slot` was at most. */
  lateMs(slot: Slot): number {
    return this.#deps.clock.now() - (slot.at + (this.#offset.bounds?.lowMs ?? 0))
  }

  /** Books up to `wanted.count` instants in one statement. Throws what the database throws. */
  async book(wanted: Wanted): Promise<Booked> {
    await this.#announce()
    const { clock, db } = this.#deps
    const { booked, answeredAt } = await db.control(async (tx) => {
      const result = wanted.practices ? await this.#bookPractices(tx, wanted) : await this.#bookRun(tx, wanted)
      return { booked: result, answeredAt: clock.now() }
    })
    this.#learnLead(clock.now() - answeredAt)
    return booked
  }

  /**
   * Makes a slot that came late usable after all, by moving what is booked after it: worth it where instants are far
   * apart. Undefined when that would cost more than the instant, or can no longer be made good.
   */
  async stretch(slot: Slot): Promise<Slot | undefined> {
    const toleranceMs = this.lateMs(slot) + STRETCH_MS + 3 * this.#leadMs
    const costMs = batchCostMs(this.plan, 0, toleranceMs)
    if (slot.practice !== undefined || costMs >= this.plan.intervalMs) return undefined
    const before = slot.at + payableUntilMs(this.plan, this.#limits.perSecond)
    const moved = await this.#deps.db.control((tx) => rows.moveRow(tx, this.#app, { costMs, before }))
    return moved ? { ...slot, toleranceMs } : undefined
  }

  /** Pauses the app for every process; see `pauseRow`. Returns how long from now. */
  async pause(pauseMs: number | undefined): Promise<number> {
    const capped = pauseMs === undefined ? undefined : Math.min(pauseMs, PAUSE_MS_MAX)
    const row = await this.#deps.db.control(async (tx) => {
      await rows.ensureApp(tx, this.#app)
      return rows.pauseRow(tx, this.#app, capped)
    })
    return row ? row.paused_until - row.now_at : 0
  }

  /** Takes this process off the list of those that call. */
  async leave(): Promise<void> {
    this.#contactAt = undefined
    await this.#deps.db.control((tx) => rows.goneRow(tx, this.#who))
  }

  get #who() {
    return { app: this.#app, holder: this.#deps.holder }
  }

  /** The first booking makes the timetable; every few seconds a booking says who calls. */
  async #announce(): Promise<void> {
    const now = this.#deps.clock.now()
    const due = this.#contactAt === undefined || Math.abs(now - this.#contactAt) >= localShareTimes.signOfLifeMs
    if (!due && this.#exists) return
    this.#holders = await this.#deps.db.control(async (tx) => {
      await rows.ensureApp(tx, this.#app)
      return rows.seenRow(tx, this.#who, localShareTimes.lapsedUntilMs)
    })
    this.#exists = true
    this.#contactAt = now
  }

  async #bookRun(tx: Tx, wanted: Wanted): Promise<Booked> {
    const row = await this.#bookRow(tx, wanted, wanted.count)
    if (!row) return { slots: [], waitMs: await this.#waitMs(tx, wanted.aheadMs), resting: new Map() }
    return { slots: this.#slots(row, wanted), waitMs: 0, resting: new Map() }
  }

  /** One slot for each practice whose own timetable has come; the others rest until theirs has. */
  async #bookPractices(tx: Tx, wanted: Wanted): Promise<Booked> {
    const locked = await rows.lockPracticeRows(tx, this.#app, wanted.practices ?? [])
    const nextAt = new Map(locked.map((row) => [row.practice_id, row.next_at]))
    const now = Math.max(...locked.map((row) => row.now_at))
    const ready = (wanted.practices ?? []).filter((practice) => (nextAt.get(practice) ?? now) <= now)
    const resting = new Map([...nextAt].filter(([, at]) => at > now))
    if (ready.length === 0) return { slots: [], waitMs: Math.min(...resting.values()) - now, resting }
    const row = await this.#bookRow(tx, wanted, ready.length)
    if (!row) return { slots: [], waitMs: await this.#waitMs(tx, wanted.aheadMs), resting }
    const slots = this.#slots(row, { ...wanted, practices: ready })
    const interval = ratePlan({ ...this.#limits, perSecond: this.#limits.perPracticePerSecond ?? 1 }).intervalMs
    const pauseMs = batchCostMs(this.plan, 0, wanted.toleranceMs)
    const moves = slots.map(({ practice = 0, at }) => ({ practice, next_at: at + interval + pauseMs }))
    await rows.movePracticeRows(tx, this.#app, moves)
    for (const { practice, next_at } of moves) resting.set(practice, next_at)
    return { slots, waitMs: 0, resting }
  }

  async #bookRow(tx: Tx, wanted: Wanted, count: number): Promise<rows.BookedRow | undefined> {
    const { clock } = this.#deps
    const sentAt = clock.now()
    const row = await rows.bookRow(tx, {
      ...this.#who,
      count,
      perSecond: this.#limits.perSecond,
      usableShare: this.#limits.usableShare,
      aheadMs: Math.max(wanted.aheadMs, this.#leadMs),
      leadMs: this.#leadMs,
      pauseMs: batchCostMs(this.plan, 0, wanted.toleranceMs),
      lapsedAfterMs: localShareTimes.lapsedAfterMs,
      lapsedUntilMs: localShareTimes.lapsedUntilMs,
    })
    if (row) this.#offset.observe({ sentAt, receivedAt: clock.now(), remoteFrom: row.now_at })
    return row
  }

  /** How long until the timetable is booked no further ahead than `aheadMs`. */
  async #waitMs(tx: Tx, aheadMs: number): Promise<number> {
    const row = await rows.timetableRow(tx, this.#app)
    if (!row) {
      this.#exists = false
      return 0
    }
    const freeMs = row.next_at - row.now_at
    const pausedMs = row.paused_until - row.now_at
    if (freeMs > AHEAD_MS_MAX || pausedMs > PAUSE_MS_MAX) {
      await rows.restartRow(tx, this.#app, { aheadMs: AHEAD_MS_MAX, pausedMs: PAUSE_MS_MAX })
      return 1_000
    }
    return Math.max(1, Math.max(freeMs, pausedMs) - aheadMs)
  }

  /** Ending the transaction takes time too, after the clock was read: instants are booked that much later. */
  #learnLead(commitMs: number): void {
    const learned = Math.max(commitMs, this.#leadMs * 0.9)
    this.#leadMs = Math.min(learned, LEAD_MS_MAX)
  }

  #slots(row: rows.BookedRow, wanted: Wanted): Slot[] {
    const { toleranceMs, practices } = wanted
    const booking = this.#bookings++
    return Array.from({ length: practices?.length ?? wanted.count }, (_, index) => {
      const practice = practices?.[index]
      const at = row.first_at + index * row.interval_ms
      return { at, toleranceMs, booking, ...(practice === undefined ? {} : { practice }) }
    })
  }
}
