import { sql, type Tx } from '../db/db.ts'
import type { Kind, Shape } from '../records/record-kinds.ts'
import type { FeedName } from './feeds.ts'

/** One feed of one practice, held under a lease with this fence. */
export interface FeedKey {
  readonly practice: number
  readonly feed: FeedName
}
export interface HeldFeed extends FeedKey {
  readonly fence: string
}

export type FeedStateName = 'new' | 'activating' | 'settling' | 'snapshot' | 'live' | 'contested'

/** Instants are epoch ms. */
export interface FeedStateRow {
  readonly feed: FeedName
  readonly state: FeedStateName
  readonly state_since: number
  readonly subscribed_at: number | null
  readonly active_at: number | null
  readonly provisional_at: number | null
  readonly snapshot_at: number | null
  /** When the next snapshot may begin. */
  readonly resnapshot_wanted_at: number | null
  readonly checkpoint: number | null
  readonly drain_started_at: number | null
  readonly drain_ended_at: number | null
  readonly subscription_checked_at: number | null
  readonly foreign_checked_at: number | null
  readonly last_change_at: number | null
  readonly failures: number
  readonly failure_code: string | null
  readonly retry_at: number | null
}

const addFeed = sql(
  'sync.add_feed',
  `insert into aegis.feed_state (practice_id, feed, state_since) values ($1, $2, aegis.now()) on conflict do nothing`,
)

export async function insertFeed(tx: Tx, key: FeedKey): Promise<void> {
  await tx.rows(addFeed, [key.practice, key.feed])
}

const fenceFeed = sql(
  'sync.fence_feed',
  `update aegis.feed_state set fence = $3 where practice_id = $1 and feed = $2 and fence <= $3 returning feed`,
)

/** Shuts out every holder with an older fence. False when this fence is itself too old. */
export async function takeFence(tx: Tx, held: HeldFeed): Promise<boolean> {
  return (await tx.rows(fenceFeed, [held.practice, held.feed, held.fence])).length === 1
}

const lock = sql(
  'sync.lock_feed',
  `select * from aegis.feed_state where practice_id = $1 and feed = $2 and fence = $3 for update`,
)

/** Locks the feed's row for this transaction; undefined when another holder has fenced us out. */
export async function lockFeed(tx: Tx, held: HeldFeed): Promise<FeedStateRow | undefined> {
  return (await tx.rows<FeedStateRow>(lock, [held.practice, held.feed, held.fence]))[0]
}

const read = sql('sync.read_feeds', `select * from aegis.feed_state where practice_id = $1 order by feed`)

export function readFeeds(tx: Tx, practice: number): Promise<FeedStateRow[]> {
  return tx.rows<FeedStateRow>(read, [practice])
}

const enterState = sql(
  'sync.enter_state',
  `update aegis.feed_state set state = $3, state_since = aegis.now(), failures = 0, failure_code = null, retry_at = null,
     subscribed_at = case when $3 = 'activating' then aegis.now() else subscribed_at end,
     active_at = case when $3 = 'settling' then aegis.now() else active_at end
   where practice_id = $1 and feed = $2`,
)

export async function enterFeedState(tx: Tx, key: FeedKey, state: FeedStateName): Promise<void> {
  await tx.rows(enterState, [key.practice, key.feed, state])
}

type Stamp =
  | 'provisional_at'
  | 'drain_started_at'
  | 'drain_ended_at'
  | 'subscription_checked_at'
  | 'foreign_checked_at'
  | 'last_change_at'
const stamps: Readonly<Record<Stamp, ReturnType<typeof sql>>> = {
  provisional_at: sql(
    'sync.stamp_provisional',
    `update aegis.feed_state set provisional_at = aegis.now() where practice_id = $1 and feed = $2`,
  ),
  drain_started_at: sql(
    'sync.stamp_drain_start',
    `update aegis.feed_state set drain_started_at = aegis.now() where practice_id = $1 and feed = $2`,
  ),
  drain_ended_at: sql(
    'sync.stamp_drain_end',
    `update aegis.feed_state set drain_ended_at = aegis.now() where practice_id = $1 and feed = $2`,
  ),
  subscription_checked_at: sql(
    'sync.stamp_subscription',
    `update aegis.feed_state set subscription_checked_at = aegis.now() where practice_id = $1 and feed = $2`,
  ),
  foreign_checked_at: sql(
    'sync.stamp_foreign',
    `update aegis.feed_state set foreign_checked_at = aegis.now() where practice_id = $1 and feed = $2`,
  ),
  last_change_at: sql(
    'sync.stamp_change',
    `update aegis.feed_state set last_change_at = aegis.now() where practice_id = $1 and feed = $2`,
  ),
}

/** Notes that something happened to the feed now. */
export async function stampFeed(tx: Tx, key: FeedKey, stamp: Stamp): Promise<void> {
  await tx.rows(stamps[stamp], [key.practice, key.feed])
}

const snapshotTaken = sql(
  'sync.snapshot_taken',
  `update aegis.feed_state set snapshot_at = aegis.now(),
     resnapshot_wanted_at = case when resnapshot_asked_at > $3 then aegis.now() end
   where practice_id = $1 and feed = $2`,
)

