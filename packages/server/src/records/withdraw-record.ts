import type { Tx } from '../db/db.ts'
import type { Kind } from './record-kind.ts'
import { recordKinds } from './record-kinds.ts'
import * as table from './records.sql.ts'

/**
 * Takes note that upstream no longer shows a record: only after a targeted read answered 404 or empty. It is deleted then;
 * but a patient may only be restricted, which athenahealth answers alike, and its own deletions say so: withheld.
 */
export async function withdrawRecord(
  tx: Tx,
  input: { practice: number; kind: Kind; key: string; fetchSeq: bigint },
): Promise<boolean> {
  const [before] = await table.lockHeldRecords(tx, input, [{ key: input.key, digest: null }])
  if (!before || before.state !== 'present' || BigInt(before.fetch_seq) > input.fetchSeq) return false
  const state = recordKinds[input.kind].isPatient ? 'withheld' : 'deleted'
  // All that was read by way of a department, before it was known to be gone, was asked for before this number.
  const fetchSeq = input.kind === 'department' ? await table.nextFetchSeq(tx) : input.fetchSeq
  await table.markRecord(tx, input, { key: input.key, state, fetchSeq })
  const change = { key: input.key, patient: before.patient, what: state, fields: [] } as const
  await table.appendChanges(tx, { ...input, source: 'refetch' }, [
    { ...change, fetch_seq: input.fetchSeq.toString(), last_modified_at: null },
  ])
  await table.addToCounts(
    tx,
    input,
    new Map([
      ['present', -1],
      [state, 1],
    ]),
  )
  return true
}
