import type { Tx } from '../db/db.ts'
import { openIfPossible } from '../records/open-record.ts'
import type { PracticeFacts } from '../records/record-kind.ts'
import { sealedOfKind } from '../records/records.sql.ts'
import type { WireRecord } from '../records/wire-record.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'

/**
 * What records of this practice need to know beyond themselves: its departments, for the zone of wall times. One that cannot be
 * opened is one that is not known: the departments are read again, which writes it anew.
 */
export async function loadPracticeFacts(
  tx: Tx,
  keys: PracticeKeys,
  practice: number,
): Promise<
  PracticeFacts & { readonly openDepartments: readonly string[]; readonly closedDepartments: readonly string[] }
> {
  const rows = await sealedOfKind(tx, { practice, kind: 'department' })
  return {
    departments: openedOnDemand(keys, rows),
    openDepartments: rows.filter((row) => row.state === 'present').map((row) => row.key),
    closedDepartments: rows.filter((row) => row.state !== 'present').map((row) => row.key),
  }
}

/** Most pages name few departments, or none: each is opened when it is asked for. */
function openedOnDemand(
  keys: PracticeKeys,
  rows: Awaited<ReturnType<typeof sealedOfKind>>,
): PracticeFacts['departments'] {
  const sealed = new Map(rows.map((row) => [row.key, row]))
  const opened = new Map<string, WireRecord | undefined>()
  const get = (key: string): WireRecord | undefined => {
    const row = sealed.get(key)
    if (row && !opened.has(key)) opened.set(key, openIfPossible(keys, 'department', row))
    return opened.get(key)
  }
  return { size: sealed.size, has: (key) => get(key) !== undefined, get }
}
