import { Socket } from 'node:net'
import pg from 'pg'
import { systemClock } from '../clock/clock.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { clientConfig, type RuntimeRole } from './database-login.ts'
import { HeldSockets } from './held-sockets.ts'
import { fromDriverError } from './sql-error.ts'

/** How long a start waits for locks, ms. */
export interface LockWaits {
  /** For one lock at a time: for so long everybody queues behind who waits, readers too. */
  readonly eachMs: number
  /** Between two attempts: those who queued have their turn. */
  readonly pauseMs: number
  /** All together. Longer than any migration should take; shorter than an operator's patience. */
  readonly allMs: number
}

const lockWaitsDefault: LockWaits = { eachMs: 2_000, pauseMs: 3_000, allMs: 300_000 }

export interface OwnerSessionOptions {
  readonly url: string
  /** As whom, where not as the login itself. */
  readonly role?: RuntimeRole
  readonly application: 'aegis-migrate' | 'aegis-start'
  /** Ends the session at once, and the work with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Default: 2 s for each lock, every 3 s, for 5 minutes. */
  readonly lockWaits?: LockWaits | undefined
}

/** A connection that prepares the database at a start: as its owner, mostly. */
export interface OwnerSession {
  readonly client: pg.Client
  /**
   * Waits for its turn among the processes that start: `AegisError('db.busy')` when that takes too long. The turn ends with
   * the session.
   */
  takeTurn(key: number): Promise<void>
  /**
   * Does `work`, whole transactions only, again and again while it finds a lock taken, each time after a pause: a waiting
   * `alter table` lets nobody pass, so it must not wait for long. `onWait` is told once. Too long: `db.tables-held`.
   */
  despiteLocks(work: () => Promise<void>, onWait?: () => void): Promise<void>
}

/** To connect, ms. */
const connectMs = 10_000
/** Between two statements, ms: there is nothing to wait for, so the host is frozen, and others wait for its locks. */
const idleMs = 30_000

/**
 * Runs `work` on a session of its own, which is closed afterwards. Neither a host that dies or freezes nor a network that is
 * lost leaves locks behind for longer than a minute. Driver errors arrive as `AegisError`.
 */
export async function ownerSession<T>(
  options: OwnerSessionOptions,
  work: (session: OwnerSession) => Promise<T>,
): Promise<T> {
  const { url, role, application, signal, lockWaits = lockWaitsDefault } = options
  signal?.throwIfAborted()
  const sockets = new HeldSockets()
  const client = new pg.Client({
    ...clientConfig({ url, ...(role && { role }) }),
    application_name: application,
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: idleMs,
    lock_timeout: lockWaits.eachMs,
    idle_in_transaction_session_timeout: idleMs,
    stream: () => sockets.hold(new Socket()),
  })
  client.on('error', () => undefined)
  const giveUp = () => sockets.end()
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    await client.connect()
    return await work({
      client,
      takeTurn: (key) => takeTurn(client, key, { ...options, lockWaits }),
      async despiteLocks(each, onWait) {
        try {
          await despiteLocks(each, onWait, { ...options, lockWaits })
        } catch (error) {
          throw isLockTimeout(error) ? new AegisError('db.tables-held') : error
        }
      },
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw fromDriverError(error)
  } finally {
    signal?.removeEventListener('abort', giveUp)
    await client.end().catch(() => undefined)
  }
}

interface Waiting {
  readonly lockWaits: LockWaits
  readonly signal?: AbortSignal | undefined
}

async function takeTurn(client: pg.Client, key: number, { lockWaits, signal }: Waiting): Promise<void> {
  // Its turn is no transaction: a host that freezes in between must not keep it either.
  await client.query("select set_config('idle_session_timeout', $1, false)", [String(idleMs)])
  const take = async () => void (await client.query('select pg_advisory_lock($1)', [key]))
  try {
    // Nobody queues behind this but others that start. A wait that ends now and then finds out that the host is gone.
    await despiteLocks(take, undefined, { lockWaits: { ...lockWaits, pauseMs: 0 }, signal })
  } catch (error) {
    throw isLockTimeout(error) ? new AegisError('db.busy') : error
  }
}

async function despiteLocks(
  work: () => Promise<void>,
  onWait: (() => void) | undefined,
  { lockWaits, signal }: Waiting,
): Promise<void> {
  const giveUpAt = systemClock.steady() + lockWaits.allMs
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work()
      return
    } catch (error) {
      if (!isLockTimeout(error) || systemClock.steady() >= giveUpAt) throw error
    }
    if (attempt === 1) onWait?.()
    await systemClock.sleep(lockWaits.pauseMs, signal)
  }
}

/** "canceling statement due to lock timeout". */
function isLockTimeout(error: unknown): boolean {
  return fromDriverError(error).detail.sqlstate === '55P03'
}
