import { lookUp, type Tx } from '../db/db.ts'
import type { FeedName } from './feed-name.ts'

/** One feed of one practice, held under a lease with this fence. */
export interface FeedKey {
  readonly practice: number
  readonly feed: FeedName
}
export interface HeldFeed extends FeedKey {
  readonly fence: string
  /**
   * Aborts when the work is over: the lease is lost, it took too long, or sync stops. What is not sent yet then is not to be
   * sent. `advanceFeed` fills it in.
   */
  readonly ended?: AbortSignal
  /** Lets `ended` abort where the lease is lost and no timer has told yet. */
  readonly look?: () => void
  /** Departments that its subscription is limited to; null or absent: the whole practice. `advanceFeed` fills it in. */
  readonly departments?: Departments
}

/** Ids of departments in ascending order; null: the whole practice. */
export type Departments = readonly string[] | null

export type FeedStateName = 'new' | 'activating' | 'settling' | 'snapshot' | 'live' | 'contested'

/** Instants are epoch ms. The statements that read it name each column: with `*`, a further one would make them fail. */
export interface FeedStateRow {
  readonly feed: FeedName
  readonly state: FeedStateName
  /** Of one that is not active, asking for it once more begins nothing new. */
  readonly state_since: number
  /** When the subscription was last asked for. */
  readonly subscribed_at: number | null
  readonly active_at: number | null
  readonly provisional_at: number | null
  readonly snapshot_at: number | null
  /** When the next snapshot may begin. */
  readonly resnapshot_wanted_at: number | null
  readonly checkpoint: number | null
  readonly drain_started_at: number | null
  readonly drain_ended_at: number | null
  readonly subscription_checked_at: number | null
  /** Since when athenahealth does not say whether the subscription is there. */
  readonly unclear_since: number | null
  readonly foreign_checked_at: number | null
  /** Processed changes are not looked at before: the last look failed. */
  readonly look_put_off_until: number | null
  /** The subscription is not looked at, or that of a live feed asked for with other departments, before: that failed last. */
  readonly subscription_put_off_until: number | null
  readonly last_change_at: number | null
  readonly failures: number
  readonly failure_code: string | null
  readonly retry_at: number | null
  /** Something of it is put off until `calls_until` because a day of so many calls was used up. */
  readonly calls_limit: number | null
  readonly calls_until: number | null
  /** What the feed is to be limited to, and what its subscription was last asked for with. */
  readonly departments: Departments
  readonly subscribed_departments: Departments
  /** What the snapshot that is wanted reads, where that is less than everything. */
  readonly added_departments: Departments
  /** When a live feed's subscription last became another: its departments were changed, or it is whole again. */
  readonly resubscribed_at: number | null
  /**
   * How often in a row the snapshot of a live feed has failed, or else has waited, with which code last, and since when; 0 and null
   * when it goes on.
   */
  readonly snapshot_failures: number
  readonly snapshot_failure_code: string | null
  readonly snapshot_failing_since: number | null
  /** Since when athenahealth has said that only some events of the feed are subscribed, and which of those that we know. */
  readonly partial_since: number | null
  readonly partial_events: readonly string[] | null
  /** When athenahealth last said that all events are subscribed: changes may have been missed since, also by drains that succeeded. */
  readonly seen_active_at: number | null
  /** Whether ours was not accepted, though a subscription was there: whose it is, and for what, is not known. */
  readonly subscription_refused: boolean
}

const fenceFeed = lookUp(
  'sync.fence_feed',
  `update aegis.feed_state set fence = $3 where practice_id = $1 and feed = $2 and fence <= $3 returning feed`,
)

/** Shuts out every holder with an older fence. False when this fence is itself too old. */
export async function takeFence(tx: Tx, held: HeldFeed): Promise<boolean> {
  return (await tx.rows(fenceFeed, [held.practice, held.feed, held.fence])).length === 1
}

