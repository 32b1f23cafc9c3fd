/*
 * What the slice db/ offers, and where:
 *   db.ts                 Db, Tx, Statement, sql()
 *   open-db.ts            openDb({ logins, log }) -> Db & { close() }
 *   sql-error.ts          isSqlState(error, '23505', 'constraint_name'?): a statement the database refused
 *   migrate.ts            migrate({ ownerUrl, log }) -> { applied }
 *   embedded-postgres.ts  startEmbedded({ dataDir, runDir, log, clock }) -> { ownerUrl, logins, pid, stop() }
 *   prepare-database.ts   prepareDatabase({ log, atop: queueTables }, { ownerUrl?, runtimeUrl? }) -> RuntimeLogins
 *   database-login.ts     RuntimeLogins: { app, control, audit }, each { url, role? }
 *   sql-clock.sql.ts      slaveSqlClock(tx, { nowMs, speed }), resetSqlClock(tx), readSqlClock(tx): control transactions
 * For tests (packages/server/testing): scratchDatabase() -> { db, owner: { rows(text, values) }, ownerUrl, logins, close() };
 *   manualClock(startMs), seededRandom(seed), memoryLog(), silentLog.
 * In SQL (migration 0001): aegis.practice(), aegis.now(), aegis.protect('aegis.t'), control.share('control.t').
 * Names are always written with their schema: the search path of every connection is empty.
 */

/**
 * The database as the slices see it. Three roles, three pools: tenant tables (schema `aegis`, row-level security),
 * control tables that span practices (schema `control`), the audit log (schema `audit`, append-only).
 * No slice opens a connection of its own.
 */
export interface Db {
  /**
   * Runs `work` in one transaction in the context of one practice: row-level security shows and accepts only its rows.
   * Commits when `work` resolves; rolls back and rethrows when it rejects. Connection failures are
   * `AegisError('db.unavailable')`.
   */
  practice<T>(practice: number, work: (tx: Tx) => Promise<T>): Promise<T>
  /** Runs `work` in one transaction on control tables. The role sees no tenant table. */
  control<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Runs `work` in one transaction of the audit role: INSERT and SELECT on the schema `audit`, nothing else. */
  audit<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

/** One open transaction. Not usable after `work` has settled. */
export interface Tx {
  /**
   * Runs one prepared statement and returns its rows. `bigint` and `numeric` columns arrive as strings, `bytea` as
   * Buffer, `timestamptz` as epoch milliseconds (number; microseconds as its fraction), `date` as 'YYYY-MM-DD', `jsonb`
   * parsed. An object or array parameter is sent as JSON text, a number as its digits: an instant is given as epoch
   * milliseconds and read with `to_timestamp($1::float8 / 1000)`. `undefined` as a parameter is a TypeError.
   * Statements begun together (`Promise.all`) travel together. Errors: `db.unavailable`; `db.statement-failed` with
   * the SQLSTATE and the constraint's name in `detail` (see `isSqlState`), after which the transaction can only be
   * rolled back. With `isLast` the commit travels with the statement: nothing it locks waits for this process to hear of it.
   */
  rows<R extends object>(
    statement: Statement,
    values?: readonly unknown[],
    options?: { readonly isLast?: boolean },
  ): Promise<R[]>
}

/** A named, parameterised SQL text: `sql('sync.open_intent', '…')`. The name is unique: it is the prepared name. */
export interface Statement {
  readonly name: string
  readonly text: string
  /** Whether its plan is made once for a connection: see `lookUp`. Otherwise for each execution. */
  readonly isLookUp?: true
  /** Text of somebody else: what it may have set or kept ends with its connection. */
  readonly isForeign?: true
}

/** Declares a statement. Each lives in `<slice>.sql.ts`, used by one exported function there. */
export function sql(name: string, text: string): Statement {
  return { name, text }
}

/**
 * Declares a statement that reaches every row by an index, whatever the sizes of the tables: one plan is right for good, and
 * is kept. Planning costs more than carrying it out. Not for statements over many rows of a practice, whose best plan depends
 * on how many there are.
 */
export function lookUp(name: string, text: string): Statement {
  return { name, text, isLookUp: true }
}
