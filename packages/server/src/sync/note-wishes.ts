import type { Tx } from '../db/db.ts'
import { openIfPossible } from '../records/open-record.ts'
import { heldRecord } from '../records/patient-records.sql.ts'
import { type Wish, wishForHeld } from '../records/record-name.ts'
import { nextFetchSeq } from '../records/records.sql.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import type { FeedKey } from './feed-state.sql.ts'
import { feedOfKind, kindOfFeed } from './feed-table.ts'
import { insertRefetches, refetchPlace } from './refetch.sql.ts'

/**
 * Notes what is to be asked for, each with the feed that keeps its kind. `runId`: the check that wants to know; `isUnseen`: it is
 * asked for because no list shows it; `isOfFeed`: a feed has told of it, so that it is as urgent as reading the feed.
 */
export async function noteWishes(
  tx: Tx,
  keys: PracticeKeys,
  {
    practice,
    wishes,
    ...why
  }: { practice: number; wishes: readonly Wish[]; runId?: string; isUnseen?: boolean; isOfFeed?: boolean },
): Promise<void> {
  if (wishes.length === 0) return
  // The last word on a record counts: its patient may have become another.
  const latest = new Map(wishes.map((wish) => [`${wish.kind} ${wish.key}`, wish]))
  const rows = [...latest.values()].map(({ kind, key, asks, isAsHeld = false }) => {
    const feed = feedOfKind(kind)
    const sealed = keys.seal(refetchPlace(feed, key), Buffer.from(asks, 'utf8'))
    return { feed, key, sealed_id: sealed.toString('base64'), keeps: isAsHeld }
  })
  await insertRefetches(tx, practice, { rows, seq: await nextFetchSeq(tx), ...why })
}

/** Notes that a record is to be asked for as the record of whom it is held for now. */
export async function wishAsHeld(
  tx: Tx,
  keys: PracticeKeys,
  { practice, feed, key, runId }: FeedKey & { key: string; runId: string | null },
): Promise<void> {
  const kind = kindOfFeed(feed)
  const held = await heldRecord(tx, { practice, kind }, key)
  if (!held?.patient) return
  await keys.loadPatients(tx, [held.patient as Pseudonym]) // stored from one
  const body = openIfPossible(keys, kind, { key, patient: held.patient, sealed: held.sealed })
  const wish = body && wishForHeld(kind, keys, body)
  // Whoever told otherwise has been heard.
  if (wish)
    await noteWishes(tx, keys, { practice, wishes: [{ ...wish, isAsHeld: false }], ...(runId !== null && { runId }) })
}
