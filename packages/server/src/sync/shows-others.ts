import { areOfOthers } from '../records/patient-records.sql.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { nameOf, recordKey } from '../records/record-name.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { type FetchedPage, recordsInPage } from './fetched-page.ts'
import type { SyncDeps } from './sync-deps.ts'

/**
 * Whether the charts of a patient show what we hold as another one's: the patient may have been merged, which we have not heard
 * of, and the survivor's charts be shown instead. Lists that name no patient do not tell. Whoever is told so asks for the patient.
 */
export function showsOthers(
  { db, sealing }: SyncDeps,
  { practice }: HeldFeed,
  { page, patientId }: { page: FetchedPage; patientId: string },
): Promise<boolean> {
  return db.practice(practice, async (tx) => {
    const keys = await sealing.practice(tx, practice)
    const patient = keys.pseudonym('patient', patientId)
    return areOfOthers(tx, { practice, kind: page.kind }, { keys: keysInPage(keys, page), patient })
  })
}

/** Keys of the records that a page shows. */
export function keysInPage(keys: PracticeKeys, page: FetchedPage): string[] {
  const kind = recordKinds[page.kind]
  return recordsInPage(page, page.raw).flatMap((record) => {
    const name = nameOf(kind, record)
    return name ? [recordKey(kind, keys, name)] : []
  })
}
