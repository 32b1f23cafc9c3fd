import { lookUp, sql, type Tx } from '../db/db.ts'
import type { FeedName } from './feed-name.ts'
import type { FeedKey } from './feed-state.sql.ts'

/*
 * Each feed is due as a whole number of practices behind the one it rests on: of many new practices those worked on at a time
 * are then of different ones. Large pulls of one practice go one after another, and whoever works on two of its feeds waits.
 */
const ensureSql = sql(
  'sync.ensure_schedule',
  `insert into control.schedule (practice_id, feed, due_at)
   select p, f, (select aegis.now()) - interval '1 second' + (place + 8 * rank) * interval '1 microsecond'
   from unnest($1::integer[]) with ordinality a (p, place) cross join unnest($2::text[]) with ordinality b (f, rank)
   on conflict do nothing`,
)

/** Makes each feed of each practice due, the feeds of one practice far from each other, unless it is scheduled already. */
export async function ensureScheduled(tx: Tx, practices: readonly number[], feeds: readonly FeedName[]): Promise<void> {
  await tx.rows(ensureSql, [`{${practices.join(',')}}`, `{${feeds.join(',')}}`])
}

const countSql = sql(
  'sync.count_scheduled',
  `select count(*)::integer as count from control.schedule s join control.practice p using (practice_id)
   where p.removed_at is null and s.feed = any($1::text[])`,
)

/** How many of these feeds there are, over all practices that are mirrored. */
export async function countScheduled(tx: Tx, feeds: readonly FeedName[]): Promise<number> {
  const [row] = await tx.rows<{ count: number }>(countSql, [`{${feeds.join(',')}}`])
  return row?.count ?? 0
}

const keepSql = sql('sync.keep_scheduled', `delete from control.schedule where not feed = any($1::text[])`)

/** Leaves only these feeds on the schedule. */
export async function keepScheduled(tx: Tx, feeds: readonly FeedName[]): Promise<void> {
  await tx.rows(keepSql, [`{${feeds.join(',')}}`])
}

const claimSql = sql(
  'sync.claim_due',
  `with taken as materialized (
     select s.practice_id, s.feed, s.due_at from control.schedule s join control.practice p using (practice_id)
     where s.due_at <= (select aegis.now()) and p.removed_at is null order by s.due_at limit $1 for update of s skip locked),
   held as (
     update control.schedule s set due_at = aegis.now() + make_interval(secs => $2), calls_limit = null
     from taken t where s.practice_id = t.practice_id and s.feed = t.feed returning s.practice_id, s.feed)
   select practice_id as practice, feed from held join taken using (practice_id, feed) order by taken.due_at`,
)

/**
 * Takes the feeds that are due, who has been due for longest first, and puts each off by `holdSeconds`, so that nobody takes it again meanwhile; whoever runs
 * it sets its real time. A claim whose runner died comes back after the hold.
 */
export function claimDue(
  tx: Tx,
  claim: { most: number; holdSeconds: number },
): Promise<{ practice: number; feed: FeedName }[]> {
  return tx.rows(claimSql, [claim.most, claim.holdSeconds])
}

const dueSql = lookUp(
  'sync.set_due',
  `update control.schedule set due_at = to_timestamp($3::float8 / 1000), calls_limit = $4::integer
   where practice_id = $1 and feed = $2 and due_at > aegis.now()`,
)

/** When a feed is to be looked at again. */
export interface Due {
  /** Epoch ms. */
  readonly until: number
  /** Where it waits for want of calls: how many a day there are. With more it is to be looked at before. */
  readonly callsLimit: number | null
}

/** Sets when a claimed feed is due next, unless somebody has made it due meanwhile: that wish is not overwritten. */
export async function setDue(tx: Tx, key: FeedKey, { until, callsLimit }: Due): Promise<void> {
  await tx.rows(dueSql, [key.practice, key.feed, until, callsLimit])
}

const moreCallsSql = sql(
  'sync.more_calls',
  `update control.schedule set due_at = aegis.now(), calls_limit = null
   where (practice_id, feed) in (
     select practice_id, feed from control.schedule
     where calls_limit < $1::integer and due_at > (select aegis.now()) for update skip locked)
   returning feed`,
)

/** Makes due at once what waits because there were fewer calls a day than now. Returns how many feeds did. */
export async function wakeForCalls(tx: Tx, callsLimit: number): Promise<number> {
  return (await tx.rows(moreCallsSql, [callsLimit])).length
}

const dueNowSql = sql(
  'sync.due_now',
  `update control.schedule set due_at = aegis.now() where practice_id = $1 and ($2::text is null or feed = $2)`,
)

/** Makes one feed, or all of a practice, due at once. */
export async function makeDue(tx: Tx, practice: number, feed: FeedName | null): Promise<void> {
  await tx.rows(dueNowSql, [practice, feed])
}

const everythingSql = sql('sync.all_due', `update control.schedule set due_at = aegis.now() where due_at > aegis.now()`)

/** Makes every feed due: each decides for itself whether there is anything to do. For a sole instance at its start. */
export async function makeEverythingDue(tx: Tx): Promise<void> {
  await tx.rows(everythingSql)
}