const lock = lookUp(
  'sync.lock_feed',
  `select feed, state, state_since, subscribed_at, active_at, provisional_at, snapshot_at, resnapshot_wanted_at, checkpoint,
     drain_started_at, drain_ended_at, subscription_checked_at, unclear_since, foreign_checked_at, last_change_at, failures,
     failure_code, retry_at, departments, subscribed_departments, added_departments, resubscribed_at, look_put_off_until,
     subscription_put_off_until, calls_limit, calls_until, snapshot_failures, snapshot_failure_code, snapshot_failing_since,
     partial_since, partial_events, seen_active_at, subscription_refused
   from aegis.feed_state where practice_id = $1 and feed = $2 and fence = $3 for update`,
)

/** Locks the feed's row for this transaction; undefined when another holder has fenced us out. */
export async function lockFeed(tx: Tx, held: HeldFeed): Promise<FeedStateRow | undefined> {
  return (await tx.rows<FeedStateRow>(lock, [held.practice, held.feed, held.fence]))[0]
}

const read = lookUp(
  'sync.read_feeds',
  `select feed, state, state_since, subscribed_at, active_at, provisional_at, snapshot_at, resnapshot_wanted_at, checkpoint,
     drain_started_at, drain_ended_at, subscription_checked_at, unclear_since, foreign_checked_at, last_change_at, failures,
     failure_code, retry_at, departments, subscribed_departments, added_departments, resubscribed_at, look_put_off_until,
     subscription_put_off_until, calls_limit, calls_until, snapshot_failures, snapshot_failure_code, snapshot_failing_since,
     partial_since, partial_events, seen_active_at, subscription_refused
   from aegis.feed_state where practice_id = $1 order by feed`,
)

export function readFeeds(tx: Tx, practice: number): Promise<FeedStateRow[]> {
  return tx.rows<FeedStateRow>(read, [practice])
}

const enterState = lookUp(
  'sync.enter_state',
  `update aegis.feed_state set state = $3, failures = 0, failure_code = null, retry_at = null, unclear_since = null,
     snapshot_failures = 0, snapshot_failure_code = null, snapshot_failing_since = null,
     state_since = case when $3 = 'activating' and state = $3 then state_since else aegis.now() end,
     subscription_refused = subscription_refused and $3 <> 'new',
     partial_since = case when $3 in ('settling', 'live') then partial_since end,
     partial_events = case when $3 in ('settling', 'live') then partial_events end,
     subscribed_at = case when $3 = 'activating' then aegis.now() else subscribed_at end,
     active_at = case when $3 = 'settling' then aegis.now() else active_at end
   where practice_id = $1 and feed = $2`,
)

export async function enterFeedState(tx: Tx, key: FeedKey, state: FeedStateName): Promise<void> {
  await tx.rows(enterState, [key.practice, key.feed, state])
}

const putOffLook = lookUp(
  'sync.put_look_off',
  `update aegis.feed_state set look_put_off_until = aegis.now() + make_interval(secs => $3::float8 / 1000)
   where practice_id = $1 and feed = $2`,
)

/** Puts the look at processed changes off for `ms` from now on, by the database's clock. */
export async function putForeignLookOff(tx: Tx, key: FeedKey, ms: number): Promise<void> {
  await tx.rows(putOffLook, [key.practice, key.feed, ms])
}

const putOffSubscription = lookUp(
  'sync.put_subscription_off',
  `update aegis.feed_state set subscription_put_off_until = aegis.now() + make_interval(secs => $3::float8 / 1000)
   where practice_id = $1 and feed = $2`,
)

/** Puts what is to be asked about the subscription off for `ms` from now on, by the database's clock. */
export async function putSubscriptionOff(tx: Tx, key: FeedKey, ms: number): Promise<void> {
  await tx.rows(putOffSubscription, [key.practice, key.feed, ms])
}

type Stamp =
  | 'provisional_at'
  | 'drain_started_at'
  | 'drain_ended_at'
  | 'subscribed_at'
  | 'subscription_checked_at'
  | 'seen_active_at'
  | 'last_change_at'
