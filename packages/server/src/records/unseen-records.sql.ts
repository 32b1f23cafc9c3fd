import { sql, type Tx } from '../db/db.ts'
import type { Kind } from './record-kind.ts'

const unseen = sql(
  'records.unseen',
  `select key, patient, sealed, clear from aegis.record
   where practice_id = $1 and kind = $2 and state = 'present' and fetch_seq < $3 and key > $4
     and ($5::text is null or clear ->> 'localDate' between $5 and $6
       or $7::text is not null and coalesce(clear ->> 'localDate' not between $7 and $6, true))
   order by key limit 500`,
)

export interface UnseenRow {
  readonly key: string
  readonly patient: string | null
  readonly sealed: Buffer
  readonly clear: {
    readonly status?: string
    readonly localDate?: string
    readonly startsAt?: string
    readonly departmentId?: string
  }
}

/**
 * Present records that no answer asked for since `before` has shown, in pieces: those after a key, of these days. With
 * `reachFrom` also those before it, after `to`, and of no day.
 */
export function unseenRecords(
  tx: Tx,
  { practice, kind }: { practice: number; kind: Kind },
  of: { before: string; after: string; from: string | null; to: string | null; reachFrom: string | null },
): Promise<UnseenRow[]> {
  return tx.rows<UnseenRow>(unseen, [practice, kind, of.before, of.after, of.from, of.to, of.reachFrom])
}
