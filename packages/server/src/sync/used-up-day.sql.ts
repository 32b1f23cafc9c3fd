import { lookUp, type Tx } from '../db/db.ts'
import type { FeedKey } from './feed-state.sql.ts'
import type { FailureVerdict } from './judge-failure.ts'

const noteSql = lookUp(
  'sync.note_used_up',
  `update aegis.feed_state set
     calls_limit = least(case when calls_until > aegis.now() then calls_limit end, $3::integer),
     calls_until = greatest(calls_until, aegis.now() + make_interval(secs => $4::float8 / 1000))
   where practice_id = $1 and feed = $2`,
)

/** Notes with a feed that something of it was put off because a day was used up, and of how many calls; nothing for any other reason. */
export async function noteUsedUp(
  tx: Tx,
  key: FeedKey,
  { callsLimit, retryInMs }: Pick<FailureVerdict, 'callsLimit' | 'retryInMs'>,
): Promise<void> {
  if (callsLimit !== undefined) await tx.rows(noteSql, [key.practice, key.feed, callsLimit, retryInMs])
}

const takeUpSql = lookUp(
  'sync.take_up_again',
  `with tasks as (
     update aegis.reconciliation_task set due_at = least(due_at, aegis.now()), calls_limit = null
     where practice_id = $1 and feed = $2 and calls_limit is not null)
   update aegis.feed_state set calls_limit = null, calls_until = null,
     refetch_put_off_at = null, refetch_put_off_until = null, look_put_off_until = null, subscription_put_off_until = null,
     resnapshot_wanted_at = case when resnapshot_wanted_at > aegis.now() then aegis.now() else resnapshot_wanted_at end,
     retry_at = case when failure_code = 'quota.day-exhausted' then null else retry_at end,
     failures = case when failure_code = 'quota.day-exhausted' then 0 else failures end,
     failure_code = case when failure_code = 'quota.day-exhausted' then null else failure_code end
   where practice_id = $1 and feed = $2`,
)

/** Takes up again what of a feed was put off because the day was used up. What was put off for another reason may be refused again. */
export async function takeUpAgain(tx: Tx, key: FeedKey): Promise<void> {
  await tx.rows(takeUpSql, [key.practice, key.feed])
}
