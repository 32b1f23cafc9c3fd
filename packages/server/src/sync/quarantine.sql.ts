import { lookUp, sql, type Tx } from '../db/db.ts'
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

const placesSql = sql(
  'sync.places_set_aside',
  `select quarantine_id, page_id, sealed from aegis.quarantine
   where practice_id = $1 and feed = $2 and key is null and released_at is null and page_id = 0
     and since < coalesce($3::timestamptz, 'infinity') and quarantine_id > $4
   order by quarantine_id limit $5`,
)

/** Places of one piece; fewer mean that no more follow. */
export const placesMax = 100

export interface PlaceRow {
  readonly quarantine_id: string
  readonly page_id: string
  readonly sealed: Buffer
}

/** Places that could not be read, set aside before an instant or ever, in pieces: those after one. */
export function placesSetAside(
  tx: Tx,
  of: FeedKey,
  from: { before: string | null; after: string },
): Promise<PlaceRow[]> {
  return tx.rows(placesSql, [of.practice, of.feed, from.before, from.after, placesMax])
}

const releaseSql = sql(
  'sync.release_nameless',
  `update aegis.quarantine set released_at = aegis.now()
   where practice_id = $1 and feed = $2 and key is null and released_at is null and since < $3
     and (page_id <> 0 or quarantine_id = any($4::bigint[]))`,
)

/**
 * Forgets what was set aside before an instant without a name of its own: records without an id and pages, and of the
 * places that could not be read these.
 */
export async function releaseNameless(
  tx: Tx,
  of: FeedKey,
  { before, places }: { before: string; places: readonly string[] },
): Promise<void> {
  await tx.rows(releaseSql, [of.practice, of.feed, before, `{${places.join()}}`])
}

const appliedSql = lookUp(
  'sync.release_keys',
  `update aegis.quarantine set released_at = aegis.now()
   where practice_id = $1 and feed = $2 and released_at is null
     and key = any(array(select json_array_elements_text($3::json)))`,
)

/** These records came and were applied: none of them is set aside any longer. */
export async function releaseKeys(tx: Tx, of: FeedKey, keys: readonly string[]): Promise<void> {
  if (keys.length) await tx.rows(appliedSql, [of.practice, of.feed, JSON.stringify(keys)])
}
