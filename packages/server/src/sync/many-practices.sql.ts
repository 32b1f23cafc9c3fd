import { sql, type Tx } from '../db/db.ts'
import type { FeedName } from './feed-name.ts'
import type { FeedStateRow } from './feed-state.sql.ts'

/*
 * Statements over many practices, each for some hundreds at a time. They are called in the context of no practice
 * (`db.practice(0, …)`) and enter one after the other: see migration 0078.
 */

const feedsOfSql = sql(
  'sync.feeds_of',
  `select practice_id as practice, feed, state, state_since, subscribed_at, active_at, provisional_at, snapshot_at, resnapshot_wanted_at, checkpoint,
     drain_started_at, drain_ended_at, subscription_checked_at, unclear_since, foreign_checked_at, last_change_at, failures,
     failure_code, retry_at, departments, subscribed_departments, added_departments, resubscribed_at, look_put_off_until,
     subscription_put_off_until, calls_limit, calls_until, snapshot_failures, snapshot_failure_code, snapshot_failing_since,
     partial_since, partial_events, seen_active_at, subscription_refused
   from aegis.feeds_of($1::integer[])`,
)

/** Where every feed of these practices stands. */
export function feedsOf(tx: Tx, practices: readonly number[]): Promise<(FeedStateRow & { practice: number })[]> {
  return tx.rows(feedsOfSql, [array(practices)])
}

const addFeedsSql = sql('sync.add_feeds', 'select aegis.add_feeds($1::integer[], $2::text[])')

/** Begins the feeds of these practices that are not there yet. */
export async function addFeeds(tx: Tx, practices: readonly number[], feeds: readonly FeedName[]): Promise<void> {
  await tx.rows(addFeedsSql, [array(practices), array(feeds)])
}

const keepFeedsSql = sql('sync.keep_feeds', 'select aegis.keep_feeds($1::integer[], $2::text[])')

/** Forgets where all other feeds of these practices stood; what they miss from now on is a gap if they are ever mirrored again. */
export async function keepFeeds(tx: Tx, practices: readonly number[], feeds: readonly FeedName[]): Promise<void> {
  await tx.rows(keepFeedsSql, [array(practices), array(feeds)])
}

const limitFeedsSql = sql('sync.limit_feeds', 'select aegis.limit_feeds($1::integer[], $2::text[], $3::jsonb)')

/** Notes which departments these feeds are to be limited to, by practice; one that is not named is mirrored as a whole. */
export async function limitFeeds(
  tx: Tx,
  practices: readonly number[],
  { feeds, limits }: { feeds: readonly FeedName[]; limits: Readonly<Record<string, readonly string[]>> },
): Promise<void> {
  await tx.rows(limitFeedsSql, [array(practices), array(feeds), JSON.stringify(limits)])
}

const sweepSql = sql('sync.sweep', 'select aegis.sweep_sync($1::integer[], $2)')

/** Deletes pages applied, and intents closed, before an instant. */
export async function sweepSync(tx: Tx, practices: readonly number[], before: string): Promise<void> {
  await tx.rows(sweepSql, [array(practices), before])
}

const boundSql = sql('sync.bound_times', 'select aegis.bound_sync_times($1::integer[], (select aegis.now()))')

/** Brings what is noted for later than can be back to now: the clock was set back. */
export async function boundSyncTimes(tx: Tx, practices: readonly number[]): Promise<void> {
  await tx.rows(boundSql, [array(practices)])
}

function array(values: readonly (number | FeedName)[]): string {
  return `{${values.join(',')}}`
}
