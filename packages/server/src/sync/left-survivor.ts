import { openIfPossible } from '../records/open-record.ts'
import { heldRecord, survivorKey } from '../records/patient-records.sql.ts'
import { idOf, previousPatientIds } from '../records/record-id.ts'
import type { Pseudonym } from '../sealing/practice-keys.ts'
import type { CallContext } from '../upstream/call-context.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { kindOfFeed } from './feed-table.ts'
import { recordsInPage } from './fetched-page.ts'
import { fetchOrNothing } from './patient-sight.ts'
import type { SyncDeps } from './sync-deps.ts'
import type { Wanted } from './wanted-records.ts'

/**
 * Of a patient who counts as merged and is not found for the second time: the key of the survivor, where that one is asked for and does
 * not name the patient any more. Undefined where the merge may stand.
 */
export async function leftSurvivor(
  deps: SyncDeps & { readonly context: CallContext },
  held: HeldFeed,
  { key, asked, missedAt }: Wanted,
): Promise<string | undefined> {
  const of = { practice: held.practice, kind: kindOfFeed(held.feed) }
  if (of.kind !== 'patient' || asked.whole || missedAt === null) return undefined
  const survivor = await deps.db.practice(held.practice, async (tx) => {
    const next = await survivorKey(tx, of, key)
    const row = next === undefined ? undefined : await heldRecord(tx, of, next)
    if (!row) return undefined
    const keys = await deps.sealing.practice(tx, held.practice)
    await keys.loadPatients(tx, [row.key as Pseudonym]) // the key of a patient is one
    return { key: row.key, id: idOf(openIfPossible(keys, 'patient', row)?.patientid) }
  })
  if (survivor?.id === undefined) return undefined
  const page = await fetchOrNothing(deps, held, { whole: false, id: survivor.id, patientId: '' })
  if (page === undefined || typeof page === 'string') return undefined
  const isNamed = recordsInPage(page, page.raw).some((record) => previousPatientIds(record).includes(asked.id))
  return isNamed ? undefined : survivor.key
}
