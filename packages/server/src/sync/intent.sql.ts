import { lookUp, sql, type Tx } from '../db/db.ts'
import type { FeedKey, HeldFeed } from './feed-state.sql.ts'

const openIntentSql = lookUp(
  'sync.open_intent',
  `insert into aegis.feed_intent (practice_id, feed, fence, fetch_seq, opened_at, upstream_at)
   values ($1, $2, $3, $4, aegis.now(), to_timestamp($5::float8 / 1000))
   returning intent_id, opened_at, upstream_at, doubted_at`,
)

export interface Intent {
  readonly intent_id: string
  readonly opened_at: number
  /** The earliest that athenahealth's clock can have shown then; null where it was not known. */
  readonly upstream_at: number | null
  readonly doubted_at: number | null
}

/** Notes a read that is about to be made. `upstreamAt`: what athenahealth's clock shows now at the earliest, epoch ms. */
export async function openIntent(
  tx: Tx,
  held: HeldFeed,
  { fetchSeq, upstreamAt }: { fetchSeq: bigint; upstreamAt?: number | undefined },
): Promise<Intent> {
  const values = [held.practice, held.feed, held.fence, fetchSeq.toString(), upstreamAt ?? null]
  const [row] = await tx.rows<Intent>(openIntentSql, values)
  if (!row) throw new Error('insert returning gives one row')
  return row
}

const closeIntentSql = lookUp(
  'sync.close_intent',
  `update aegis.feed_intent set closed_at = aegis.now(), outcome = $3
   where practice_id = $1 and intent_id = any($2::bigint[]) and closed_at is null
     and ($4::timestamptz is null or coalesce(doubted_at, opened_at) < $4::timestamptz)`,
)

/**
 * Closes open intents. `doubtedBefore`: only those whose doubt is older, since what was asked for to clear it was asked
 * for then: a holder who was paused may have said meanwhile that its read has only now gone out.
 */
export async function closeIntents(
  tx: Tx,
  key: FeedKey,
  close: {
    ids: readonly string[]
    outcome: 'stored' | 'not-executed' | 'replayed' | 'gap'
    doubtedBefore?: string
  },
): Promise<void> {
  const ids = `{${close.ids.join(',')}}`
  await tx.rows(closeIntentSql, [key.practice, ids, close.outcome, close.doubtedBefore ?? null])
}

const doubtSql = lookUp(
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

const inheritSql = lookUp(
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
   where practice_id = $1 and feed = $2 and closed_at >= $3 and outcome = any($4::text[]) limit 1`,
)

/** Whether a doubt was cleared since an instant, by a replay or by a gap; `asGap`: by a gap. */
export async function wereIntentsReplayed(
  tx: Tx,
  key: FeedKey,
  { since, asGap = false }: { since: string; asGap?: boolean },
): Promise<boolean> {
  const outcomes = asGap ? '{gap}' : '{replayed,gap}'
  return (await tx.rows(replayedSql, [key.practice, key.feed, since, outcomes])).length > 0
}

const mayHaveReadSql = lookUp(
  'sync.may_have_read',
  `select where exists (select from aegis.feed_intent where practice_id = $1 and feed = $2 and closed_at is null)
     or exists (select from aegis.feed_intent
       where practice_id = $1 and feed = $2 and closed_at is not null and outcome <> 'not-executed')`,
)

/** Whether any read that was noted was carried out, or may have been: what was refused took nothing. */
export async function mayHaveRead(tx: Tx, key: FeedKey): Promise<boolean> {
  return (await tx.rows(mayHaveReadSql, [key.practice, key.feed])).length > 0
}

const openIntentsSql = lookUp(
  'sync.open_intents',
  `select intent_id, opened_at, upstream_at, doubted_at from aegis.feed_intent
   where practice_id = $1 and feed = $2 and closed_at is null order by opened_at`,
)

export function openIntents(tx: Tx, key: FeedKey): Promise<Intent[]> {
  return tx.rows<Intent>(openIntentsSql, [key.practice, key.feed])
}
