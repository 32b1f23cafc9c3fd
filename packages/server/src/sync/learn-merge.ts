import { nextFetchSeq } from '../records/records.sql.ts'
import type { CallContext } from '../upstream/call-context.ts'
import { applyNextPage } from './apply-inbox.ts'
import type { AskedRecord } from './asked-record.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { kindOfFeed } from './feed-table.ts'
import { fetchSurvivor } from './fetch-record.ts'
import type { FetchedPage } from './fetched-page.ts'
import { type Heard, pageOrNothing } from './patient-sight.ts'
import { deleteRefetch } from './refetch.sql.ts'
import { storePage } from './store-page.ts'
import { asHolderAtOnce, type SyncDeps } from './sync-deps.ts'

/** The wish of which another record was heard. */
interface Wish {
  readonly key: string
  readonly asked: AskedRecord
  /** The check that wants to know. */
  readonly runId: string | null
}

/** Applies the survivor of a merge, of which no feed need have told us; else what came instead of one. */
export async function learnMerge(
  deps: SyncDeps & { readonly context: CallContext },
  held: HeldFeed,
  { key: recordKey, asked, runId }: Wish,
): Promise<'learned' | Exclude<Heard, FetchedPage>> {
  if (kindOfFeed(held.feed) !== 'patient' || asked.whole) return 'another-record'
  const fetchSeq = await deps.db.practice(held.practice, (tx) => nextFetchSeq(tx, { isLast: true }))
  const page = await pageOrNothing(deps, held, { read: () => fetchSurvivor(deps, held, asked.id) })
  if (page === undefined || typeof page === 'string') return page
  await asHolderAtOnce(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    await storePage(tx, { held, keys }, { ...page, source: 'refetch', fetchSeq, ...(runId !== null && { runId }) })
    await deleteRefetch(tx, held, { recordKey, fetchSeq })
  })
  await applyNextPage(deps, held)
  return 'learned'
}
