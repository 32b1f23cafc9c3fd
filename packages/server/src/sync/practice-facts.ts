import type { Tx } from '../db/db.ts'
import { openRecord } from '../records/open-record.ts'
import type { PracticeFacts } from '../records/record-kind.ts'
import { sealedOfKind } from '../records/records.sql.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'

/** What records of this practice need to know beyond themselves: its departments, for the zone of wall times. */
export async function loadPracticeFacts(
  tx: Tx,
  keys: PracticeKeys,
  practice: number,
): Promise<
  PracticeFacts & { readonly openDepartments: readonly string[]; readonly closedDepartments: readonly string[] }
> {
  const rows = await sealedOfKind(tx, { practice, kind: 'department' })
  return {
    departments: new Map(rows.map((row) => [row.key, openRecord(keys, 'department', row)])),
    openDepartments: rows.filter((row) => row.state === 'present').map((row) => row.key),
    closedDepartments: rows.filter((row) => row.state !== 'present').map((row) => row.key),
  }
}
