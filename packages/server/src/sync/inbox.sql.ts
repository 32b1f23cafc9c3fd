import { lookUp, sql, type Tx } from '../db/db.ts'
import type { Source } from '../records/judge-version.ts'
import type { Kind, Shape } from '../records/record-kind.ts'
import type { FeedKey } from './feed-state.sql.ts'

const storePageSql = lookUp(
  'sync.store_page',
  `insert into aegis.inbox_page (practice_id, feed, source, kind, shape, fetch_seq, items, sealed, run_id, fetched_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, aegis.now()) returning page_id`,
)

export interface PageToStore {
  readonly source: Source
  readonly kind: Kind
  readonly shape: Shape
  readonly fetchSeq: bigint
  readonly items: number
  readonly sealed: Buffer
  /** The check it was read for. */
  readonly runId?: string
}

export async function insertPage(tx: Tx, key: FeedKey, page: PageToStore): Promise<string> {
  const { source, kind, shape, items, sealed } = page
  const values = [
    key.practice,
    key.feed,
    source,
    kind,
    shape,
    page.fetchSeq.toString(),
    items,
    sealed,
    page.runId ?? null,
  ]
  const [row] = await tx.rows<{ page_id: string }>(storePageSql, values)
  if (!row) throw new Error('insert returning gives one row')
  return row.page_id
}

const waitingSql = lookUp(
  'sync.waiting_page',
  `select page_id, source, kind, shape, fetch_seq, items, run_id, fetched_at,
     case when page_id is distinct from $3::bigint then sealed end as sealed
   from aegis.inbox_page where practice_id = $1 and feed = $2 and applied_at is null order by page_id limit 1 for update`,
)

export interface WaitingPage {
  readonly page_id: string
  readonly source: PageToStore['source']
  readonly kind: Kind
  readonly shape: Shape
  readonly fetch_seq: string
  readonly items: number
  readonly sealed: Buffer
  readonly run_id: string | null
  readonly fetched_at: number
}

/** A page whose text is not asked for: the caller has just stored it. */
export type KnownPage = Omit<WaitingPage, 'sealed'> & { readonly sealed: Buffer | null }

/** The oldest page not applied yet, locked; without its text where it is the one the caller knows. */
export async function firstWaitingPage(tx: Tx, key: FeedKey, known: string | null): Promise<KnownPage | undefined> {
  return (await tx.rows<KnownPage>(waitingSql, [key.practice, key.feed, known]))[0]
}

const appliedSql = lookUp(
  'sync.page_applied',
  `update aegis.inbox_page set applied_at = aegis.now() where practice_id = $1 and page_id = $2`,
)

export async function markPageApplied(tx: Tx, key: FeedKey, pageId: string): Promise<void> {
  await tx.rows(appliedSql, [key.practice, pageId])
}

/** Pages of one piece, as the statement has it; fewer mean that no more follow. */
export const storedPagesMax = 20

const storedSinceSql = sql(
  'sync.pages_since',
  `select page_id, source, kind, shape, fetch_seq, items, sealed, run_id, fetched_at from aegis.inbox_page
   where practice_id = $1 and feed = $2 and source in ('feed', 'replay') and run_id is null and fetched_at >= $3 and page_id > $4
   order by page_id limit 20`,
)

/** Pages of the feed that were stored since an instant, in pieces: those after a page. Not those of checks, which show what anybody took. */
export function pagesStoredSince(tx: Tx, key: FeedKey, from: { since: string; after: string }): Promise<WaitingPage[]> {
  return tx.rows<WaitingPage>(storedSinceSql, [key.practice, key.feed, from.since, from.after])
}