/** Notes that a snapshot begun at `startedAt` is complete. A wish that came later than that stays: it is not fulfilled. */
export async function stampSnapshot(tx: Tx, key: FeedKey, startedAt: string): Promise<void> {
  await tx.rows(snapshotTaken, [key.practice, key.feed, startedAt])
}

const setCheckpoint = sql(
  'sync.set_checkpoint',
  `update aegis.feed_state set checkpoint = greatest(checkpoint, $3), failures = 0, failure_code = null, retry_at = null
   where practice_id = $1 and feed = $2`,
)

/** Moves the checkpoint forward (never back) and forgets past failures. */
export async function advanceCheckpoint(tx: Tx, key: FeedKey, to: string): Promise<void> {
  await tx.rows(setCheckpoint, [key.practice, key.feed, to])
}

const fail = sql(
  'sync.fail',
  `update aegis.feed_state set failures = failures + 1, failure_code = $3, retry_at = $4
   where practice_id = $1 and feed = $2 returning failures`,
)

export async function recordFailure(tx: Tx, key: FeedKey, failure: { code: string; retryAt: string }): Promise<void> {
  await tx.rows(fail, [key.practice, key.feed, failure.code, failure.retryAt])
}

const wantSnapshot = sql(
  'sync.want_snapshot',
  `update aegis.feed_state set resnapshot_wanted_at = aegis.now(), resnapshot_asked_at = aegis.now()
   where practice_id = $1 and feed = $2`,
)

/** Asks for a new authoritative snapshot: one that begins from now on. */
export async function wantResnapshot(tx: Tx, key: FeedKey): Promise<void> {
  await tx.rows(wantSnapshot, [key.practice, key.feed])
}

const postponeSnapshot = sql(
  'sync.postpone_snapshot',
  `update aegis.feed_state set resnapshot_wanted_at = $3 where practice_id = $1 and feed = $2`,
)

/** Puts the snapshot that is due, or under way, off until an instant. */
export async function postponeResnapshot(tx: Tx, key: FeedKey, until: string): Promise<void> {
  await tx.rows(postponeSnapshot, [key.practice, key.feed, until])
}

const openIntentSql = sql(
  'sync.open_intent',
  `insert into aegis.feed_intent (practice_id, feed, fence, fetch_seq, opened_at) values ($1, $2, $3, $4, aegis.now())
   returning intent_id, opened_at, doubted_at`,
)

export interface Intent {
  readonly intent_id: string
  readonly opened_at: number
  readonly doubted_at: number | null
}

export async function openIntent(tx: Tx, held: HeldFeed, fetchSeq: bigint): Promise<Intent> {
  const [row] = await tx.rows<Intent>(openIntentSql, [held.practice, held.feed, held.fence, fetchSeq.toString()])
  if (!row) throw new Error('insert returning gives one row')
  return row
}

const closeIntentSql = sql(
  'sync.close_intent',
  `update aegis.feed_intent set closed_at = aegis.now(), outcome = $3
   where practice_id = $1 and intent_id = any($2::bigint[]) and closed_at is null`,
)

export async function closeIntents(
  tx: Tx,
  key: FeedKey,
  close: { ids: readonly string[]; outcome: 'stored' | 'not-executed' | 'replayed' | 'gap' },
): Promise<void> {
  await tx.rows(closeIntentSql, [key.practice, `{${close.ids.join(',')}}`, close.outcome])
}

const doubtSql = sql(
  'sync.doubt_intent',
  `update aegis.feed_intent set doubted_at = aegis.now(), closed_at = null, outcome = null
   where practice_id = $1 and intent_id = $2`,
)

/**
 * Notes that an intent's read may have been carried out, or still be. Also for a holder who has been shut out, and for
 * an intent that the next holder took for cleared: a paused process may send its read after that.
 */
export async function doubtIntent(tx: Tx, key: FeedKey, intentId: string): Promise<void> {
  await tx.rows(doubtSql, [key.practice, intentId])
}

const inheritSql = sql(
  'sync.inherit_intents',
  `update aegis.feed_intent set doubted_at = aegis.now()
   where practice_id = $1 and feed = $2 and closed_at is null and doubted_at is null`,
)

/** Notes since when the open intents of former holders are known: their requests may have left until now. */
export async function inheritIntents(tx: Tx, key: FeedKey): Promise<void> {
  await tx.rows(inheritSql, [key.practice, key.feed])
}

const replayedSql = sql(
  'sync.intents_replayed',
  `select from aegis.feed_intent
   where practice_id = $1 and feed = $2 and closed_at >= $3 and outcome in ('replayed', 'gap') limit 1`,
)

/** Whether a doubt was cleared since an instant. */
export async function wereIntentsReplayed(tx: Tx, key: FeedKey, since: string): Promise<boolean> {
  return (await tx.rows(replayedSql, [key.practice, key.feed, since])).length > 0
}

const openIntentsSql = sql(
  'sync.open_intents',
  `select intent_id, opened_at, doubted_at from aegis.feed_intent
   where practice_id = $1 and feed = $2 and closed_at is null order by opened_at`,
)