const stamps: Readonly<Record<Stamp, ReturnType<typeof lookUp>>> = {
  provisional_at: lookUp(
    'sync.stamp_provisional',
    `update aegis.feed_state set provisional_at = aegis.now() where practice_id = $1 and feed = $2`,
  ),
  drain_started_at: lookUp(
    'sync.stamp_drain_start',
    `update aegis.feed_state set drain_started_at = aegis.now() where practice_id = $1 and feed = $2`,
  ),
  drain_ended_at: lookUp(
    'sync.stamp_drain_end',
    `update aegis.feed_state set drain_ended_at = aegis.now() where practice_id = $1 and feed = $2`,
  ),
  subscribed_at: lookUp(
    'sync.stamp_asked',
    `update aegis.feed_state set subscribed_at = aegis.now() where practice_id = $1 and feed = $2`,
  ),
  subscription_checked_at: lookUp(
    'sync.stamp_subscription',
    `update aegis.feed_state set subscription_checked_at = aegis.now(), subscription_put_off_until = null
     where practice_id = $1 and feed = $2`,
  ),
  seen_active_at: lookUp(
    'sync.stamp_active',
    `update aegis.feed_state set seen_active_at = aegis.now(), subscription_refused = false where practice_id = $1 and feed = $2`,
  ),
  last_change_at: lookUp(
    'sync.stamp_change',
    `update aegis.feed_state set last_change_at = aegis.now() where practice_id = $1 and feed = $2`,
  ),
}

/** Notes that something happened to the feed now. */
export async function stampFeed(tx: Tx, key: FeedKey, stamp: Stamp): Promise<void> {
  await tx.rows(stamps[stamp], [key.practice, key.feed])
}

const stampLook = lookUp(
  'sync.stamp_foreign',
  `update aegis.feed_state set foreign_checked_at = $3, look_put_off_until = null where practice_id = $1 and feed = $2`,
)

/** Notes that processed changes were looked at, of until `at`: when the look began. */
export async function stampForeignLook(tx: Tx, key: FeedKey, at: string): Promise<void> {
  await tx.rows(stampLook, [key.practice, key.feed, at])
}

const unclear = lookUp(
  'sync.set_unclear',
  `update aegis.feed_state set unclear_since = case when $3 then coalesce(unclear_since, aegis.now()) end
   where practice_id = $1 and feed = $2`,
)

/** Notes whether athenahealth does not say if the subscription is there. */
export async function setUnclear(tx: Tx, key: FeedKey, isUnclear: boolean): Promise<void> {
  await tx.rows(unclear, [key.practice, key.feed, isUnclear])
}

const partial = lookUp(
  'sync.set_partial',
  `update aegis.feed_state set partial_events = $3::jsonb,
     partial_since = case when $3::jsonb is not null then coalesce(partial_since, aegis.now()) end
   where practice_id = $1 and feed = $2`,
)

/** Notes which events alone are subscribed; null: all are. */
export async function setPartial(tx: Tx, key: FeedKey, events: readonly string[] | null): Promise<void> {
  await tx.rows(partial, [key.practice, key.feed, events === null ? null : JSON.stringify(events)])
}

const refused = lookUp(
  'sync.set_refused',
  `update aegis.feed_state set subscription_refused = $3 where practice_id = $1 and feed = $2`,
)

/** Notes whether our order for the subscription was not accepted, though one is there. */
export async function setRefused(tx: Tx, key: FeedKey, isRefused: boolean): Promise<void> {
  await tx.rows(refused, [key.practice, key.feed, isRefused])
}

const snapshotTaken = lookUp(
  'sync.snapshot_taken',
  `update aegis.feed_state set snapshot_at = aegis.now(),
     snapshot_failures = 0, snapshot_failure_code = null, snapshot_failing_since = null,
     resnapshot_wanted_at = case when resnapshot_asked_at > $3 then aegis.now() end,
     added_departments = case when resnapshot_asked_at > $3 then added_departments end
   where practice_id = $1 and feed = $2`,
)

/** Notes that a snapshot begun at `startedAt` is complete. A wish that came later than that stays: it is not fulfilled. */
export async function stampSnapshot(tx: Tx, key: FeedKey, startedAt: string): Promise<void> {
  await tx.rows(snapshotTaken, [key.practice, key.feed, startedAt])
}

const setCheckpoint = lookUp(
  'sync.set_checkpoint',
  `update aegis.feed_state set checkpoint = greatest(checkpoint, $3), failures = 0, failure_code = null, retry_at = null
   where practice_id = $1 and feed = $2`,
)

