import { acquireLease, type Lease } from '../leases/acquire-lease.ts'
import { isLeaseHeld } from '../leases/leases.sql.ts'
import { refusal } from '../quota/permission.ts'
import type { Turn, TurnDeps, TurnRequest } from './pull-turns.ts'

/** By how much a process that died in its turn delays the next one. */
const ttlMs = 30_000
/** By how much one that died while it was next does. */
const nextTtlMs = 3_000
/** Between two looks whether the turn is free: soon at first, for a page takes a second or two. */
const lookEveryMs = { first: 100, most: 1_000 }
/** So long a process serves its own calls one after another; then it looks whether another process waits. */
const roundMs = 2_000

interface LineOf {
  readonly practice: number
  readonly spacingMs: number
  /** Called when nobody waits any more; then nobody may join. */
  onEmpty(): void
}

interface Waiter {
  grant(turn: Turn): void
  fail(reason: unknown): void
}

/**
 * Who of this process waits for one practice's turn. The process takes the turn as a lease among all processes and hands it
 * from call to call without asking the database; it gives it up when nobody waits, or, after a round, when another process
 * does. Among processes a second lease says who is next: its holder comes before the one that has just had the turn.
 */
export class PullLine {
  readonly #deps: TurnDeps
  readonly #of: LineOf
  readonly #waiting: Waiter[] = []
  /** Aborts when nobody waits any more. */
  #deserted = new AbortController()
  /** Settles when the turn that rests between two calls was handed on, or given up. */
  #rest: Promise<void> | undefined
  #isServing = false

  constructor(deps: TurnDeps, of: LineOf) {
    this.#deps = deps
    this.#of = of
  }

  async join({ patienceMs, signal }: Omit<TurnRequest, 'practice'>): Promise<Turn> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Turn>()
    const waiter: Waiter = { grant: resolve, fail: reject }
    const abort = () => this.#leave(waiter, signal.reason)
    const patience = this.#deps.clock.timer(patienceMs, () =>
      this.#leave(waiter, refusal('quota.timeout', lookEveryMs.most)),
    )
    signal.addEventListener('abort', abort, { once: true })
    this.#waiting.push(waiter)
    if (this.#deserted.signal.aborted) this.#deserted = new AbortController()
    if (!this.#isServing) void this.#serve()
    try {
      return await promise
    } catch (error) {
      // Who gives up at the end of the process ends it: the turn must not outlive it.
      if (this.#waiting.length === 0) await this.#rest
      throw error
    } finally {
      patience.cancel()
      signal.removeEventListener('abort', abort)
    }
  }

  #leave(waiter: Waiter, reason: unknown): void {
    const place = this.#waiting.indexOf(waiter)
    if (place < 0) return
    this.#waiting.splice(place, 1)
    if (this.#waiting.length === 0) this.#deserted.abort()
    waiter.fail(reason)
  }

  async #serve(): Promise<void> {
    this.#isServing = true
    let isPolite = false
    try {
      while (this.#waiting.length > 0) {
        const lease = await this.#takeLease(isPolite)
        if (lease) isPolite = (await this.#passOn(lease)) === 'others-wait'
      }
    } catch (error) {
      for (const { fail } of this.#waiting.splice(0)) fail(error)
    }
    this.#of.onEmpty()
  }

  /** The turn among all processes. `isPolite`: whoever is next goes first. Undefined when nobody here waits for it any more. */
  async #takeLease(isPolite: boolean): Promise<Lease | undefined> {
    const turn = { name: `large-pull/${this.#of.practice}`, ttlMs }
    const lease = isPolite ? undefined : await this.#tryLease(turn)
    if (lease) return lease
    const next = await this.#waitFor({ name: nameOfNext(this.#of.practice), ttlMs: nextTtlMs })
    if (!next) return undefined
    try {
      return await this.#waitFor(turn)
    } finally {
      await next.release()
    }
  }

  async #waitFor(lease: { name: string; ttlMs: number }): Promise<Lease | undefined> {
    for (let waitMs: number = lookEveryMs.first; ; waitMs = Math.min(2 * waitMs, lookEveryMs.most)) {
      const taken = await this.#tryLease(lease)
      if (taken || !(await this.#pause(waitMs))) return taken
    }
  }

  #tryLease(lease: { name: string; ttlMs: number }): Promise<Lease | undefined> {
    return acquireLease(this.#deps, { ...lease, holder: this.#deps.holder })
  }

  /** Hands the turn from call to call. Resolves when it was given up or lost, and says why. */
  async #passOn(lease: Lease): Promise<'deserted' | 'others-wait' | 'lost'> {
    const { clock } = this.#deps
    const endsAt = clock.steady() + roundMs
    const lost = lossOf(lease)
    const over = Promise.withResolvers<void>()
    try {
      for (let waiter = this.#waiting.shift(); waiter; waiter = this.#waiting.shift()) {
        this.#rest = undefined
        const settled = Promise.withResolvers<void>()
        const done = await grant(waiter, { lost, settled: settled.promise })
        void over.promise.then(settled.resolve)
        if (done === 'lost') return 'lost'
        if (this.#waiting.length > 0 && clock.steady() >= endsAt && (await this.#othersWait())) return 'others-wait'
        if (this.#waiting.length === 0) return 'deserted'
        this.#rest = over.promise
        settled.resolve()
        await this.#pause(this.#of.spacingMs)
        if (lost.aborted) return 'lost'
      }
      return 'deserted'
    } finally {
      await lease.release(this.#of.spacingMs)
      over.resolve()
    }
  }

  #othersWait(): Promise<boolean> {
    return this.#deps.db.control((tx) => isLeaseHeld(tx, nameOfNext(this.#of.practice)))
  }

  /** Waits, but not for nobody. Whether somebody waits still. */
  async #pause(ms: number): Promise<boolean> {
    await this.#deps.clock.sleep(ms, this.#deserted.signal).catch(() => undefined)
    return this.#waiting.length > 0
  }
}

const nameOfNext = (practice: number): string => `large-pull/${practice}/next`

function lossOf(lease: Lease): AbortSignal {
  const lost = new AbortController()
  lease.lost.addEventListener('abort', () => lost.abort(refusal('quota.timeout', lookEveryMs.most)), { once: true })
  return lost.signal
}

/** Gives the turn to a call and waits until that ends it, or it is lost. */
function grant(
  waiter: Waiter,
  { lost, settled }: { lost: AbortSignal; settled: Promise<void> },
): Promise<'ended' | 'lost'> {
  return new Promise((resolve) => {
    const onLost = () => resolve('lost')
    lost.addEventListener('abort', onLost, { once: true })
    waiter.grant({
      lost,
      end: () => {
        lost.removeEventListener('abort', onLost)
        resolve('ended')
        return settled
      },
    })
  })
}
