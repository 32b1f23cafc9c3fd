import { TimerHeap, type Timer } from './timer-heap.ts'

/** Node's longest timeout; a timer further away is re-armed on the way. */
const timeoutMsMax = 2 ** 31 - 1
/** The start of the year 10000, epoch ms: dates on the wire have years of four digits. */
const timeEnd = Date.UTC(10_000, 0)

export interface VirtualClockOptions {
  /** Virtual time at the start, epoch ms; the machine's time if absent. */
  readonly startAt?: number
  /** Virtual milliseconds per real one; 1 if absent. 0 stands still: time then moves by `advance` and `jumpTo` only. */
  readonly speed?: number
  /** Real, monotonic milliseconds; the machine's if absent. */
  readonly realNow?: () => number
  /** Told what a timer threw; without it the error goes to whoever moved the time. */
  readonly onError?: (error: unknown) => void
}

/**
 * The simulator's time. It never runs backwards. Timers fire in the order they are due, and while one fires the time
 * reads exactly what it was set for, so a run does not depend on how busy the machine is.
 */
export class VirtualClock {
  readonly #timers = new TimerHeap()
  readonly #realNow: () => number
  readonly #onError: ((error: unknown) => void) | undefined
  #speed: number
  #base: number
  #realBase: number
  #firingAt: number | undefined
  #sequence = 0
  #wake: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: VirtualClockOptions = {}) {
    this.#realNow = options.realNow ?? (() => performance.now())
    this.#onError = options.onError
    this.#speed = checkedSpeed(options.speed ?? 1)
    this.#base = checkedStart(options.startAt ?? Date.now())
    this.#realBase = this.#realNow()
  }

  /** Virtual time in whole epoch milliseconds. */
  now(): number {
    return Math.floor(this.exactNow())
  }

  /** Virtual time with fractions of a millisecond: sliding windows are measured on it. */
  exactNow(): number {
    return this.#firingAt ?? this.#flowing()
  }

  /** The machine's time, epoch ms, which the virtual one has nothing to do with. */
  realTime(): number {
    return Date.now()
  }

  /** Virtual milliseconds per real one. */
  get speed(): number {
    return this.#speed
  }

  /** Changes the speed from now on; 0 stands still. Throws RangeError for a negative or non-finite speed. */
  setSpeed(speed: number): void {
    const checked = checkedSpeed(speed)
    this.#rebase(this.#flowing())
    this.#speed = checked
    this.#arm()
  }

  /** Moves time forward by `ms`, firing on the way every timer that comes due. Throws RangeError as `jumpTo` does. */
  advance(ms: number): void {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError('time moves forward only: give 0 or more milliseconds')
    this.jumpTo(this.exactNow() + ms)
  }

  /**
   * Moves time forward to `at` (epoch ms), firing every timer due by then. Throws RangeError for a time in the past or
   * after the year 9999.
   */
  jumpTo(at: number): void {
    if (this.#firingAt !== undefined) throw new RangeError('a timer may not move the time: it is being moved')
    if (!Number.isFinite(at) || at < Math.floor(this.#flowing())) {
      throw new RangeError('time moves forward only: give a time that has not passed')
    }
    if (at >= timeEnd) throw new RangeError('time ends with the year 9999: give an earlier one')
    const target = Math.max(at, this.#flowing())
    this.#fireUntil(target)
    this.#rebase(Math.max(target, this.#flowing()))
    this.#arm()
  }

  /** Fires every timer that is due by now and returns the exact time; what is asked afterwards sees their effects. */
  catchUp(): number {
    if (this.#firingAt !== undefined) return this.#firingAt
    const now = this.#flowing()
    if ((this.#timers.peek()?.dueAt ?? Infinity) <= now) this.#fireUntil(now)
    return now
  }

  /**
   * Lets happen what is due, then runs `act` while time stands still at the exact moment it is given: all that `act` does
   * happens at once, as if a timer had fired then.
   */
  still<T>(act: (at: number) => T): T {
    if (this.#firingAt !== undefined) return act(this.#firingAt)
    const at = this.catchUp()
    const next = this.#timers.peek()
    this.#firingAt = at
    try {
      return act(at)
    } finally {
      this.#firingAt = undefined
      if (this.#timers.peek() !== next) this.#arm()
    }
  }

  /** Calls `fire` once after `ms` of virtual time; 0 or less means as soon as timers run next. Never keeps a process alive. */
  timer(ms: number, fire: () => void): { cancel(): void } {
    this.#sequence += 1
    const timer: Timer = { dueAt: this.exactNow() + Math.max(0, ms), sequence: this.#sequence, fire, cancelled: false }
    if (!this.#stopped) {
      this.#timers.add(timer)
      if (this.#timers.peek() === timer && this.#firingAt === undefined) this.#arm()
    }
    return {
      cancel: () => {
        timer.cancelled = true
      },
    }
  }

  /** Resolves after `ms` of virtual time; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const abort = () => {
        timer.cancel()
        reject(signal?.reason)
      }
      const timer = this.timer(ms, () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** Drops all timers; no timer fires afterwards. Time itself can still be read. */
  stop(): void {
    this.#stopped = true
    this.#timers.clear()
    clearTimeout(this.#wake)
  }

  #flowing(): number {
    return Math.min(this.#base + (this.#realNow() - this.#realBase) * this.#speed, timeEnd - 1)
  }

  #rebase(at: number): void {
    this.#base = at
    this.#realBase = this.#realNow()
  }

  #fireUntil(target: number): void {
    try {
      for (;;) {
        const next = this.#timers.peek()
        if (next === undefined || next.dueAt > target) return
        this.#timers.take()
        this.#firingAt = next.dueAt
        this.#fire(next)
      }
    } finally {
      this.#firingAt = undefined
    }
  }

  #fire(timer: Timer): void {
    try {
      timer.fire()
    } catch (error) {
      if (this.#onError === undefined) throw error
      this.#onError(error)
    }
  }

  #arm(): void {
    clearTimeout(this.#wake)
    const next = this.#timers.peek()
    if (next === undefined || this.#speed === 0 || this.#stopped) return
    const delayMs = Math.min(Math.ceil((next.dueAt - this.#flowing()) / this.#speed), timeoutMsMax)
    this.#wake = setTimeout(
      () => {
        this.catchUp()
        this.#arm()
      },
      Math.max(0, delayMs),
    )
    this.#wake.unref()
  }
}

function checkedStart(at: number): number {
  if (!(at >= 0 && at < timeEnd)) throw new RangeError('startAt: give epoch milliseconds from 1970 to 9999')
  return at
}

function checkedSpeed(speed: number): number {
  if (!Number.isFinite(speed) || speed < 0) throw new RangeError('speed: give 0 (stands still) or a positive number')
  return speed
}