/** Moves the checkpoint forward (never back) and forgets past failures. */
export async function advanceCheckpoint(tx: Tx, key: FeedKey, to: string): Promise<void> {
  await tx.rows(setCheckpoint, [key.practice, key.feed, to])
}

const drainComplete = lookUp(
  'sync.drain_complete',
  `update aegis.feed_state set drain_ended_at = aegis.now(), checkpoint = greatest(checkpoint, $3),
     failures = 0, failure_code = null, retry_at = null
   where practice_id = $1 and feed = $2`,
)

/** Notes that a drain begun at `startedAt` has read everything there was, as `advanceCheckpoint` does. */
export async function completeDrain(tx: Tx, key: FeedKey, startedAt: string): Promise<void> {
  await tx.rows(drainComplete, [key.practice, key.feed, startedAt])
}

const fail = lookUp(
  'sync.fail',
  `update aegis.feed_state set failures = failures + 1, failure_code = $3,
     retry_at = aegis.now() + make_interval(secs => $4::float8 / 1000)
   where practice_id = $1 and feed = $2 returning retry_at`,
)

/** Notes a failure; nothing is tried for `retryInMs` from now on, by the database's clock. Returns until when, epoch ms. */
export async function recordFailure(
  tx: Tx,
  key: FeedKey,
  { code, retryInMs }: { code: string; retryInMs: number },
): Promise<number> {
  const [row] = await tx.rows<{ retry_at: number }>(fail, [key.practice, key.feed, code, retryInMs])
  if (!row) throw new Error('update returning gives one row')
  return row.retry_at
}

const wantSnapshot = lookUp(
  'sync.want_snapshot',
  `update aegis.feed_state set resnapshot_wanted_at = aegis.now(), resnapshot_asked_at = aegis.now(),
     added_departments = null
   where practice_id = $1 and feed = $2`,
)

/** Asks for a new authoritative snapshot of everything: one that begins from now on. */
export async function wantResnapshot(tx: Tx, key: FeedKey): Promise<void> {
  await tx.rows(wantSnapshot, [key.practice, key.feed])
}

const postponeSnapshot = lookUp(
  'sync.postpone_snapshot',
  `update aegis.feed_state f set resnapshot_wanted_at = aegis.now() + make_interval(secs => $3::float8 / 1000),
     snapshot_failures = case n.what when 'anew' then 1 when 'on' then f.snapshot_failures + 1 else f.snapshot_failures end,
     snapshot_failure_code = case when n.what = 'not' then f.snapshot_failure_code else $4::text end,
     snapshot_failing_since = case n.what when 'anew' then aegis.now()
       when 'on' then least(f.snapshot_failing_since, aegis.now()) else f.snapshot_failing_since end
   from (select case
       when (coalesce(s.snapshot_failure_code, $4::text) = any($6::text[])) = $5::boolean then 'on'
       when $5::boolean then 'not' else 'anew' end as what
     from aegis.feed_state s where s.practice_id = $1 and s.feed = $2) n
   where f.practice_id = $1 and f.feed = $2`,
)

/**
 * Puts the snapshot that is due, or under way, off for `ms` from now on, by the database's clock. `code`: why it could not go on; one of
 * `waits` where it has not failed but found no call, or not the hour. Waits are counted by themselves, until it fails.
 */
export async function postponeResnapshot(
  tx: Tx,
  key: FeedKey,
  { ms, code, waits }: { ms: number; code: string; waits: ReadonlySet<string> },
): Promise<void> {
  await tx.rows(postponeSnapshot, [key.practice, key.feed, ms, code, waits.has(code), `{${[...waits].join(',')}}`])
}

const snapshotWell = lookUp(
  'sync.snapshot_well',
  `update aegis.feed_state set snapshot_failures = 0, snapshot_failure_code = null, snapshot_failing_since = null
   where practice_id = $1 and feed = $2`,
)

/** Forgets past failures of the snapshot: it goes on. */
export async function snapshotGoesOn(tx: Tx, key: FeedKey): Promise<void> {
  await tx.rows(snapshotWell, [key.practice, key.feed])
}
