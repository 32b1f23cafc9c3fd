import { type Clock, sleepOn, systemClock } from './clock.ts'

export interface SlavedClockOptions {
  /** Where the simulator tells its time: GET answers `{ now, speed }`, epoch ms and virtual ms per real one. */
  readonly url: string
  /** Refused or unreadable answers leave the clock running as it last did. */
  readonly fetch: typeof globalThis.fetch
  /** Sent with each request, e.g. an admin token as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Between two looks, in real ms. Default 250. */
  readonly pollMs?: number
  /**
   * Called, and awaited, before the clock takes over a jump or another speed, so that the database's clock moves first.
   * Also for the first reading. An error of it is handed on by `slavedClock`, and later on tried again with the next look.
   */
  readonly onChange?: (now: number, speed: number) => void | Promise<void>
  /** Real time and timers. Default: the machine's. */
  readonly machine?: Clock
}

/** A clock that follows another's until it is stopped; then it stands still and fires nothing more. */
export interface SlavedClock extends Clock {
  /** Virtual milliseconds per real one. */
  readonly speed: number
  stop(): void
}

interface Reading {
  readonly now: number
  readonly speed: number
  /** Real ms around the moment it was read. */
  readonly sentAt: number
  readonly receivedAt: number
}

/**
 * Follows a simulator's clock, its speed and its jumps: timers and sleeps are of virtual time, and fire in the order
 * they are due. Time never runs backwards. Resolves after the first reading; rejects when there is none. For
 * `clock: simulator` only: nothing else may decide what time it is.
 */
export async function slavedClock(options: SlavedClockOptions): Promise<SlavedClock> {
  const clock = new FollowingClock(options)
  await clock.follow()
  return clock
}

const POLL_MS = 250

/** What the machine's `now` may be off by between two readings of it, in real ms. */
const RESOLUTION_MS = 1

interface Waiting {
  readonly dueAt: number
  readonly order: number
  readonly fire: () => void
}

class FollowingClock implements SlavedClock {
  readonly #options: SlavedClockOptions
  readonly #machine: Clock
  readonly #waiting = new Set<Waiting>()
  /** Virtual time was `virtual` at real time `real`. */
  #base = { virtual: 0, real: 0 }
  #speed = 0
  /** Where virtual time less speed times real time lies, as far as readings at this speed tell. */
  #bounds: { low: number; high: number } | undefined
  #shown = Number.NEGATIVE_INFINITY
  #order = 0
  #alarm: { cancel(): void } | undefined
  #stopped = false

  constructor(options: SlavedClockOptions) {
    this.#options = options
    this.#machine = options.machine ?? systemClock
  }

  get speed(): number {
    return this.#speed
  }

  now(): number {
    return Math.floor(this.steady())
  }

  steady(): number {
    if (!this.#stopped) this.#shown = Math.max(this.#shown, this.#flowing())
    return this.#shown
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal)
  }

  timer(ms: number, fire: () => void): { cancel(): void } {
    const entry = { dueAt: this.now() + Math.max(0, ms), order: this.#order++, fire }
    this.#waiting.add(entry)
    this.#arm()
    return { cancel: () => void this.#waiting.delete(entry) }
  }

  stop(): void {
    this.now()
    this.#stopped = true
    this.#alarm?.cancel()
    this.#waiting.clear()
  }

  /** Takes the first reading, then looks again and again. */
  async follow(): Promise<void> {
    await this.#take(await this.#read())
    this.#lookAgain()
  }

  #lookAgain(): void {
    this.#machine.timer(this.#options.pollMs ?? POLL_MS, () => {
      if (this.#stopped) return
      const taken = this.#read().then((reading) => this.#take(reading))
      // A simulator that does not answer is noticed by whoever calls it; time flows on meanwhile.
      taken.catch(() => undefined).finally(() => this.#lookAgain())
    })
  }

  async #read(): Promise<Reading> {
    const { url, headers = {} } = this.#options
    const sentAt = this.#machine.steady()
    const response = await this.#options.fetch(url, { headers, signal: AbortSignal.timeout(5_000) })
    const body: unknown = await response.json()
    const receivedAt = this.#machine.steady() + RESOLUTION_MS
    return { ...checkedReading(body), sentAt, receivedAt }
  }

  async #take(reading: Reading): Promise<void> {
    const { now, speed, sentAt, receivedAt } = reading
    const low = now - speed * receivedAt
    const high = now + 1 - speed * sentAt
    const known = this.#speed === speed ? this.#bounds : undefined
    const narrowed = known && { low: Math.max(low, known.low), high: Math.min(high, known.high) }
    if (narrowed && narrowed.low <= narrowed.high) {
      this.#bounds = narrowed
      return
    }
    const virtual = now + speed * (this.#machine.steady() - receivedAt)
    await this.#options.onChange?.(Math.max(virtual, this.#shown), speed)
    if (this.#stopped) return
    this.#bounds = { low, high }
    this.#speed = speed
    this.#base = { virtual: now, real: receivedAt }
    this.#fireDue()
  }

  #flowing(): number {
    return this.#base.virtual + this.#speed * Math.max(0, this.#machine.steady() - this.#base.real)
  }

  #fireDue(): void {
    for (let next = this.#earliest(); next && next.dueAt <= this.now() && !this.#stopped; next = this.#earliest()) {
      this.#waiting.delete(next)
      next.fire()
    }
    this.#arm()
  }

  /** Wakes the earliest timer. One that is further away than the next look is armed anew by then. */
  #arm(): void {
    this.#alarm?.cancel()
    this.#alarm = undefined
    const next = this.#earliest()
    if (!next || this.#stopped || this.#speed === 0) return
    const realMs = Math.min(Math.ceil((next.dueAt - this.now()) / this.#speed), TIMER_MS_MAX)
    this.#alarm = this.#machine.timer(realMs, () => this.#fireDue())
  }

  #earliest(): Waiting | undefined {
    let found: Waiting | undefined
    for (const entry of this.#waiting) {
      if (!found || entry.dueAt < found.dueAt || (entry.dueAt === found.dueAt && entry.order < found.order)) {
        found = entry
      }
    }
    return found
  }
}

/** Node's longest timeout. */
const TIMER_MS_MAX = 2 ** 31 - 1

function checkedReading(body: unknown): { now: number; speed: number } {
  const { now, speed } = { now: undefined, speed: undefined, ...(typeof body === 'object' ? body : {}) }
  if (typeof now !== 'number' || typeof speed !== 'number' || !Number.isFinite(now) || !(speed >= 0)) {
    throw new TypeError('this is not the clock of a simulator')
  }
  return { now, speed }
}
