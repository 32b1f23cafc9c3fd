import type { Tx } from '../db/db.ts'
import { areOfOthers, heldAsTheyAre } from '../records/patient-records.sql.ts'
import { recordDigest } from '../records/record-digest.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { nameOf, recordKey } from '../records/record-name.ts'
import { canonicalText } from '../records/wire-record.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { type FetchedPage, recordsInPage } from './fetched-page.ts'
import type { SyncDeps } from './sync-deps.ts'

/**
 * Whether the charts of a patient show what may be another one's: we hold it as that one's, or, where an id is one within a chart
 * only and nothing tells whose an entry was, it is not held just so. There may have been a merge of which we have not heard: the
 * survivor's charts are shown for a former patient, and what came along as the survivor's. Lists that name no patient do not tell.
 * Whoever is told so asks for the patient.
 */
export function mayShowOthers(
  { db, sealing }: SyncDeps,
  { practice }: HeldFeed,
  { page, patientId }: { page: FetchedPage; patientId: string },
): Promise<boolean> {
  return db.practice(practice, async (tx) => {
    const keys = await sealing.practice(tx, practice)
    if (recordKinds[page.kind].keyedBy === 'patient-and-id') return bringsNews(tx, keys, { practice, page })
    const patient = keys.pseudonym('patient', patientId)
    return areOfOthers(tx, { practice, kind: page.kind }, { keys: keysInPage(keys, page), patient })
  })
}

/** Of an entry that stands in several charts of the patient, one is held. */
async function bringsNews(
  tx: Tx,
  keys: PracticeKeys,
  { practice, page }: { practice: number; page: FetchedPage },
): Promise<boolean> {
  const { kind } = page
  const shown = shownIn(keys, page).map(({ key, record }) => ({
    key,
    digest: recordDigest(keys, kind, { text: canonicalText(record) }),
  }))
  const held = await heldAsTheyAre(tx, { practice, kind }, shown)
  return shown.some(({ key }) => !held.has(key))
}

/** Keys of the records that a page shows. */
export function keysInPage(keys: PracticeKeys, page: FetchedPage): string[] {
  return shownIn(keys, page).map(({ key }) => key)
}

function shownIn(keys: PracticeKeys, page: FetchedPage) {
  const kind = recordKinds[page.kind]
  return recordsInPage(page, page.raw).flatMap((record) => {
    const name = nameOf(kind, record)
    return name ? [{ key: recordKey(kind, keys, name), record }] : []
  })
}
