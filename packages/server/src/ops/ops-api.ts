import { z } from 'zod'
import type { KeysApi } from './keys-api.ts'
import type { SqlResult } from './operations.ts'
import type { QuotaReport } from './quota-report.ts'
import type { StatusReport } from './status-report.ts'

const feedsToRead = z.strictObject({
  practice: z.int().min(1),
  /** One feed; absent: all of the practice. */
  feed: z.string().min(1).max(100).optional(),
})
/** `now`: make feeds due at once. `resnapshot`: read everything again. */
export const syncRequest = z.discriminatedUnion('action', [
  feedsToRead.extend({ action: z.literal('now') }),
  feedsToRead.extend({
    action: z.literal('resnapshot'),
    /** An instant with its zone, such as the time of a backup: a gap from then on, so that what changed since is read too. */
    since: z.iso.datetime({ offset: true }).transform(Date.parse).optional(),
  }),
])
export type SyncRequest = z.input<typeof syncRequest>

/** Of a status, in the query: one practice, as the digits of its id; absent: all. */
export const statusRequest = z.strictObject({ practice: z.coerce.number().int().min(1).optional() })
export type StatusRequest = z.output<typeof statusRequest>

export const sqlRequest = z.strictObject({
  practice: z.int().min(1),
  /** One read-only statement. */
  text: z.string().min(1).max(100_000),
  /** Opens sealed values. Who asks and why is audited. */
  unseal: z
    .strictObject({ reason: z.string().trim().min(3).max(1_000), actor: z.string().trim().min(1).max(200) })
    .optional(),
})
export type SqlRequest = z.input<typeof sqlRequest>

/** Every route of the operator's commands: what is sent and what is answered. Each but health needs the token. */
export interface OpsApi extends KeysApi {
  readonly 'GET /aegis/v1/health': { request: undefined; response: { readonly status: 'up' } }
  /** What is sent with a GET is its query. */
  readonly 'GET /aegis/v1/status': { request: StatusRequest | undefined; response: StatusReport }
  readonly 'GET /aegis/v1/quota': { request: StatusRequest | undefined; response: QuotaReport }
  /** OpenMetrics text for Prometheus, not JSON: see docs/reference/metrics.md. */
  readonly 'GET /aegis/v1/metrics': { request: undefined; response: string }
  readonly 'POST /aegis/v1/sync': { request: SyncRequest; response: { readonly accepted: true } }
  /** Cells are as JSON carries them; one that stays sealed is a `SealedCell`. */
  readonly 'POST /aegis/v1/sql': { request: SqlRequest; response: SqlResult }
}

/** A value of a result that is not opened. */
export interface SealedCell {
  readonly sealed: true
}

export const sealedCell: SealedCell = { sealed: true }

export function isSealedCell(cell: unknown): cell is SealedCell {
  return typeof cell === 'object' && cell !== null && 'sealed' in cell && cell.sealed === true
}
