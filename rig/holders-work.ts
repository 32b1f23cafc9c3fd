import { sql } from '../packages/server/src/db/db.ts'
import type { FeedName } from '../packages/server/src/sync/feed-name.ts'
import { type MirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'

const workSql = sql(
  'rig.holders_work',
  `select md5(concat_ws('|',
     (select f::text from aegis.feed_state as f where practice_id = $1 and feed = $2),
     (select string_agg(p.page_id || ' ' || coalesce(p.applied_at::text, ''), ' ' order by p.page_id)
      from aegis.inbox_page as p where practice_id = $1 and feed = $2),
     (select string_agg(r::text, ' ' order by r::text) from aegis.snapshot_run as r where practice_id = $1 and feed = $2),
     (select string_agg(g::text, ' ' order by g.gap_id) from aegis.gap as g where practice_id = $1 and feed = $2),
     (select string_agg(i.intent_id::text, ' ' order by i.intent_id)
      from aegis.feed_intent as i where practice_id = $1 and feed = $2)
   )) as digest,
   array(select concat_ws(' ', intent_id, closed_at, outcome) from aegis.feed_intent
         where practice_id = $1 and feed = $2 and closed_at is not null) as cleared`,
)

interface HoldersWork {
  /** Its state, its pages, how far its lists are read, its gaps, which reads it noted beforehand. */
  readonly digest: string
  /** Those of these reads that are cleared: when, and how. */
  readonly cleared: readonly string[]
}

/** What only the holder of a feed writes. */
export async function holdersWork({ deps }: MirroredPractice, feed: FeedName): Promise<HoldersWork> {
  const [row] = await deps.db.practice(practice, (tx) => tx.rows<HoldersWork>(workSql, [practice, feed]))
  if (!row) throw new Error('a select without from gives one row')
  return row
}

/** Whether somebody wrote it. That its own read is in doubt, also again, a holder may say at any time; not that one is cleared. */
export function didHoldersWork(before: HoldersWork, after: HoldersWork): boolean {
  return before.digest !== after.digest || after.cleared.some((read) => !before.cleared.includes(read))
}
