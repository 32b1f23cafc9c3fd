import type { Clock } from '../clock/clock.ts'
import type { Reading } from '../clock/remote-clock.ts'
import type { Db } from '../db/db.ts'
import type { Log } from '../log/log.ts'
import { gone, type Permission, type PermissionRequest, refusal } from './permission.ts'
import { BookingNap } from './booking-nap.ts'
import { Courtesy } from './courtesy.ts'
import { DayLedger } from './day-ledger.ts'
import { judgeShare, localShareTimes } from './local-share.ts'
import { OneAnswer } from './one-answer.ts'
import { type Priority, priorities, priorityRules } from './priorities.ts'
import { Punctuality } from './punctuality.ts'
import type { Standing } from '../http/rate-limit-fields.ts'
import type { CheckedLimits, HeldLimits } from './quota-limits.ts'
import { RestingPractices } from './resting-practices.ts'
import { ThrottlePause, type Throttling } from './throttle-pause.ts'
import { type Booked, type Slot, Timetable } from './timetable.ts'
import { WaitCounts, type WaitFigures } from './wait-figures.ts'
import { Waiter } from './waiter.ts'
import { WaitingLine } from './waiting-line.ts'

export interface LimiterDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly holder: string
  /** See `TimetableDeps`. */
  readonly wall?: () => number
  /** What athenahealth's clock shows, by which it counts days; absent or undefined where it is not known. */
  readonly theirTime?: () => Reading | undefined
  /** How long the database is waited for is told by this one. Default: `clock`; for one that runs faster, the machine's. */
  readonly machine?: Pick<Clock, 'timer'>
}

interface BookedSlot {
  readonly slot: Slot
  readonly timer: { cancel(): void }
}

/** Between two tries to reach the database. */
const RETRY_MS = 500

/** What a caller is told to wait who is sent away because this process stops, or has no database. */
const STOPPING_MS = 5_000
const UNREACHABLE_MS = 10_000

/** While the day is used up, it is so often looked whether that is still so. */
const LOOK_AGAIN_MS = 30_000

/**
 * The calls of one app in this process: who waits, which instants of the shared timetable are booked, and who gets the
 * next one that comes. An instant belongs to nobody until it has come; then the most urgent waiter takes it. One that
 * is noticed too late, because the process stalled, is left unused.
 */
export class AppLimiter {
  readonly #deps: LimiterDeps
  readonly #app: string
  readonly #limits: CheckedLimits
  readonly #timetable: Timetable
  readonly ledger: DayLedger
  readonly #line: WaitingLine<Waiter>
  readonly #waits = new WaitCounts()
  readonly #booked = new Set<BookedSlot>()
  readonly #resting: RestingPractices
  readonly #nap: BookingNap
  readonly #punctuality: Punctuality
  readonly #pause: ThrottlePause
  readonly #booking: OneAnswer<Pick<Booked, 'waitMs' | 'isOfPractices'>>
  readonly #courtesy = new Courtesy()
  #lookedAt = Number.NEGATIVE_INFINITY
  #lastShareCallAt: number | undefined
  #running: Promise<void> | undefined
  #idle: { cancel(): void } | undefined
  #stopped = false

