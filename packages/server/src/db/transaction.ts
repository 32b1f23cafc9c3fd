import type pg from 'pg'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { Statement, Tx } from './db.ts'
import { fromDriverError, isSqlState } from './sql-error.ts'
import { wireValue } from './wire-values.ts'

/**
 * Runs `work` in one transaction on a connection of `pool`, in the context of `practice` if one is given.
 * Commits when `work` resolves, rolls back and rethrows when it rejects. Never repeats anything by itself.
 * A connection whose state is in doubt is closed, not reused.
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  practice: number | undefined,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const client = await connect(pool)
  const open = new OpenTransaction(client, begin(client, practice))
  let healthy = false
  try {
    // Without the context of a practice the database would carry out a statement that came before its transaction.
    if (practice === undefined) await open.begun
    const result = await settle(open, work)
    healthy = true
    return result
  } catch (error) {
    open.over = true
    healthy = await rollback(client)
    throw error
  } finally {
    client.release(!healthy || open.isSpent)
  }
}

async function settle<T>(open: OpenTransaction, work: (tx: Tx) => Promise<T>): Promise<T> {
  const result = await work(open)
  open.over = true
  // A statement that nobody awaited would run into the commit, or after it, with its error unseen.
  if (open.running > 0) throw new AegisError('db.statement-not-awaited', { statement: open.last })
  await open.begun
  await (open.committing ?? commit(open.client))
  return result
}

/** "cached plan must not change result type", of a statement prepared before a migration; and "feature not supported". */
const resultChangedState = '0A000'

class OpenTransaction implements Tx {
  readonly client: pg.PoolClient
  /** When the transaction is there; what is begun meanwhile travels with its beginning. */
  readonly begun: Promise<void>
  /** Set from when on plans are made for each execution: connections keep them otherwise. */
  #plansAnew: Promise<unknown> | undefined
  /** The connection serves nobody after this: it fails here for good, or text that is not ours may have left settings. */
  isSpent = false
  over = false
  /** Set where the commit has left with the last statement. */
  committing: Promise<void> | undefined
  running = 0
  last = ''

  constructor(client: pg.PoolClient, begun: Promise<void>) {
    this.client = client
    this.begun = begun
    // Whoever runs a statement, or commits, hears of it.
    begun.catch(() => undefined)
  }

  async rows<R extends object>(
    statement: Statement,
    values: readonly unknown[] = [],
    { isLast = false }: { readonly isLast?: boolean } = {},
  ): Promise<R[]> {
    if (this.over) throw new AegisError('db.transaction-over', { statement: statement.name })
    const wire = values.map(wireValue)
    this.running++
    this.last = statement.name
    try {
      if (!statement.isLookUp) this.#planAnew()
      if (statement.isForeign) this.isSpent = true
      const query = this.client.query<R>({ name: statement.name, text: statement.text, values: wire })
      if (isLast) this.#commit()
      // What travels ahead and fails tells why.
      const [result] = await Promise.all([query, this.begun, this.#plansAnew])
      return result.rows
    } catch (error) {
      const ours = fromDriverError(error, statement.name)
      if (isSqlState(ours, resultChangedState)) this.isSpent = true
      throw ours
    } finally {
      this.running--
    }
  }

  #commit(): void {
    this.over = true
    this.committing = commit(this.client)
    // Who waits for the statement hears of its failure; of the commit's, who waits for the transaction.
    this.committing.catch(() => undefined)
  }

  #planAnew(): void {
    if (this.#plansAnew) return
    this.#plansAnew = this.client.query(planAnew)
    // Who waits for the statement hears of it.
    this.#plansAnew.catch(() => undefined)
  }
}

const planAnew = 'set local plan_cache_mode = force_custom_plan; set local enable_seqscan = on'

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    throw fromDriverError(error)
  }
}

/**
 * No statement may run outside of the transaction. The first ones of a practice travel with this nevertheless, which spares
 * every transaction a wait: should it fail, they have no context, and row-level security lets them see and write nothing.
 */
async function begin(client: pg.PoolClient, practice: number | undefined): Promise<void> {
  try {
    await client.query(practice === undefined ? 'begin' : beginFor(practice))
  } catch (error) {
    throw fromDriverError(error)
  }
}

/** Two statements in one message, which saves a fifth of what an empty drain sends. It takes no parameters, only a number. */
function beginFor(practice: number): string {
  if (!Number.isSafeInteger(practice)) throw new RangeError('A practice id is an integer')
  return `begin; set local aegis.practice_id = '${practice}'`
}

async function commit(client: pg.PoolClient): Promise<void> {
  let command: string
  try {
    command = (await client.query('commit')).command
  } catch (error) {
    const ours = fromDriverError(error, 'commit')
    // The answer got lost on the way: the transaction may stand or not.
    throw isAegisError(ours, 'db.unavailable')
      ? new AegisError('db.unavailable', { ...ours.detail, commit: 'unknown' })
      : ours
  }
  // After a failed statement whose error was swallowed, PostgreSQL answers COMMIT with ROLLBACK, and without an error.
  if (command !== 'COMMIT') throw new AegisError('db.rolled-back')
}

async function rollback(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query('rollback')
    return true
  } catch {
    return false // the connection is broken; closing it rolls back on the server
  }
}
