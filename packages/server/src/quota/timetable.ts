import type { Clock } from '../clock/clock.ts'
import { ClockOffset, type OffsetSample } from '../clock/clock-offset.ts'
import type { Db, Tx } from '../db/db.ts'
import { inBrief } from './in-brief.sql.ts'
import { localShareTimes } from './local-share.ts'
import { TOLERANCE_MS_MAX } from './punctuality.ts'
import { heldLimitsRow } from './quota-limit.sql.ts'
import type { CheckedLimits, HeldLimits } from './quota-limits.ts'
import { batchCostMs, countedPerSecond, payableUntilMs, type RatePlan, ratePlan } from './rate-plan.ts'
import * as rows from './timetable.sql.ts'

export interface TimetableDeps {
  readonly db: Db
  readonly clock: Clock
  /** Names this process among those that share the limits; the same after a restart. */
  readonly holder: string
  /**
   * What this machine's own clock shows, epoch ms: it goes on while the machine sleeps. Absent where `clock` shows it
   * itself; one that follows another machine's counts on by the steady clock, which stands meanwhile.
   */
  readonly wall?: () => number
}

/** An instant on the shared timetable at which one call may leave. */
export interface Slot {
  /** In the database's time, epoch ms. */
  readonly at: number
  /** The call must not leave later than this after `at`. */
  readonly toleranceMs: number
  /** Slots booked together have the same number. */
  readonly booking: number
  /** How the two clocks stood when it was booked; no later setting of either moves the slot. */
  readonly clocks: { readonly offset: ClockOffset; readonly wallAheadMs: number }
  /** Set where each practice has a timetable of its own: the slot is for a call of this one. */
  readonly practice?: number
}

/** What was booked, and when to ask again if it was less than wanted. */
export interface Booked {
  readonly slots: readonly Slot[]
  readonly waitMs: number
  /** Whether it is only the limit per practice that is waited for. */
  readonly isOfPractices: boolean
  /** Practices that have no call left now, and how long from now until they have one, ms. */
  readonly resting: ReadonlyMap<number, number>
  /** If anything was booked: how long the timetable takes for the most that is booked at once. */
  readonly turnMs?: number
}

export interface Wanted {
  readonly count: number
  readonly aheadMs: number
  readonly toleranceMs: number
  /** With a limit per practice: the practices to book one slot each for. */
  readonly practices?: readonly number[]
}

type BookedRow = rows.BookingRow & { readonly first_at: number; readonly interval_ms: number }

function isBooked(row: rows.BookingRow | undefined): row is BookedRow {
  return row !== undefined && row.first_at !== null
}

/** A timetable booked further ahead than this was booked before the clock was set back. */
const AHEAD_MS_MAX = 60_000

/** Less than this between what the database's clock shows and what it should is drift, and not a clock that was set. */
const SET_MS = 5

/** `now` is cut to whole milliseconds. */
const RESOLUTION_MS = 1

/** How far calls reach that were booked before the database's clock was set: the widest tolerance, and a second. */
const SETTING_MS_MAX = TOLERANCE_MS_MAX + 1_000

/** The longest pause believed. A used-up day shows in the day's count, not as a pause. */
export const PAUSE_MS_MAX = 900_000
/** The shortest: a limit counts the last second. Whoever is told less has been told nothing. */
export const PAUSE_MS_MIN = 1_000

/** What asking for a stretch takes, beside the time to commit. */
const STRETCH_MS = 15

/** Answers to bookings come this much later than the clock was read at most; longer ones were exceptions. */
const LEAD_MS_MAX = 1_000

/**
 * One app's timetable in the database, and what its instants are on this process's steady clock, which nobody sets. The
 * two need not agree: their difference is measured with every booking. The database's clock can be set, and then another
 * second of it holds what this one has yet to hold: whoever notices makes the app wait until that is over.
 */
export class Timetable {
  readonly #deps: TimetableDeps
  readonly #app: string
  readonly #limits: CheckedLimits
  #held: HeldLimits
  #plan: RatePlan
  #offset = new ClockOffset()
  #setAheadMs = 0
  #leadMs = 0
  #bookings = 0
  #exists = false
  #isAstray = false
  #contactAt: number | undefined
  #seen: rows.Seen = { holders: 1, others: 0 }

