import { sql, type Tx } from '../src/db/db.ts'
import type { FeedKey } from '../src/sync/feed-state.sql.ts'
import { leaseOf } from '../src/sync/schedule.ts'

const leaseBefore = sql(
  'test.lease_before',
  "insert into control.lease (name, fence, holder, expires_at) values ($1, 1000, 'former', '-infinity')",
)

/** Fences of the feed go on from 1,000: those of a practice that was stepped by hand before are lower. */
export async function leaseGoesOn(tx: Tx, key: FeedKey): Promise<void> {
  await tx.rows(leaseBefore, [leaseOf(key)])
}
