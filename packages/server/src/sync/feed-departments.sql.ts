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