  constructor(deps: TimetableDeps, app: string, limits: CheckedLimits) {
    this.#deps = deps
    this.#app = app
    this.#limits = limits
    const { perDay, perSecond, perPracticePerSecond, tokensPerMinute } = limits
    this.#held = { perDay, perSecond, perPracticePerSecond, tokensPerMinute }
    this.#plan = ratePlan(limits)
  }

  /** The limits that hold for every process, as this one last heard; its own before. */
  get held(): HeldLimits {
    return this.#held
  }

  /** By the limit that holds. */
  get plan(): RatePlan {
    return this.#plan
  }

  /** When the last sign of life that arrived was sent (steady clock), and how many processes called then; see `seenRow`. */
  get contact(): rows.Seen & { readonly at: number | undefined } {
    return { at: this.#contactAt, ...this.#seen }
  }

  /** The latest that the database's time can be now, epoch ms; this process's before the first booking. */
  databaseNow(): number {
    const { clock } = this.#deps
    return this.#offset.bounds ? clock.steady() - this.#offset.bounds.lowMs : clock.now()
  }

  /** How long until `slot` has surely come. */
  waitMs(slot: Slot): number {
    return slot.at + (slot.clocks.offset.bounds?.highMs ?? 0) - this.#deps.clock.steady()
  }

  /** How long ago `slot` was at most, as the steady clock counts. */
  stalledMs({ at, clocks }: Slot): number {
    return this.#deps.clock.steady() - (at + (clocks.offset.bounds?.lowMs ?? 0))
  }

  /**
   * How long ago `slot` was at most. The steady clock does not count the time for which the machine sleeps; that shows as
   * a leap of the other one. If that was only set ahead, a slot is left unused that could have been used.
   */
  lateMs(slot: Slot): number {
    const leaptMs = this.#wallAheadMs - slot.clocks.wallAheadMs - RESOLUTION_MS
    return this.stalledMs(slot) + Math.max(0, leaptMs)
  }

  get #wallAheadMs(): number {
    const { clock, wall } = this.#deps
    return (wall ? wall() : clock.now()) - clock.steady()
  }

