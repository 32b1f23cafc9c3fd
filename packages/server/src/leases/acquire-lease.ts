import type { Clock } from '../clock/clock.ts'
import type { Db } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import type { Log } from '../log/log.ts'
import { extendLease, giveUpLease, type LeaseTerms, takeLeaseIfFree } from './leases.sql.ts'

export interface LeaseDeps {
  db: Pick<Db, 'control'>
  clock: Clock
  log: Log
  /**
   * What the machine's own clock shows, epoch ms: it goes on while the machine sleeps, where others stand still. Default:
   * the time of `clock`.
   */
  wall?: () => number
}

/**
 * The right to be the only one at a named piece of work, for as long as it is renewed (by itself, in the background).
 * A process that was paused may believe for a moment that it still holds a lease that somebody else has by now. So:
 * stop when `lost` aborts, and hand `fence` to everything the work writes (migration 0010 shows the pattern).
 */
export interface Lease {
  readonly name: string
  /** The fencing number, a bigint as text: higher than that of every earlier holder. */
  readonly fence: string
  /** Aborts with `AegisError('lease.lost')` when the lease was taken over or could not be renewed in time. */
  readonly lost: AbortSignal
  /**
   * Aborts `lost` where the lease has ended by now. Timers do it too, but not yet when a machine that slept wakes up: to be
   * asked right before what only the holder may do and no fence guards.
   */
  look(): void
  /**
   * Ends the lease so that the next one need not wait, or waits for `restMs` only. Never throws: an unreachable database
   * ends it by time.
   */
  release(restMs?: number): Promise<void>
}

/** A lease is renewed three times before it ends: two answers may get lost. */
const renewalsPerTerm = 3
/** After a failed renewal the next one comes sooner. */
const retriesPerTerm = 10

/**
 * Takes the lease `name` for `holder` and keeps it. Undefined when somebody else holds it. `ttlMs` is by how much a
 * dead holder delays the next one; 3,000 ms or more leaves room for a slow database.
 */
export async function acquireLease(deps: LeaseDeps, terms: LeaseTerms): Promise<Lease | undefined> {
  // Before the statement is sent: our idea of the end is never later than the database's.
  const asked = askedNow(deps)
  const fence = await deps.db.control((tx) => takeLeaseIfFree(tx, terms))
  if (fence === undefined) return undefined
  return new HeldLease(deps, { ...terms, fence, asked })
}

/** When the database was asked, by each clock. */
interface Asked {
  readonly at: number
  readonly steadyAt: number
  readonly wallAheadMs: number
}

function askedNow({ clock, wall }: LeaseDeps): Asked {
  const [at, steadyAt] = [clock.now(), clock.steady()]
  return { at, steadyAt, wallAheadMs: (wall ? wall() : at) - steadyAt }
}

/** How long ago that was at most. A clock that was set ahead counts as a machine that slept: then a lease is left too early. */
function passedMs(deps: LeaseDeps, asked: Asked): number {
  const now = askedNow(deps)
  const sleptMs = Math.max(0, now.wallAheadMs - asked.wallAheadMs - RESOLUTION_MS)
  return Math.max(now.at - asked.at, now.steadyAt - asked.steadyAt + sleptMs)
}

/** Clocks are read one after the other, and cut to whole milliseconds. */
const RESOLUTION_MS = 1

interface HeldTerms extends LeaseTerms {
  readonly fence: string
  readonly asked: Asked
}

class HeldLease implements Lease {
  readonly name: string
  readonly fence: string
  readonly lost: AbortSignal
  readonly #deps: LeaseDeps
  readonly #holder: string
  readonly #ttlMs: number
  readonly #abort = new AbortController()
  #asked: Asked
  #renewal: { cancel(): void }
  #end: { cancel(): void }
  #over = false

  constructor(deps: LeaseDeps, { name, holder, fence, ttlMs, asked }: HeldTerms) {
    this.name = name
    this.fence = fence
    this.lost = this.#abort.signal
    this.#deps = deps
    this.#holder = holder
    this.#ttlMs = ttlMs
    this.#asked = asked
    this.#renewal = this.#renewIn(ttlMs / renewalsPerTerm)
    this.#end = this.#loseAtEnd()
  }

  look(): void {
    if (passedMs(this.#deps, this.#asked) >= this.#ttlMs) this.#lose()
  }

  async release(restMs = 0): Promise<void> {
    if (this.#over) return
    this.#stopTimers()
    try {
      const { name, fence } = this
      await this.#deps.db.control((tx) => giveUpLease(tx, { name, fence, restMs, holder: this.#holder }))
    } catch (error) {
      this.#deps.log.error('lease.release-failed', error)
    }
  }

  #renewIn(ms: number): { cancel(): void } {
    return this.#deps.clock.timer(ms, () => void this.#renew())
  }

  #loseAtEnd(): { cancel(): void } {
    return this.#deps.clock.timer(this.#asked.at + this.#ttlMs - this.#deps.clock.now(), () => this.#lose())
  }

  async #renew(): Promise<void> {
    const asked = askedNow(this.#deps)
    // A process that slept past the end must not revive the lease, even if nobody took it meanwhile.
    this.look()
    if (this.#over) return
    try {
      await failpoint('leases.before-renewal')
      const { name, fence } = this
      const held = await this.#deps.db.control((tx) =>
        extendLease(tx, { name, fence, ttlMs: this.#ttlMs, holder: this.#holder }),
      )
      if (this.#over) return
      if (!held) return this.#lose()
      this.#asked = asked
      this.#end.cancel()
      this.#end = this.#loseAtEnd()
      this.#renewal = this.#renewIn(this.#ttlMs / renewalsPerTerm)
    } catch (error) {
      if (this.#over) return
      this.#deps.log.error('lease.renewal-failed', error)
      this.#renewal = this.#renewIn(this.#ttlMs / retriesPerTerm)
    }
  }

  #lose(): void {
    if (this.#over) return
    this.#stopTimers()
    this.#deps.log.warn('lease.lost')
    this.#abort.abort(new AegisError('lease.lost', { lease: this.name }))
  }

  #stopTimers(): void {
    this.#over = true
    this.#renewal.cancel()
    this.#end.cancel()
  }
}
