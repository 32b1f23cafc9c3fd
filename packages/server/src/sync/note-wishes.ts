import type { Tx } from '../db/db.ts'
import type { Wish } from '../records/record-name.ts'
import { nextFetchSeq } from '../records/records.sql.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import { feedOfKind } from './feed-table.ts'
import { insertRefetches, refetchPlace } from './refetch.sql.ts'

/** Notes what is to be asked for, each with the feed that keeps its kind. `runId`: the check that wants to know. */
export async function noteWishes(
  tx: Tx,
  keys: PracticeKeys,
  { practice, wishes, ...check }: { practice: number; wishes: readonly Wish[]; runId?: string },
): Promise<void> {
  if (wishes.length === 0) return
  // The last word on a record counts: its patient may have become another.
  const latest = new Map(wishes.map((wish) => [`${wish.kind} ${wish.key}`, wish]))
  const rows = [...latest.values()].map(({ kind, key, asks }) => {
    const feed = feedOfKind(kind)
    return { feed, key, sealed_id: keys.seal(refetchPlace(feed, key), Buffer.from(asks, 'utf8')).toString('base64') }
  })
  await insertRefetches(tx, practice, { rows, seq: await nextFetchSeq(tx), ...check })
}