  /** Books up to `wanted.count` instants in one statement. Throws what the database throws. */
  async book(wanted: Wanted): Promise<Booked> {
    // What is wanted was planned by limits that hold no more.
    if (await this.#announce()) return { slots: [], waitMs: 0, isOfPractices: false, resting: new Map() }
    const { clock, db } = this.#deps
    let answeredAt = clock.steady()
    const answered = (result: Booked) => {
      answeredAt = clock.steady()
      return result
    }
    const booked = wanted.practices
      ? await inBrief(db, async (tx) => answered(await this.#bookPractices(tx, wanted)))
      : await db.control(async (tx) => answered(await this.#bookRun(tx, wanted)))
    this.#learnLead(clock.steady() - answeredAt)
    if (this.#isAstray) await this.#restart()
    return (await this.#madeUpForSetting()) ? { ...booked, slots: [], waitMs: 0 } : booked
  }

  /**
   * Makes a slot that came late usable after all, by moving what is booked after it: worth it where instants are far
   * apart. Undefined when that would cost more than the instant, or can no longer be made good.
   */
  async stretch(slot: Slot): Promise<Slot | undefined> {
    const toleranceMs = this.lateMs(slot) + STRETCH_MS + 3 * this.#leadMs
    const costMs = batchCostMs(this.plan, 0, toleranceMs)
    if (slot.practice !== undefined || costMs >= this.plan.intervalMs) return undefined
    const before = slot.at + payableUntilMs(this.plan, this.#held.perSecond)
    const moved = await inBrief(this.#deps.db, (tx) => rows.moveRow(tx, this.#app, { costMs, before }))
    return moved ? { ...slot, toleranceMs } : undefined
  }

  /** Pauses the app for every process; see `pauseRow`. Returns how long from now. */
  async pause({ pauseMs, sentAt }: rows.Pause): Promise<number> {
    const capped = pauseMs === undefined ? undefined : Math.min(pauseMs, PAUSE_MS_MAX)
    const row = await inBrief(this.#deps.db, async (tx) => {
      await rows.ensureApp(tx, this.#app)
      return rows.pauseRow(tx, this.#app, { pauseMs: capped, sentAt })
    })
    return row ? row.paused_until - row.now_at : 0
  }

  /** Measures the database's clock anew, for who books nothing just now. */
  async look(): Promise<void> {
    const { clock, db } = this.#deps
    const sentAt = clock.steady()
    const row = await db.control((tx) => rows.timetableRow(tx, this.#app))
    if (row) this.#observe({ sentAt, receivedAt: clock.steady(), remoteFrom: row.now_at })
    await this.#madeUpForSetting()
  }

  /** Takes this process off the list of those that call. */
  async leave(): Promise<void> {
    this.#contactAt = undefined
    await this.#deps.db.control((tx) => rows.goneRow(tx, this.#who))
  }

  /** Where the last booking showed that the database's clock was set: nothing of it may be used. Says whether. */
  async #madeUpForSetting(): Promise<boolean> {
    if (this.#setAheadMs === 0) return false
    const setting = { aheadMs: this.#setAheadMs, mostMs: SETTING_MS_MAX }
    if (this.#setAheadMs > 0) {
      await inBrief(this.#deps.db, (tx) => rows.delayPracticeRows(tx, this.#app, setting))
      await inBrief(this.#deps.db, (tx) => rows.delayRow(tx, this.#app, setting))
    }
    this.#offset = new ClockOffset()
    this.#setAheadMs = 0
    return true
  }

  get #who() {
    return { app: this.#app, holder: this.#deps.holder }
  }

  /**
   * The first booking makes the timetable; every few seconds a booking says who calls, and asks for the limits that hold. Whether
   * they are not the ones of before.
   */
  async #announce(): Promise<boolean> {
    const now = this.#deps.clock.steady()
    const due = this.#contactAt === undefined || Math.abs(now - this.#contactAt) >= localShareTimes.signOfLifeMs
    if (!due && this.#exists) return false
    const { seen, held } = await this.#deps.db.control(async (tx) => {
      await rows.ensureApp(tx, this.#app)
      const limits = await heldLimitsRow(tx, this.#app)
      return { held: limits, seen: await rows.seenRow(tx, this.#who, localShareTimes) }
    })
    this.#seen = seen
    this.#exists = true
    this.#contactAt = now
    return this.#hold(held ?? this.#held)
  }

  #hold(held: HeldLimits): boolean {
    const before = this.#held
    this.#held = held
    this.#plan = ratePlan({ ...this.#limits, perSecond: held.perSecond })
    return held.perSecond !== before.perSecond || held.perPracticePerSecond !== before.perPracticePerSecond
  }

  async #bookRun(tx: Tx, wanted: Wanted): Promise<Booked> {
    const row = await this.#bookRow(tx, wanted, { isLast: true })
    const rest = { isOfPractices: false, resting: new Map<number, number>() }
    if (!isBooked(row)) return { slots: [], waitMs: this.#waitMs(row, wanted.aheadMs), ...rest }
    return { slots: this.#slots(row, wanted), waitMs: 0, turnMs: this.#turnMs(row, wanted), ...rest }
  }

  /** One slot for each practice whose own timetable has come; the others rest until theirs has. */
  async #bookPractices(tx: Tx, wanted: Wanted): Promise<Booked> {
    const locked = await rows.lockPracticeRows(tx, this.#app, wanted.practices ?? [])
    const now = Math.max(...locked.map((row) => row.now_at))
    const interval = ratePlan({ ...this.#limits, perSecond: this.#held.perPracticePerSecond ?? 1 }).intervalMs
    // Further ahead is from before the clock was set back: it has come, and is moved to what it should be.
    const restsMs = new Map(locked.map((row) => [row.practice_id, row.next_at - now]))
    const isResting = (ms: number) => ms > 0 && ms <= AHEAD_MS_MAX + interval
    const ready = (wanted.practices ?? []).filter((practice) => !isResting(restsMs.get(practice) ?? 0))
    const resting = new Map([...restsMs].filter(([, ms]) => isResting(ms)))
    if (ready.length === 0) return { slots: [], waitMs: Math.min(...resting.values()), isOfPractices: true, resting }
    const row = await this.#bookRow(tx, { ...wanted, count: ready.length }, { isLast: false })
    if (!isBooked(row)) return { slots: [], waitMs: this.#waitMs(row, wanted.aheadMs), isOfPractices: false, resting }
    const slots = this.#slots(row, { ...wanted, practices: ready })
    const pauseMs = batchCostMs(this.plan, 0, wanted.toleranceMs)
    const moves = slots.map(({ practice = 0, at }) => ({ practice, next_at: at + interval + pauseMs }))
    await rows.movePracticeRows(tx, this.#app, moves)
    for (const { practice, next_at } of moves) resting.set(practice, next_at - row.now_at)
    return { slots, waitMs: 0, turnMs: this.#turnMs(row, wanted), isOfPractices: false, resting }
  }

  async #bookRow(tx: Tx, wanted: Wanted, end: { isLast: boolean }): Promise<rows.BookingRow | undefined> {
    const { clock } = this.#deps
    const sentAt = clock.steady()
    const request = {
      ...this.#who,
      count: wanted.count,
      perSecond: countedPerSecond(this.#held.perSecond),
      usableShare: this.#limits.usableShare,
      aheadMs: Math.max(wanted.aheadMs, this.#leadMs),
      leadMs: this.#leadMs,
      pauseMs: batchCostMs(this.plan, 0, wanted.toleranceMs),
      lapsedAfterMs: localShareTimes.lapsedAfterMs,
      lapsedUntilMs: localShareTimes.lapsedUntilMs,
    }
    const row = await rows.bookRow(tx, request, end)
    if (isBooked(row)) this.#observe({ sentAt, receivedAt: clock.steady(), remoteFrom: row.now_at })
    return row
  }

  #observe(sample: OffsetSample): void {
    const { lowMs, highMs } = this.#offset.setAhead(sample)
    if (lowMs > SET_MS || highMs < -SET_MS) this.#setAheadMs = highMs
    else this.#offset.observe(sample)
  }

  /** How long until the timetable is booked no further ahead than `aheadMs`. */
  #waitMs(row: rows.BookingRow | undefined, aheadMs: number): number {
    if (!row) {
      this.#exists = false
      return 0
    }
    const freeMs = row.next_at - row.now_at
    const pausedMs = row.paused_until - row.now_at
    if (freeMs > AHEAD_MS_MAX || pausedMs > PAUSE_MS_MAX) {
      this.#isAstray = true
      return 1_000
    }
    return Math.max(1, Math.max(freeMs, pausedMs) - aheadMs)
  }

  async #restart(): Promise<void> {
    const most = { aheadMs: AHEAD_MS_MAX, pausedMs: PAUSE_MS_MAX }
    await inBrief(this.#deps.db, (tx) => rows.restartRow(tx, this.#app, most))
    this.#isAstray = false
  }

  /** Ending the transaction takes time too, after the clock was read: instants are booked that much later. */
  #learnLead(commitMs: number): void {
    const learned = Math.max(commitMs, this.#leadMs * 0.9)
    this.#leadMs = Math.min(learned, LEAD_MS_MAX)
  }

  #turnMs(row: BookedRow, { toleranceMs }: Wanted): number {
    return this.plan.batchMax * row.interval_ms + batchCostMs(this.plan, 0, toleranceMs)
  }

  #slots(row: BookedRow, wanted: Wanted): Slot[] {
    const { toleranceMs, practices } = wanted
    const booking = this.#bookings++
    const clocks = { offset: this.#offset, wallAheadMs: this.#wallAheadMs }
    return Array.from({ length: practices?.length ?? wanted.count }, (_, index) => {
      const practice = practices?.[index]
      const at = row.first_at + index * row.interval_ms
      return { at, toleranceMs, booking, clocks, ...(practice === undefined ? {} : { practice }) }
    })
  }
}
