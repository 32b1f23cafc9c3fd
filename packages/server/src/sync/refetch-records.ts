import { AthenaError, type AthenaErrorCode } from '@aegis/client'
import { failpoint } from '../failpoints/failpoint.ts'
import { deleteRecord } from '../records/apply-records.ts'
import { lockHeldRecords, nextFetchSeq } from '../records/records.sql.ts'
import { applyNextPage, refetchPlace } from './apply-inbox.ts'
import { type FetchedPage, fetchRecord, kindOfFeed } from './feeds.ts'
import { storePage } from './store-page.ts'
import * as table from './sync.sql.ts'
import { asHolder, type SyncDeps, timestamp } from './sync-deps.ts'

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

/** Put off for this long when athenahealth answers, but not with this record. */
const postponedMs = 10 * 60_000

/** Failures that may be about this one record: they hold up neither the others nor the feed. */
const ofTheRecord: ReadonlySet<AthenaErrorCode> = new Set([
  'malformed-response',
  'response-too-large',
  'server-error',
  'timeout',
  'invalid-request',
  'invalid-argument',
  'rejected',
  'conflict',
  'forbidden',
])

async function refetchOne(deps: SyncDeps, held: table.HeldFeed, wanted: Wanted): Promise<void> {
  const fetchSeq = await deps.db.practice(held.practice, (tx) => nextFetchSeq(tx))
  const page = await fetchOrNothing(deps, held, wanted.id)
  if (page === 'another-record') {
    await settleOther(deps, held, wanted)
    return
  }
  if (page === 'refused') {
    await postpone(deps, held, wanted)
    return
  }
  await failpoint('sync.after-refetch')
  await asHolder(deps, held, async (tx) => {
    await table.deleteRefetch(tx, held, wanted.key)
    if (!page) {
      await deleteRecord(tx, { practice: held.practice, kind: kindOfFeed(held.feed), key: wanted.key, fetchSeq })
      return
    }
    const keys = await deps.sealing.practice(tx, held.practice)
    await storePage(tx, { held, keys }, { ...page, source: 'refetch', fetchSeq })
  })
  if (page) await applyNextPage(deps, held)
}

async function fetchOrNothing(
  deps: SyncDeps,
  held: table.HeldFeed,
  id: string,
): Promise<FetchedPage | undefined | 'another-record' | 'refused'> {
  try {
    return await fetchRecord(deps, held, id)
  } catch (error) {
    if (error instanceof AthenaError && error.code === 'not-found') return undefined
    if (error instanceof AthenaError && error.code === 'wrong-record') return 'another-record'
    if (!(error instanceof AthenaError && ofTheRecord.has(error.code))) throw error
    deps.log.error('sync.refetch-failed', error, { practice: held.practice, feed: held.feed })
    return 'refused'
  }
}

function postpone(deps: SyncDeps, held: table.HeldFeed, wanted: Wanted): Promise<void> {
  const at = timestamp(deps.clock.now() + postponedMs)
  return asHolder(deps, held, (tx) => table.postponeRefetch(tx, held, { recordKey: wanted.key, at }))
}

/**
 * Another record came than was asked for. Of a merged patient that is how athenahealth answers (inferred), so the merge
 * stands. Otherwise it may be a mix-up on the way: nothing is changed by it, and the record is asked for again later.
 */
async function settleOther(deps: SyncDeps, held: table.HeldFeed, wanted: Wanted): Promise<void> {
  const at = timestamp(deps.clock.now() + postponedMs)
  const merged = await asHolder(deps, held, async (tx) => {
    const [record] = await lockHeldRecords(tx, { practice: held.practice, kind: kindOfFeed(held.feed) }, [wanted.key])
    if (record?.state === 'merged') await table.deleteRefetch(tx, held, wanted.key)
    else await table.postponeRefetch(tx, held, { recordKey: wanted.key, at })
    return record?.state === 'merged'
  })
  if (!merged) deps.log.warn('sync.wrong-record', { practice: held.practice, feed: held.feed })
}
