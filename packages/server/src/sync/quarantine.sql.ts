import { sql, type Tx } from '../db/db.ts'
import type { FeedKey } from './feed-state.sql.ts'

const quarantineSql = sql(
  'sync.quarantine',
  `with known as (
     update aegis.quarantine set page_id = $3, reason = $4, sealed = $5
     where practice_id = $1 and feed = $2 and key = $6 and released_at is null returning quarantine_id)
   insert into aegis.quarantine (practice_id, feed, page_id, reason, sealed, key, since)
   select $1, $2, $3, $4, $5, $6, aegis.now() where not exists (select from known)`,
)

export async function insertQuarantine(
  tx: Tx,
  of: FeedKey,
  record: { pageId: string; reason: string; sealed: Buffer; key: string | null },
): Promise<void> {
  await tx.rows(quarantineSql, [of.practice, of.feed, record.pageId, record.reason, record.sealed, record.key])
}

const openSql = sql(
  'sync.open_quarantine',
  `select page_id, sealed, key from aegis.quarantine
   where practice_id = $1 and feed = $2 and released_at is null and key is not null order by quarantine_id limit 1000`,
)

/** What is set aside and says who it is. */
export function openQuarantine(tx: Tx, of: FeedKey): Promise<{ page_id: string; sealed: Buffer; key: string }[]> {
  return tx.rows(openSql, [of.practice, of.feed])
}

const releaseSql = sql(
  'sync.release_nameless',
  `update aegis.quarantine set released_at = aegis.now()
   where practice_id = $1 and feed = $2 and key is null and released_at is null and since < $3`,
)

/**
 * Forgets what was set aside before an instant without a name of its own: places that could not be read, records without
 * an id. A whole reading that began then has been there again, and has set aside anew what is still so.
 */
export async function releaseNameless(tx: Tx, of: FeedKey, before: string): Promise<void> {
  await tx.rows(releaseSql, [of.practice, of.feed, before])
}

const appliedSql = sql(
  'sync.release_keys',
  `update aegis.quarantine set released_at = aegis.now()
   where practice_id = $1 and feed = $2 and released_at is null
     and key = any(select json_array_elements_text($3::json))`,
)

/** These records came and were applied: none of them is set aside any longer. */
export async function releaseKeys(tx: Tx, of: FeedKey, keys: readonly string[]): Promise<void> {
  if (keys.length) await tx.rows(appliedSql, [of.practice, of.feed, JSON.stringify(keys)])
}
