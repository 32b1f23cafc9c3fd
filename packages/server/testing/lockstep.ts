import { type Clock, sleepOn } from '../src/clock/clock.ts'
import type { Db, Tx } from '../src/db/db.ts'
import type { ScratchDatabase } from './scratch-database.ts'

/**
 * Time that stands still in the process and in the database alike while anything is being worked on, and then jumps to
 * the next timer: hours of shared timetables run in moments, and come out the same on a busy machine.
 */
export interface Lockstep {
  /** The true time. */
  readonly clock: Clock
  /** A clock of another machine: `aheadMs` ahead, its timers late by what `lateMs` returns for each. */
  machineClock(options: MachineOptions): MachineClock
  /** Sets the database's clock ahead by `ms`, or back. */
  setDatabaseClock(ms: number): Promise<void>
  /** The database, watched: time stands while one of its transactions runs. */
  readonly db: Db
  /** Time stands while this is worked on, too. */
  during<T>(work: Promise<T>): Promise<T>
  /** Lets time run until `done` settles, and returns or throws what it does. At most `maxMs` (default a day) of it. */
  run<T>(done: Promise<T>, maxMs?: number): Promise<T>
  /** Lets time run for `ms`. */
  advance(ms: number): Promise<void>
}

interface MachineOptions {
  readonly aheadMs?: number
  readonly lateMs?: () => number
}

export interface MachineClock extends Clock {
  /** Sets it ahead by `ms`, or back; no more time passes. */
  set(ms: number): void
  /** Puts the machine to sleep: for `ms` its timers and its steady time stand, and its clock does not. */
  sleepThrough(ms: number): void
}

interface Timer {
  dueAt: number
  readonly order: number
  readonly fire: () => void
}

/** Many times what the longest test takes. What goes on after that is a loop: it is to fail, and not to be ended by a limit of time. */
const TURNS_MAX = 1_000
const TIMERS_MAX = 100_000

const setSqlClock = `update control.clock
  set base_real = clock_timestamp(), base_virtual = to_timestamp($1::float8 / 1000), speed = 1e-9`

/** Begins at `startAt`, epoch ms; default 2026-01-05 12:00 UTC. */
export async function lockstep(database: ScratchDatabase, startAt = Date.UTC(2026, 0, 5, 12)): Promise<Lockstep> {
  const timers = new Set<Timer>()
  let now = startAt
  let working = 0
  let atRest: PromiseWithResolvers<void> | undefined
  let databaseAheadMs = 0
  const watched = async <T>(work: Promise<T>): Promise<T> => {
    working++
    return work.finally(() => {
      working--
      if (working > 0) return
      atRest?.resolve()
      atRest = undefined
    })
  }
  const db: Db = {
    practice: <T>(practice: number, work: (tx: Tx) => Promise<T>) => watched(database.db.practice(practice, work)),
    control: <T>(work: (tx: Tx) => Promise<T>) => watched(database.db.control(work)),
    audit: <T>(work: (tx: Tx) => Promise<T>) => watched(database.db.audit(work)),
  }
  const quiet = async () => {
    for (let turns = 0, all = 0; turns < 6; turns = working > 0 ? 0 : turns + 1) {
      if (all++ > TURNS_MAX) throw new Error('time stands: work follows work and asks for none of it')
      // Not by turning round and round: the database has better uses for the processor.
      if (working > 0) await (atRest ??= Promise.withResolvers<void>()).promise
      await turn()
    }
  }
  const moveTo = async (at: number) => {
    if (at <= now) return
    now = at
    await database.owner.rows(setSqlClock, [now + databaseAheadMs])
  }
  const step = async (until: number): Promise<boolean> => {
    const next = earliest(timers)
    if (!next || next.dueAt > until) return false
    timers.delete(next)
    await moveTo(next.dueAt)
    next.fire()
    return true
  }
  await database.owner.rows(setSqlClock, [now])
  return {
    clock: machineOf({ timers, trueNow: () => now }, {}),
    machineClock: (options) => machineOf({ timers, trueNow: () => now }, options),
    async setDatabaseClock(ms) {
      databaseAheadMs += ms
      await database.owner.rows(setSqlClock, [now + databaseAheadMs])
    },
    db,
    during: watched,
    async run(done, maxMs = 86_400_000) {
      let settled = false
      const end = () => {
        settled = true
      }
      done.then(end, end)
      const until = now + maxMs
      const isDone = await pass({ quiet, step: () => step(until) }, () => settled)
      if (!isDone) throw new Error('time stands: nothing is left to wait for')
      return done
    },
    async advance(ms) {
      const until = now + ms
      await pass({ quiet, step: () => step(until) }, () => false)
      await moveTo(until)
    },
  }
}

interface Passing {
  /** Resolves when all work has come to rest. */
  quiet(): Promise<void>
  /** Fires the next timer; false where none is due in time. */
  step(): Promise<boolean>
}

/** Whether it came to be over before no timer was left. */
async function pass({ quiet, step }: Passing, isOver: () => boolean): Promise<boolean> {
  for (let fired = 0; fired < TIMERS_MAX; fired++) {
    await quiet()
    if (isOver()) return true
    if (!(await step())) return false
  }
  throw new Error('time hardly passes: timer follows timer')
}

interface TrueTime {
  readonly timers: Set<Timer>
  trueNow(): number
}

let timersMade = 0

function machineOf({ timers, trueNow }: TrueTime, { aheadMs = 0, lateMs = () => 0 }: MachineOptions): MachineClock {
  let setMs = 0
  let sleptMs = 0
  let wakesAt = trueNow()
  const own = new Set<Timer>()
  const awakeAt = () => Math.max(trueNow(), wakesAt)
  const timer = (ms: number, fire: () => void) => {
    const entry = { dueAt: awakeAt() + Math.max(0, ms) + lateMs(), order: timersMade++, fire }
    timers.add(entry)
    own.add(entry)
    return { cancel: () => void timers.delete(entry) }
  }
  return {
    // Whole milliseconds, as the machine's clock shows them.
    now: () => Math.floor(trueNow() + aheadMs + setMs),
    steady: () => awakeAt() - sleptMs,
    timer,
    sleep: (ms, signal) => sleepOn({ timer }, ms, signal),
    set(ms) {
      setMs += ms
    },
    sleepThrough(ms) {
      for (const pending of own) pending.dueAt += ms
      wakesAt = awakeAt() + ms
      sleptMs += ms
    },
  }
}

function earliest(timers: ReadonlySet<Timer>): Timer | undefined {
  let found: Timer | undefined
  for (const timer of timers) {
    if (!found || timer.dueAt < found.dueAt || (timer.dueAt === found.dueAt && timer.order < found.order)) found = timer
  }
  return found
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
