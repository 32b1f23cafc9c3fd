import type { QuotaReport } from './quota-report.ts'
import type { KeyOperations } from './key-operations.ts'
import type { Resnapshot } from '../sync/operate-sync.ts'
import type { StatusReport } from './status-report.ts'

/** What an operator can ask of a running instance, from inside the process or over its API. */
export interface Operations {
  /** Where everything stands, or one practice; a practice that is not mirrored is in none. */
  status(only?: StatusFilter): Promise<StatusReport>
  /** The same facts, and a few more, as OpenMetrics text. */
  metrics(): Promise<string>
  /** Where the day's calls stand and how the day is expected to end; who spent them, of one practice if it is named. */
  quota(only?: StatusFilter): Promise<QuotaReport>
  /** Makes a practice's feeds (or one) due at once. */
  syncNow(practice: number, feed?: string): Promise<void>
  /** Asks for a new authoritative snapshot of a practice's feeds (or one); `since` some time it is a gap too. */
  resnapshot(wish: Resnapshot): Promise<void>
  /** Runs one read-only statement through the mirror's views; `ops.sql-busy` where two run already. */
  sql(query: SqlQuery): Promise<SqlResult>
  /** The credentials of the app; `key-server.elsewhere` where another process has them. */
  keys(): KeyOperations
}

export interface StatusFilter {
  readonly practice?: number
}

export interface SqlQuery {
  readonly practice: number
  readonly text: string
  /** Opens sealed values in the result; needs a reason, which is audited with the query's practice. */
  readonly unseal?: { readonly reason: string; readonly actor: string }
}

export interface SqlResult {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  readonly truncated: boolean
}
