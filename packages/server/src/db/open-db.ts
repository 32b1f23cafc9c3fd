import pg from 'pg'
import type { Log } from '../log/log.ts'
import { clientConfig, type DatabaseLogin, type RuntimeLogins } from './database-login.ts'
import type { Db } from './db.ts'
import { inTransaction } from './transaction.ts'
import { columnTypes } from './wire-values.ts'

export interface OpenDbOptions {
  logins: RuntimeLogins
  log: Log
  /** Connections per role. Default: app 10, control 6, audit 4. */
  poolSizes?: { app?: number; control?: number; audit?: number }
  /** The longest a statement may run. Default 30,000 ms. */
  statementTimeoutMs?: number
  /** The longest a transaction may wait between two statements (nothing upstream belongs into one). Default 30,000 ms. */
  idleInTransactionTimeoutMs?: number
  /** The longest to wait for a connection, new or from the pool. Default 10,000 ms. */
  connectTimeoutMs?: number
}

/** A `Db` that holds connections. */
export interface OpenDb extends Db {
  /** Waits for the running transactions and resolves when every socket is closed. May be called twice. */
  close(): Promise<void>
}

/**
 * Opens the pools and proves that each of the three roles can connect: otherwise `AegisError('db.unavailable')`, and
 * nothing stays open. Connections are made when needed and kept for 30 s of idleness.
 */
export async function openDb(options: OpenDbOptions): Promise<OpenDb> {
  const { logins, poolSizes = {} } = options
  const app = openPool(options, logins.app, poolSizes.app ?? 10)
  const control = openPool(options, logins.control, poolSizes.control ?? 6)
  const audit = openPool(options, logins.audit, poolSizes.audit ?? 4)
  let closing: Promise<void> | undefined
  const db: OpenDb = {
    practice: (practice, work) => inTransaction(app.pool, checkedPractice(practice), work),
    control: (work) => inTransaction(control.pool, undefined, work),
    audit: (work) => inTransaction(audit.pool, undefined, work),
    close() {
      closing ??= Promise.all([app.close(), control.close(), audit.close()]).then(() => undefined)
      return closing
    },
  }
  try {
    const nothing = async () => undefined
    await Promise.all([app, control, audit].map(({ pool }) => inTransaction(pool, undefined, nothing)))
  } catch (error) {
    await db.close()
    throw error
  }
  return db
}

interface ClosablePool {
  pool: pg.Pool
  close(): Promise<void>
}

function openPool(options: OpenDbOptions, login: DatabaseLogin, max: number): ClosablePool {
  const pool = new pg.Pool({
    ...clientConfig(login),
    max,
    pipeline: true,
    types: columnTypes,
    application_name: 'aegis',
    keepAlive: true,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 30_000,
  })
  const sockets = new Set<Promise<void>>()
  pool.on('connect', (client) => {
    // A connection may break while it is lent out: the statement that meets it reports it, this keeps the process alive.
    client.on('error', () => undefined)
    const closed = new Promise<void>((resolve) => client.once('end', resolve)).finally(() => sockets.delete(closed))
    sockets.add(closed)
  })
  pool.on('error', () => options.log.warn('db.connection-lost'))
  return {
    pool,
    async close() {
      await pool.end()
      await Promise.all(sockets) // the driver resolves end() before the last socket is closed
    },
  }
}

/** 0 is the installation itself, which has sealing keys of its own. */
function checkedPractice(practice: number): number {
  if (!Number.isSafeInteger(practice) || practice < 0) throw new RangeError('A practice id is a positive integer, or 0')
  return practice
}
