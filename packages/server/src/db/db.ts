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
   * Buffer, `timestamptz` as epoch milliseconds (number), `date` as 'YYYY-MM-DD'. An object or array parameter is sent
   * as JSON text.
   */
  rows<R extends object>(statement: Statement, values?: readonly unknown[]): Promise<R[]>
}

/** A named, parameterised SQL text: `sql('sync.open_intent', '…')`. The name is unique: it is the prepared name. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** Declares a statement. Each lives in `<slice>.sql.ts`, used by one exported function there. */
export function sql(name: string, text: string): Statement {
  return { name, text }
}