  constructor(deps: LimiterDeps, app: string, limits: CheckedLimits) {
    this.#deps = deps
    this.#app = app
    this.#limits = limits
    this.#line = new WaitingLine({
      practice: (practice) => limits.weights?.[practice] ?? 1,
      caller: (caller) => limits.callerWeights?.[caller] ?? 1,
    })
    this.#timetable = new Timetable(deps, app, limits)
    this.ledger = new DayLedger({ ...deps, databaseNow: () => this.databaseNow() }, app, limits)
    this.#punctuality = new Punctuality(this.#timetable)
    this.#pause = new ThrottlePause(deps, this.#timetable)
    this.#booking = new OneAnswer(deps.machine ?? deps.clock)
    this.#resting = new RestingPractices(deps.clock)
    this.#nap = new BookingNap(deps.clock, this.#resting)
  }

  /** The database's time as far as this process knows, epoch ms. */
  databaseNow(): number {
    return this.#timetable.databaseNow()
  }

  /** Waits for a permission. See `Quota.permission`. */
  async permission(request: PermissionRequest): Promise<Permission> {
    request.signal?.throwIfAborted()
    if (this.#stopped) throw refusal('quota.stopping', STOPPING_MS)
    this.check(request.dayPriority ?? request.priority)
    this.#makeRoom(request)
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(request, {
        clock: this.#deps.clock,
        resolve,
        reject,
        left: () => this.#line.remove(waiter),
        waitMs: () => this.#waitMs(request.priority),
      })
      if (request.ahead) this.#line.addFirst(waiter)
      else this.#line.add(waiter)
      this.#run(request.priority, request.practice)
    })
  }

  /** In a full line the least urgent gives way, and nobody to whom it would be an advantage. */
  #makeRoom(request: PermissionRequest): void {
    if (this.#line.size < this.#limits.waitingMax) return
    const full = (priority: Priority) => refusal('quota.too-many-waiting', this.#waitMs(priority))
    const giving = this.#line.giveWay(request)
    if (!giving) throw full(request.priority)
    giving.refuse(full(giving.priority))
  }

  /** How long a call of this priority would wait that comes now, were there no other process. */
  #waitMs(priority: Priority): number {
    return this.#pause.leftMs + this.#line.ahead(priority) * this.#timetable.plan.intervalMs
  }

  /** Who waits, and what those who were served have waited. */
  waits(): WaitFigures {
    return this.#waits.figures((priority) => this.#line.count(priority))
  }

  /** How this app stands with its limits for calls of a priority. */
  standing(priority: Priority): Standing {
    return { perSecond: this.#timetable.held.perSecond, day: this.ledger.standing(priority, this.databaseNow()) }
  }

  /** What this process is configured with, and what holds. */
  limits(): { own: HeldLimits; held: HeldLimits } {
    const { perDay, perSecond, perPracticePerSecond, tokensPerMinute } = this.#limits
    const own = { perDay, perSecond, perPracticePerSecond, tokensPerMinute }
    return { own, held: { ...this.#timetable.held, perDay: this.ledger.heldLimit } }
  }

  /** Throws `quota.day-exhausted` when the day is known to be used up for this priority. */
  check(priority: Priority): void {
    const now = this.databaseNow()
    const until = this.ledger.gone(priority, now)
    if (!until) return
    this.#lookAgain()
    throw gone(until, now)
  }

  /** Who is refused books nothing, and would go by the clock and the day's row as they stood then. */
  #lookAgain(): void {
    const now = this.#deps.clock.steady()
    if (now - this.#lookedAt < LOOK_AGAIN_MS) return
    this.#lookedAt = now
    const looked = this.#timetable.look().then(() => this.ledger.look(this.databaseNow()))
    looked.catch(() => undefined)
  }

  /** athenahealth throttled a call: nobody calls for a while. Instants already booked here are left unused. */
  throttled(told: Throttling): Promise<void> {
    return this.#pause.begin(told)
  }

  /** Sends everybody away and gives back what was reserved and is unused. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const priority of priorities) this.#sendAway(priority, () => refusal('quota.stopping', STOPPING_MS))
    for (const { timer } of this.#booked) timer.cancel()
    this.#booked.clear()
    this.#idle?.cancel()
    this.#nap.wake()
    await this.#running
    await this.#booking.settled()
    try {
      await this.ledger.close()
      await this.#timetable.leave()
    } catch (error) {
      this.ledger.abandon()
      this.#deps.log.error('quota.not-given-back', error)
    }
  }

  /** Starts booking, or wakes it when it naps for others. */
  #run(priority: Priority, practice?: number): void {
    if (this.#stopped) return
    if (this.#running) {
      this.#nap.wakeFor({ priority, practice })
      return
    }
    this.#idle?.cancel()
    this.#running = this.#bookUntilServed().finally(() => {
      this.#running = undefined
      // Somebody may have come between the last look at the line and now.
      const next = this.#line.unserved(this.#booked.size)
      if (next && !this.#stopped) this.#run(next.priority)
      else this.#goIdle()
    })
  }

  async #bookUntilServed(): Promise<void> {
    for (let failed = false; !this.#stopped; ) {
      const next = this.#line.unserved(this.#booked.size)
      if (!next) return
      try {
        const { waitMs, isOfPractices } = await this.#booking.get(() => this.#book(next))
        failed = false
        // Meanwhile somebody of another practice may have come.
        if (waitMs <= 0 || (isOfPractices && this.#readyPractices(1).length > 0)) continue
        const courtesyMs = this.#courtesy.takeMs(this.#deps.clock.steady())
        await this.#nap.take(waitMs + courtesyMs, { priority: next.priority, isOfPractices })
      } catch (error) {
        if (!failed) this.#deps.log.error('quota.unreachable', error)
        failed = true
        await this.#callOnShare(next.priority)
      }
    }
  }

  /** Where practices have limits of their own nothing is booked ahead, and each time costs its length. */
  get #othersFirst(): number {
    const { others } = this.#timetable.contact
    return this.#timetable.held.perPracticePerSecond === undefined ? others : Math.min(1, others)
  }

  /** Books for the first who are not served yet; returns how long to wait before booking for more, and for what. */
  async #book(next: { priority: Priority; count: number }): Promise<Pick<Booked, 'waitMs' | 'isOfPractices'>> {
    await this.#pause.tell()
    const wanted = Math.min(next.count, this.#timetable.plan.batchMax)
    const at = Math.max(this.databaseNow(), this.#lastBookedAt())
    await this.ledger.ensure(at, this.#booked.size + wanted)
    if (this.#shed(at)) return { waitMs: 0, isOfPractices: false }
    const count = Math.min(wanted, this.ledger.inHand(at) - this.#booked.size)
    const isPerPractice = this.#timetable.held.perPracticePerSecond !== undefined
    const ready = isPerPractice ? this.#readyPractices(count) : undefined
    if (count <= 0 || ready?.length === 0) return { waitMs: this.#resting.waitMs(RETRY_MS), isOfPractices: count > 0 }
    const booked = await this.#timetable.book({
      count,
      // The most urgent may be waiting for the rest of its practice.
      aheadMs: priorityRules[ready?.[0]?.priority ?? next.priority].bookAheadMs,
      toleranceMs: this.#punctuality.toleranceMs,
      ...(ready ? { practices: ready.map(({ practice }) => practice) } : {}),
    })
    this.#resting.note(booked.resting)
    for (const slot of booked.slots) this.#expect(slot)
    const { turnMs } = booked
    if (turnMs !== undefined) this.#courtesy.begin(this.#deps.clock.steady(), { others: this.#othersFirst, turnMs })
    return booked
  }

  #expect(slot: Slot): void {
    if (this.#stopped) return
    const waitMs = Math.ceil(this.#timetable.waitMs(slot))
    const entry: BookedSlot = { slot, timer: this.#deps.clock.timer(waitMs, () => this.#come(entry)) }
    this.#booked.add(entry)
  }

  /** An instant has come: it goes to who is most urgent now, unless it is too late for it to be used. */
  #come(entry: BookedSlot): void {
    const { slot } = entry
    if (this.#timetable.waitMs(slot) > 0) {
      this.#booked.delete(entry)
      this.#expect(slot) // timers of some clocks fire a moment early
    } else if (this.#timetable.lateMs(slot) <= slot.toleranceMs) {
      this.#punctuality.kept()
      this.#use(entry)
    } else {
      this.#stretch(entry)
    }
  }

  #stretch(entry: BookedSlot): void {
    const stretched = this.#timetable.stretch(entry.slot).catch(() => undefined)
    void stretched.then((slot) => {
      const usable = slot !== undefined && this.#timetable.lateMs(entry.slot) <= slot.toleranceMs
      const stalledMs = this.#timetable.stalledMs(entry.slot)
      // A clock that was set, or a night's sleep, says nothing of how late the next one will be.
      if (!usable && stalledMs > entry.slot.toleranceMs) this.#punctuality.missed(entry.slot.booking, stalledMs)
      this.#use(entry, usable)
    })
  }

  #use(entry: BookedSlot, usable = true): void {
    this.#booked.delete(entry)
    const { at, practice } = entry.slot
    // A booking that was answered late may bring an instant within a second of a call of the share.
    if (usable && !this.#stopped && this.#pause.leftMs === 0 && this.#apartMs <= 0) this.#serve(at, practice)
    if (practice !== undefined) this.#nap.wake() // its practice may have another
    const next = this.#line.unserved(this.#booked.size)
    if (next) this.#run(next.priority)
  }

  #serve(at: number, practice: number | undefined): boolean {
    for (;;) {
      const waiter = this.#line.take(practice)
      if (!waiter) return false
      const draw = this.ledger.draw(waiter.spender, at)
      if (draw.kind === 'drawn') {
        this.#waits.add(waiter.priority, this.#deps.clock.steady() - waiter.since)
        waiter.serve({ app: this.#app, ...waiter.spender, sendAt: at, days: draw.days })
        return true
      }
      if (draw.kind === 'reserve') {
        this.#line.addFirst(waiter)
        return false
      }
      waiter.refuse(gone(draw, at))
    }
  }

  /** Sends away those for whom the day is used up; whether there were any. */
  #shed(at: number): boolean {
    let any = false
    for (const priority of priorities) {
      const until = this.#line.count(priority) > 0 ? this.ledger.gone(priority, at) : undefined
      if (!until) continue
      this.#sendAway(priority, () => gone(until, at))
      any = true
    }
    return any
  }

  #sendAway(priority: Priority, reason: () => Error): void {
    for (const waiter of this.#line.takeAll(priority)) waiter.refuse(reason())
  }

  /** Without the database: this process's small share, or nobody waits in vain. */
  async #callOnShare(priority: Priority): Promise<void> {
    const { clock } = this.#deps
    const now = clock.steady()
    const { at: contactAt, holders } = this.#timetable.contact
    const { perSecond, perPracticePerSecond } = this.#timetable.held
    const isPerPractice = perPracticePerSecond !== undefined
    const share = judgeShare({ now, contactAt, holders, perSecond, isPerPractice, lastCallAt: this.#lastShareCallAt })
    const served = share.kind === 'go' && this.#pause.leftMs === 0 && this.#serve(this.databaseNow(), undefined)
    if (served) this.#lastShareCallAt = now
    if (share.kind === 'over' || (share.kind === 'go' && !served && this.ledger.inHand(this.databaseNow()) < 1)) {
      // A database that only pauses may answer yet: how long to wait for that is for each caller to say.
      if (await this.#booking.settled()) return
      for (const each of priorities) this.#sendAway(each, () => refusal('quota.unreachable', UNREACHABLE_MS))
      return
    }
    // The next try may reach the database and bring an instant at once: not within a second of a call of the share.
    await this.#nap.take(served ? localShareTimes.spacingMs : RETRY_MS, { priority, isOfPractices: false })
    if (this.#apartMs > 0) await this.#deps.clock.sleep(this.#apartMs)
  }

  /** How long from now on no instant may be used, as the last call of the share was too short ago; 0 or less: any may. */
  get #apartMs(): number {
    return (this.#lastShareCallAt ?? Number.NEGATIVE_INFINITY) + localShareTimes.spacingMs - this.#deps.clock.steady()
  }

  /** With a limit per practice: those that may have a slot now, most urgent first, in the order of their turns. */
  #readyPractices(count: number): { practice: number; priority: Priority }[] {
    const taken = new Set([...this.#booked].map(({ slot }) => slot.practice))
    return this.#line
      .practices()
      .filter(({ practice }) => !taken.has(practice) && !this.#resting.has(practice))
      .slice(0, Math.max(0, count))
  }

  #lastBookedAt(): number {
    return Math.max(Number.NEGATIVE_INFINITY, ...[...this.#booked].map(({ slot }) => slot.at))
  }

  /** A process that calls no more says so, or the others would take it for one that is cut off. */
  #goIdle(): void {
    if (this.#stopped) return
    this.#idle?.cancel()
    this.#idle = this.#deps.clock.timer(localShareTimes.idleAfterMs, () => {
      if (this.#booking.isPending) this.#goIdle()
      else if (!this.#running) this.#timetable.leave().catch(() => undefined)
    })
  }
}
