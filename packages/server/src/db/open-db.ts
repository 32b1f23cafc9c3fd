import type { Socket } from 'node:net'
import pg from 'pg'
import { systemClock } from '../clock/clock.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { Log } from '../log/log.ts'
import { clientConfig, type DatabaseLogin, type RuntimeLogins } from './database-login.ts'
import type { Db, Tx } from './db.ts'
import { gatheringSocket } from './gathering-socket.ts'
import { HeldSockets } from './held-sockets.ts'
import { inTransaction } from './transaction.ts'
import { columnTypes } from './wire-values.ts'

export interface OpenDbOptions {
  logins: RuntimeLogins
  log: Log
  /** Connections per role. Default: app 5, control 6, audit 4. */
  poolSizes?: { app?: number; control?: number; audit?: number }
  /** The longest a statement may run. Default 30,000 ms. */
  statementTimeoutMs?: number
  /** The longest a transaction may wait between two statements (nothing upstream belongs into one). Default 30,000 ms. */
  idleInTransactionTimeoutMs?: number
  /** The longest to wait for a connection, new or from the pool. Default 10,000 ms, for one of the app 35,000 ms. */
  connectTimeoutMs?: number
  /**
   * The longest to wait for an answer that never comes because the network lost the connection and told nobody. More than
   * the server takes to end a statement. Default 45,000 ms.
   */
  answerTimeoutMs?: number
  /** The longest that `close` waits for transactions and farewells before it ends the connections. Default 5,000 ms. */
  closeTimeoutMs?: number
  /** Ends the opening at once, with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** One thread makes the pages that are written: more of them at a time would only lie in memory, half made. */
const appConnections = 5
/** Longer than a statement may run: feeds share few connections, and an answer that cannot be stored in time leaves a doubt. */
const appWaitMs = 35_000

/** A `Db` that holds connections. */
export interface OpenDb extends Db {
  /**
   * Waits for the running transactions and resolves when every socket is closed, at the latest after `closeTimeoutMs`:
   * behind a network that is silent nobody would ever answer. May be called twice.
   */
  close(): Promise<void>
  /** Ends every connection at once: what waits for an answer fails with `db.unavailable`, as does whatever comes later. */
  giveUp(): void
}

/**
 * Opens the pools and proves that each of the three roles can connect: otherwise `AegisError('db.unavailable')`, and
 * nothing stays open. Connections are made when needed and kept for 30 s of idleness.
 */
export async function openDb(options: OpenDbOptions): Promise<OpenDb> {
  const { logins, poolSizes = {}, signal } = options
  const app = new RolePool(options, logins.app, { max: poolSizes.app ?? appConnections, waitMs: appWaitMs })
  const control = new RolePool(options, logins.control, { max: poolSizes.control ?? 6, waitMs: 10_000 })
  const audit = new RolePool(options, logins.audit, { max: poolSizes.audit ?? 4, waitMs: 10_000 })
  const close = async () => void (await Promise.all([app.close(), control.close(), audit.close()]))
  const giveUp = () => {
    for (const pool of [app, control, audit]) pool.giveUp()
  }
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    signal?.throwIfAborted()
    await Promise.all([app, control, audit].map((pool) => pool.run(undefined, async () => undefined)))
  } catch (error) {
    await close()
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
  return {
    practice: (practice, work) => app.run(checkedPractice(practice), work),
    control: (work) => control.run(undefined, work),
    audit: (work) => audit.run(undefined, work),
    close,
    giveUp,
  }
}

/**
 * Plans are made for each execution, except those of look-ups. A plan that is kept is one for the table as it was: during a
 * first load, for an empty one, which later means reading all of it. That of a look-up goes by an index even then: reading
 * whole tables is ruled out for it. So it is until a statement comes that is no look-up: see `inTransaction`.
 */
const keptPlans = '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off'

/** The connections of one role. */
class RolePool {
  readonly #pool: pg.Pool
  readonly #running = new Set<Promise<unknown>>()
  readonly #ends = new Set<Promise<void>>()
  readonly #sockets = new HeldSockets()
  readonly #closeTimeoutMs: number
  #closing: Promise<void> | undefined
  #isGivenUp = false

  constructor(options: OpenDbOptions, login: DatabaseLogin, { max, waitMs }: { max: number; waitMs: number }) {
    const config = clientConfig(login)
    this.#closeTimeoutMs = options.closeTimeoutMs ?? 5_000
    this.#pool = new pg.Pool({
      ...config,
      options: `${config.options} ${keptPlans}`,
      max,
      pipeline: true,
      stream: (): Socket => this.#sockets.hold(gatheringSocket()),
      types: columnTypes,
      application_name: 'aegis',
      keepAlive: true,
      idleTimeoutMillis: 30_000,
      connectionTimeoutMillis: options.connectTimeoutMs ?? waitMs,
      // The connection is ended with it.
      query_timeout: options.answerTimeoutMs ?? 45_000,
      statement_timeout: options.statementTimeoutMs ?? 30_000,
      idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 30_000,
    })
    this.#pool.on('connect', (client) => this.#watch(client))
    this.#pool.on('error', () => options.log.warn('db.connection-lost'))
  }

  async run<T>(practice: number | undefined, work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.#closing || this.#isGivenUp) throw new AegisError('db.unavailable', { reason: 'closed' })
    const running = inTransaction(this.#pool, practice, work)
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  giveUp(): void {
    this.#isGivenUp = true
    this.#sockets.end()
  }

  async #close(): Promise<void> {
    const patience = new AbortController()
    const late = systemClock.sleep(this.#closeTimeoutMs, patience.signal).catch(() => undefined)
    await Promise.race([this.#farewell(), late])
    patience.abort()
    this.#sockets.end()
    await Promise.all(this.#ends)
  }

  async #farewell(): Promise<void> {
    // The driver's end() never answers those who wait for a connection, and resolves before the last socket is closed.
    await Promise.allSettled(this.#running)
    await this.#pool.end()
    await Promise.all(this.#ends)
  }

  #watch(client: pg.PoolClient): void {
    // A connection may break while it is lent out: the statement that meets it reports it, this keeps the process alive.
    client.on('error', () => undefined)
    const ended = new Promise<void>((resolve) => client.once('end', resolve)).finally(() => this.#ends.delete(ended))
    this.#ends.add(ended)
  }
}

/** 0 is the installation itself, which has sealing keys of its own. */
function checkedPractice(practice: number): number {
  if (!Number.isSafeInteger(practice) || practice < 0) throw new RangeError('A practice id is a positive integer, or 0')
  return practice
}
