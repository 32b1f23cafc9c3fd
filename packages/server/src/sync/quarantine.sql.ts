import { sql, type Tx } from '../db/db.ts'
import type { FeedKey } from './feed-state.sql.ts'

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

const releaseSql = sql(
  'sync.release_unreadable',
  `update aegis.quarantine set released_at = aegis.now()
   where practice_id = $1 and feed = $2 and reason = 'unreadable' and released_at is null and since < $3`,
)

/** Forgets places that could not be read before an instant: a snapshot begun then has been there again. */
export async function releaseUnreadable(tx: Tx, key: FeedKey, before: string): Promise<void> {
  await tx.rows(releaseSql, [key.practice, key.feed, before])
}