export function openIntents(tx: Tx, key: FeedKey): Promise<Intent[]> {
  return tx.rows<Intent>(openIntentsSql, [key.practice, key.feed])
}

const storePageSql = sql(
  'sync.store_page',
  `insert into aegis.inbox_page (practice_id, feed, source, kind, shape, fetch_seq, items, sealed, fetched_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, aegis.now()) returning page_id`,
)

export interface PageToStore {
  readonly source: 'snapshot' | 'feed' | 'replay' | 'refetch'
  readonly kind: Kind
  readonly shape: Shape
  readonly fetchSeq: bigint
  readonly items: number
  readonly sealed: Buffer
}

export async function insertPage(tx: Tx, key: FeedKey, page: PageToStore): Promise<string> {
  const { source, kind, shape, items, sealed } = page
  const values = [key.practice, key.feed, source, kind, shape, page.fetchSeq.toString(), items, sealed]
  const [row] = await tx.rows<{ page_id: string }>(storePageSql, values)
  if (!row) throw new Error('insert returning gives one row')
  return row.page_id
}

const waitingSql = sql(
  'sync.waiting_page',
  `select page_id, source, kind, shape, fetch_seq, items, sealed from aegis.inbox_page
   where practice_id = $1 and feed = $2 and applied_at is null order by page_id limit 1 for update`,
)

export interface WaitingPage {
  readonly page_id: string
  readonly source: PageToStore['source']
  readonly kind: Kind
  readonly shape: Shape
  readonly fetch_seq: string
  readonly items: number
  readonly sealed: Buffer
}

/** The oldest page not applied yet, locked. */
export async function firstWaitingPage(tx: Tx, key: FeedKey): Promise<WaitingPage | undefined> {
  return (await tx.rows<WaitingPage>(waitingSql, [key.practice, key.feed]))[0]
}

const waitingCount = sql(
  'sync.waiting_count',
  `select
     (select count(*) from aegis.inbox_page where practice_id = $1 and feed = $2 and applied_at is null) as pages,
     (select count(*) from aegis.refetch where practice_id = $1 and feed = $2 and wanted_at <= aegis.now()) as refetch`,
)

export async function countWaiting(tx: Tx, key: FeedKey): Promise<{ pages: number; refetch: number }> {
  const [row] = await tx.rows<{ pages: string; refetch: string }>(waitingCount, [key.practice, key.feed])
  return { pages: Number(row?.pages ?? 0), refetch: Number(row?.refetch ?? 0) }
}

const appliedSql = sql(
  'sync.page_applied',
  `update aegis.inbox_page set applied_at = aegis.now() where practice_id = $1 and page_id = $2`,
)

export async function markPageApplied(tx: Tx, key: FeedKey, pageId: string): Promise<void> {
  await tx.rows(appliedSql, [key.practice, pageId])
}

const sweepSql = sql('sync.sweep_pages', `delete from aegis.inbox_page where practice_id = $1 and applied_at < $2`)

/** Deletes applied pages older than an instant. */
export async function sweepPages(tx: Tx, practice: number, before: string): Promise<void> {
  await tx.rows(sweepSql, [practice, before])
}

const releaseSql = sql(
  'sync.release_unreadable',
  `update aegis.quarantine set released_at = aegis.now()
   where practice_id = $1 and feed = $2 and reason = 'unreadable' and released_at is null and since < $3`,
)

/** Forgets places that could not be read before an instant: a snapshot begun then has been there again. */
export async function releaseUnreadable(tx: Tx, key: FeedKey, before: string): Promise<void> {
  await tx.rows(releaseSql, [key.practice, key.feed, before])
}

const sweepIntentsSql = sql(
  'sync.sweep_intents',
  `delete from aegis.feed_intent where practice_id = $1 and closed_at < $2`,
)

/** Deletes intents closed before an instant. */
export async function sweepIntents(tx: Tx, practice: number, before: string): Promise<void> {
  await tx.rows(sweepIntentsSql, [practice, before])
}

const storedSinceSql = sql(
  'sync.pages_since',
  `select page_id, source, kind, shape, fetch_seq, items, sealed from aegis.inbox_page
   where practice_id = $1 and feed = $2 and source in ('feed', 'replay') and fetched_at >= $3 and page_id > $4
   order by page_id limit 20`,
)

/** Pages of the feed that were stored since an instant, in pieces: those after a page. */
export function pagesStoredSince(tx: Tx, key: FeedKey, from: { since: string; after: string }): Promise<WaitingPage[]> {
  return tx.rows<WaitingPage>(storedSinceSql, [key.practice, key.feed, from.since, from.after])
}

const quarantineSql = sql(
  'sync.quarantine',
  `insert into aegis.quarantine (practice_id, feed, page_id, reason, sealed, since) values ($1, $2, $3, $4, $5, aegis.now())`,
)

export async function insertQuarantine(
  tx: Tx,
  key: FeedKey,
  record: { pageId: string; reason: string; sealed: Buffer },
): Promise<void> {
  await tx.rows(quarantineSql, [key.practice, key.feed, record.pageId, record.reason, record.sealed])
}
