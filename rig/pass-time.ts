import type { Simulator } from '@aegis/simulator'
import type { Clock } from '../packages/server/src/clock/clock.ts'
import { sleepOn } from '../packages/server/src/clock/clock.ts'
import type { Db, Tx } from '../packages/server/src/db/db.ts'
import { slaveSqlClock } from '../packages/server/src/db/sql-clock.sql.ts'

/** How far time moves at most whenever nothing but time is waited for: who waits in the simulator sets no timer here. */
const stepMsDefault = 1_000
/** Turns of the event loop without work in the database after which only time can bring anything on. */
const quietTurns = 12
/** No work of sync waits longer for anything, virtual ms: every call has a deadline. */
const waitMsMax = 3_600_000

/** A clock and where its time is told. */
type FollowedClock = Pick<Clock, 'now'> & { readonly told: Tx }

/** A database that tells whether anything is done in it: that is the only work here that takes real time. */
export class WatchedDb implements Db {
  readonly #db: Db
  #working = 0
  #worked = (): void => undefined
  #clock: FollowedClock | undefined
  #toldMs: number | undefined
  #last: Promise<void> = Promise.resolve()
  #held: Promise<void> | undefined

  constructor(db: Db) {
    this.#db = db
  }

  practice: Db['practice'] = (practice, work) => this.#watch(() => this.#db.practice(practice, work))
  control: Db['control'] = (work) => this.#watch(() => this.#db.control(work))
  audit: Db['audit'] = (work) => this.#watch(() => this.#db.audit(work))

  /**
   * From now on one thing is done in the database after the other, in the order in which they were begun, and each finds this
   * clock's time there: which of two is done first, and whether a jump of the clock or the end of a process comes between them,
   * must not be the machine's to say. Whoever moves the clock has nothing to tell. It is told by `told`, whose statements
   * stand at once: they need no transaction.
   */
  follow(clock: Pick<Clock, 'now'>, told: Tx): void {
    this.#clock = { now: () => clock.now(), told }
  }

  /**
   * What is begun meanwhile waits until `work` is over, which can ask whether anything was. For who tells the database of a time to come:
   * nobody may begin before it and end after it.
   */
  async whileHeld(work: (hasBegun: () => boolean) => Promise<void>): Promise<void> {
    const { promise, resolve: release } = Promise.withResolvers<void>()
    this.#held = promise
    try {
      await work(() => this.#working > 0)
    } finally {
      this.#held = undefined
      release()
    }
  }

  /** Waits for the end of the next work, if any is under way; says whether there was. */
  async rested(): Promise<boolean> {
    if (this.#working === 0) return false
    await new Promise<void>((resolve) => {
      this.#worked = resolve
    })
    return true
  }

  async #watch<T>(begin: () => Promise<T>): Promise<T> {
    this.#working += 1
    try {
      if (this.#held) await this.#held
      return await (this.#clock ? this.#inTurn(this.#clock, begin) : begin())
    } finally {
      this.#working -= 1
      this.#worked()
    }
  }

  async #inTurn<T>(clock: FollowedClock, begin: () => Promise<T>): Promise<T> {
    const before = this.#last
    const { promise, resolve: end } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    // Who goes on without the database comes as far as that brings them: or that, too, would be a matter of real time.
    for (let turns = 0; turns < quietTurns; turns += 1) await nextTurn()
    try {
      await this.#tell(clock)
      return await begin()
    } finally {
      end()
    }
  }

  async #tell({ now, told }: FollowedClock): Promise<void> {
    const nowMs = now()
    if (this.#toldMs === nowMs) return
    // Slow enough to stand still; the table accepts no speed of 0.
    await slaveSqlClock(told, { nowMs, speed: 1e-9 })
    this.#toldMs = nowMs
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Whose time it is. */
export interface PassedWorld {
  readonly simulator: Pick<Simulator, 'clock'>
  /** What those who work go by, on the simulator's time. */
  readonly clock: Clock
  /** Moves the clocks of all on together; not at all where somebody has begun work meanwhile. */
  advance(ms: number): Promise<void> | void
}

/**
 * Lets virtual time pass while work waits for nothing else, so that time-outs and slow answers run in moments. It stops at
 * every timer that is set on `clock`: who is woken finds the very time that he asked for, as the limiter of calls has to.
 */
export class PassingTime {
  readonly #world: PassedWorld
  readonly #work: WatchedDb
  readonly #stepMs: number
  readonly #due = new Set<{ readonly at: number }>()
  /** The clock whose timers are noticed here. */
  readonly clock: Clock

  constructor(world: PassedWorld, work: WatchedDb, stepMs = stepMsDefault) {
    this.#world = world
    this.#work = work
    this.#stepMs = stepMs
    const { clock } = world
    const timer: Clock['timer'] = (ms, fire) => this.#timer(clock, ms, fire)
    const sleep: Clock['sleep'] = (ms, signal) => sleepOn({ timer }, ms, signal)
    this.clock = { now: () => clock.now(), steady: () => clock.steady(), timer, sleep }
  }

  /** Waits for `work`, moving time whenever it stands. Throws when so much of it (an hour) brings nothing. */
  async pass<T>(work: Promise<T>, mostMs = waitMsMax): Promise<T> {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    work.then(settle, settle)
    for (let waitedMs = 0; ; ) {
      await this.#quiet(() => settled)
      if (settled) return work
      if (waitedMs > mostMs) throw new Error(`${mostMs / 60_000} minutes passed and nothing came of it`)
      waitedMs += await this.#move()
    }
  }

  /** Lets time go by while nobody works; what was still being done ends before, and what it wakes has its time after. */
  async idle(ms: number): Promise<void> {
    await this.#quiet(() => false)
    await this.#world.advance(ms)
    await this.#quiet(() => false)
  }

  /** Moves time to the next timer, a step at most; returns by how much. */
  async #move(): Promise<number> {
    const { clock } = this.#world.simulator
    let next = clock.now() + this.#stepMs
    for (const { at } of this.#due) next = Math.min(next, at)
    const before = clock.now()
    const ms = Math.ceil(next - before)
    if (ms > 0) await this.#world.advance(ms)
    // Due already: it fires, and the database need not hear of it.
    else clock.advance(0)
    return Math.max(clock.now() - before, 1)
  }

  #timer(clock: Clock, ms: number, fire: () => void): { cancel(): void } {
    const entry = { at: this.#world.simulator.clock.now() + Math.max(0, ms) }
    this.#due.add(entry)
    const inner = clock.timer(ms, () => {
      this.#due.delete(entry)
      fire()
    })
    return {
      cancel: () => {
        this.#due.delete(entry)
        inner.cancel()
      },
    }
  }

  /** Until nothing is done any more in the database, and nothing begins for some turns of the event loop. */
  async #quiet(isOver: () => boolean): Promise<void> {
    for (let turns = 0; turns < quietTurns && !isOver(); turns += 1) {
      // Turning meanwhile would take the processor from the database.
      if (await this.#work.rested()) turns = 0
      await nextTurn()
    }
  }
}
