import { sql, type Tx } from '../db/db.ts'
import type { Departments, FeedKey } from './feed-state.sql.ts'

const subscribedSql = sql(
  'sync.subscribed_departments',
  `update aegis.feed_state set subscribed_departments = $3::jsonb where practice_id = $1 and feed = $2`,
)

/** Notes with which departments a subscription was asked for. */
export async function noteSubscribed(tx: Tx, key: FeedKey, departments: Departments): Promise<void> {
  await tx.rows(subscribedSql, [key.practice, key.feed, json(departments)])
}

const returningSql = sql(
  'sync.returning_departments',
  `select left_at from aegis.feed_state where practice_id = $1 and feed = $2 and left_at is not null
     and subscribed_departments is not null and ($3::jsonb is null or not subscribed_departments @> $3::jsonb)`,
)

/**
 * Since when departments may have been missed that are asked for again: which ones were ever followed is not kept, so the
 * earliest time that one was left out counts. To be called before the new list is noted.
 */
export async function leftSince(tx: Tx, key: FeedKey, departments: Departments): Promise<number | undefined> {
  const [row] = await tx.rows<{ left_at: number }>(returningSql, [key.practice, key.feed, json(departments)])
  return row?.left_at
}

// What an open gap misses of a department that is left out, the snapshot that closes it does not read any more.
const leftSql = sql(
  'sync.left_departments',
  `update aegis.feed_state f set left_at = case when $3::jsonb is not null then least(f.left_at, f.checkpoint, f.foreign_checked_at,
     (select min(g.from_at) from aegis.gap g where g.practice_id = $1 and g.feed = $2 and g.closed_at is null)) end
   where f.practice_id = $1 and f.feed = $2 and f.checkpoint is not null
     and ($3::jsonb is null or f.subscribed_departments is null or not f.subscribed_departments <@ $3::jsonb)`,
)

/** Notes until when what its subscription named before, and names no more, was followed. To be called before the new list is noted. */
export async function noteLeft(tx: Tx, key: FeedKey, departments: Departments): Promise<void> {
  await tx.rows(leftSql, [key.practice, key.feed, json(departments)])
}

const resubscribedSql = sql(
  'sync.resubscribed',
  `update aegis.feed_state set subscribed_departments = $3::jsonb, added_departments = $4::jsonb,
     resubscribed_at = aegis.now(),
     resnapshot_wanted_at = case when $5 then aegis.now() else resnapshot_wanted_at end,
     subscription_put_off_until = null,
     resnapshot_asked_at = case when $5 then aegis.now() else resnapshot_asked_at end
   where practice_id = $1 and feed = $2`,
)

/** What follows from other departments of a live feed's subscription. */
export interface Resubscribed {
  readonly departments: Departments
  /** What the snapshot that is wanted reads, where that is less than everything. */
  readonly added: Departments
  readonly wantsSnapshot: boolean
}

/** Notes that a live feed's subscription was asked for with other departments, and what is to be read for that. */
export async function noteResubscribed(tx: Tx, key: FeedKey, now: Resubscribed): Promise<void> {
  const { departments, added, wantsSnapshot } = now
  await tx.rows(resubscribedSql, [key.practice, key.feed, json(departments), json(added), wantsSnapshot])
}

function json(departments: Departments): string | null {
  return departments === null ? null : JSON.stringify(departments)
}