const returningSql = sql(
  'sync.returning_practices',
  `select practice_id as practice from control.practice
   where removed_at is not null and practice_id = any($1::integer[]) order by practice_id`,
)

/** Which of these practices were mirrored once, and are not any more. */
export async function returningPractices(tx: Tx, practices: readonly number[]): Promise<number[]> {
  const rows = await tx.rows<{ practice: number }>(returningSql, [`{${practices.join(',')}}`])
  return rows.map(({ practice }) => practice)
}

const addSql = sql(
  'sync.add_practices',
  `insert into control.practice as p (practice_id, environment, added_at)
   select each, $2, (select aegis.now()) from unnest($1::integer[]) each order by each
   on conflict (practice_id) do update set removed_at = null where p.removed_at is not null`,
)

/** Notes that these practices are mirrored. */
export async function addPractices(tx: Tx, practices: readonly number[], environment: string): Promise<void> {
  await tx.rows(addSql, [`{${practices.join(',')}}`, environment])
}

const removeSql = sql(
  'sync.remove_practices',
  `update control.practice set removed_at = aegis.now()
   where removed_at is null and not practice_id = any(select json_array_elements_text($1::json)::integer)
   returning practice_id as practice`,
)

/** Notes that only these practices are still to be mirrored: nothing is asked for any other, and what we hold is kept. */
export async function keepPractices(tx: Tx, practices: readonly number[]): Promise<number[]> {
  const removed = await tx.rows<{ practice: number }>(removeSql, [JSON.stringify(practices)])
  return removed.map(({ practice }) => practice)
}

const mirroredSql = sql(
  'sync.is_mirrored',
  'select practice_id from control.practice where practice_id = $1 and removed_at is null',
)

/** Whether a practice is still to be mirrored. */
export async function isMirrored(tx: Tx, practice: number): Promise<boolean> {
  return (await tx.rows(mirroredSql, [practice])).length === 1
}

/** A feed is held off for no longer; what lies further ahead is from before the clock was set back. */
export const holdOffMsMax = 3_600_000

const standingSql = sql(
  'sync.standing',
  `select s.ended_fence, s.held_off_until, coalesce(s.held_off_until > aegis.now()
     and s.held_off_until <= aegis.now() + make_interval(secs => $3::float8 / 1000), false) as held_off
   from control.practice p left join control.schedule s on s.practice_id = p.practice_id and s.feed = $2
   where p.practice_id = $1 and p.removed_at is null`,
)

/** What the work on a feed that is still to be mirrored begins with; undefined where it is not any more. */
export async function standingOf(tx: Tx, key: FeedKey): Promise<Standing | undefined> {
  return (await tx.rows<Standing>(standingSql, [key.practice, key.feed, holdOffMsMax]))[0]
}

type Standing = { readonly ended_fence: string | null } & (
  | { readonly held_off: false }
  | { readonly held_off: true; readonly held_off_until: number }
)

const survivedSql = lookUp(
  'sync.survived',
  `update control.schedule set ended_fence = greatest(ended_fence, $3::bigint), held_off_until = null
   where practice_id = $1 and feed = $2`,
)

/** Notes that the process survived the work under this fence. */
export async function noteSurvived(tx: Tx, key: FeedKey, fence: string): Promise<void> {
  await tx.rows(survivedSql, [key.practice, key.feed, fence])
}

const holdOffSql = sql(
  'sync.hold_off',
  `update control.schedule set held_off_until = aegis.now() + make_interval(secs => $3::float8 / 1000)
   where practice_id = $1 and feed = $2`,
)

/** Lets nobody work on a feed for so long, unless it is survived before. */
export async function holdOff(tx: Tx, key: FeedKey, ms: number): Promise<void> {
  await tx.rows(holdOffSql, [key.practice, key.feed, ms])
}

const letGoSql = sql(
  'sync.let_go',
  `update control.schedule set held_off_until = null
   where practice_id = $1 and ($2::text is null or feed = $2) and held_off_until is not null`,
)

/** Lets one feed that is held off, or all of a practice, be worked on. */
export async function letGo(tx: Tx, practice: number, feed: FeedName | null): Promise<void> {
  await tx.rows(letGoSql, [practice, feed])
}

const heldOffSql = sql(
  'sync.held_off',
  `select s.practice_id as practice, s.feed, s.held_off_until as until
   from control.schedule s join control.practice p using (practice_id)
   where p.removed_at is null and s.held_off_until is not null order by s.practice_id, s.feed`,
)

/** Feeds that are held off, or worked on although they may end the process. */
export function heldOff(tx: Tx): Promise<(FeedKey & { readonly until: number })[]> {
  return tx.rows(heldOffSql)
}

const verifiedSql = sql(
  'sync.practice_verified',
  `update control.practice set verified_at = aegis.now() where practice_id = $1`,
)

export async function markVerified(tx: Tx, practice: number): Promise<void> {
  await tx.rows(verifiedSql, [practice])
}

export interface PracticeRow {
  readonly practice: number
  readonly environment: string
  readonly verified_at: number | null
}

const listSql = sql(
  'sync.practices',
  `select practice_id as practice, environment, verified_at from control.practice where removed_at is null order by practice_id`,
)

export function listPractices(tx: Tx): Promise<PracticeRow[]> {
  return tx.rows<PracticeRow>(listSql)
}
