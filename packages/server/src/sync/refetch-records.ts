import { AthenaError } from '@aegis/client'
import { failpoint } from '../failpoints/failpoint.ts'
import { deleteRecord } from '../records/apply-records.ts'
import { nextFetchSeq } from '../records/records.sql.ts'
import { applyNextPage, refetchPlace } from './apply-inbox.ts'
import { type FetchedPage, fetchRecord, kindOfFeed } from './feeds.ts'
import { storePage } from './store-page.ts'
import * as table from './sync.sql.ts'
import { asHolder, type SyncDeps } from './sync-deps.ts'

/** Records asked for in one step; then the feed's state is looked at again, so that a drain is not held up. */
const batch = 25

interface Wanted {
  readonly key: string
  readonly id: string
}

/** Asks by id for records whose state is in doubt. One that upstream no longer knows is marked deleted. */
export async function refetchRecords(deps: SyncDeps, held: table.HeldFeed): Promise<void> {
  for (const wanted of await wantedRecords(deps, held)) await refetchOne(deps, held, wanted)
}

function wantedRecords(deps: SyncDeps, held: table.HeldFeed): Promise<Wanted[]> {
  return deps.db.practice(held.practice, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    const rows = await table.nextRefetches(tx, held, batch)
    return rows.map(({ key, sealed_id }) => ({
      key,
      id: keys.open(refetchPlace(held.feed, key), sealed_id).toString('utf8'),
    }))
  })
}

async function refetchOne(deps: SyncDeps, held: table.HeldFeed, wanted: Wanted): Promise<void> {
  const fetchSeq = await deps.db.practice(held.practice, (tx) => nextFetchSeq(tx))
  const page = await fetchOrNothing(deps, held, wanted.id)
  await failpoint('sync.after-refetch')
  await asHolder(deps, held, async (tx) => {
    await table.deleteRefetch(tx, held, wanted.key)
    if (!page) {
      await deleteRecord(tx, { practice: held.practice, kind: kindOfFeed(held.feed), key: wanted.key, fetchSeq })
      return
    }
    const keys = await deps.sealing.practice(tx, held.practice)
    await storePage(
      tx,
      { held, keys },
      { source: 'refetch', kind: page.kind, fetchSeq, items: page.items, raw: page.raw },
    )
  })
  if (page) await applyNextPage(deps, held)
}

async function fetchOrNothing(deps: SyncDeps, held: table.HeldFeed, id: string): Promise<FetchedPage | undefined> {
  try {
    return await fetchRecord(deps, held, id)
  } catch (error) {
    if (error instanceof AthenaError && error.code === 'not-found') return undefined
    throw error
  }
}
