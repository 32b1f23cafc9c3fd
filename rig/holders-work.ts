import { sql } from '../packages/server/src/db/db.ts'
import type { FeedName } from '../packages/server/src/sync/feed-name.ts'
import { type MirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'

const workSql = sql(
  'rig.holders_work',
  `select md5(concat_ws('|',
     (select f::text from aegis.feed_state as f where practice_id = $1 and feed = $2),
     (select string_agg(p.page_id || ' ' || coalesce(p.applied_at::text, ''), ' ' order by p.page_id)
      from aegis.inbox_page as p where practice_id = $1 and feed = $2),
     (select string_agg(r::text, ' ' order by r::text) from aegis.snapshot_run as r where practice_id = $1 and feed = $2)
   )) as digest`,
)

/** What only the holder of a feed writes: its state, its pages, how far its lists are read; as a digest. */
export async function holdersWork({ deps }: MirroredPractice, feed: FeedName): Promise<string | undefined> {
  const rows = await deps.db.practice(practice, (tx) => tx.rows<{ digest: string }>(workSql, [practice, feed]))
  return rows[0]?.digest
}
