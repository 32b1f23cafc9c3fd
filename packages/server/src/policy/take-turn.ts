import type { Clock } from '../clock/clock.ts'
import type { Db } from '../db/db.ts'
import { acquireLease, type Lease } from '../leases/acquire-lease.ts'
import type { Log } from '../log/log.ts'
import { refusal } from '../quota/permission.ts'

export interface TurnDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  /** Names this process; its turns end when another one takes over its home. */
  readonly holder: string
}

export interface TurnRequest {
  readonly practice: number
  /** How long to wait at most, in ms. */
  readonly patienceMs: number
  /** Gives up waiting; the promise rejects with the signal's reason. */
  readonly signal: AbortSignal
}

/** A practice's turn to be asked for a large pull: nobody else has it meanwhile. */
export interface Turn {
  /**
   * Aborts with `quota.timeout` when it was lost: the process stood still, or the database was away for long. That concerns
   * the call alone, which may be made again: the work that it is for is still its holder's.
   */
  readonly lost: AbortSignal
  /** To be called when the answer is there, or will not come. Never throws. */
  end(): Promise<void>
}

/** By how much a dead process delays the next one. */
const ttlMs = 30_000

/** Between two looks whether the turn is free: soon at first, for a page takes a second or two. */
const lookEveryMs = { first: 100, most: 1_000 }

/**
 * Waits for the practice's turn, among all processes. Large pulls of one practice, of whatever feeds, burden the same
 * tables upstream: they go one after another, and `spacingMs` apart. `quota.timeout` when it takes too long.
 */
export async function takeTurn(deps: TurnDeps, request: TurnRequest, spacingMs: number): Promise<Turn> {
  const { clock, holder } = deps
  const { practice, patienceMs, signal } = request
  const giveUpAt = clock.steady() + patienceMs
  for (let waitMs: number = lookEveryMs.first; ; waitMs = Math.min(2 * waitMs, lookEveryMs.most)) {
    signal.throwIfAborted()
    const lease = await acquireLease(deps, { name: `large-pull/${practice}`, holder, ttlMs })
    if (lease) return turnOf(lease, spacingMs)
    if (clock.steady() + waitMs > giveUpAt) throw refusal('quota.timeout', waitMs)
    await clock.sleep(waitMs, signal)
  }
}

function turnOf(lease: Lease, spacingMs: number): Turn {
  const lost = new AbortController()
  lease.lost.addEventListener('abort', () => lost.abort(refusal('quota.timeout', lookEveryMs.most)), { once: true })
  return { lost: lost.signal, end: () => lease.release(spacingMs) }
}
