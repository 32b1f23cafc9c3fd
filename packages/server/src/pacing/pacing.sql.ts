import { lookUp, sql, type Tx } from '../db/db.ts'
import type { SizeGroup } from './day-forecast.ts'

/** One feed of one practice. */
export interface PacedFeed {
  readonly practice: number
  readonly feed: string
}

export interface PacingRow {
  readonly changes: readonly number[] | null
  readonly hours: readonly number[] | null
  readonly lately_changes: number
  readonly lately_expected: number
  /** The latest hint, and the first of those that were not looked for yet, where that was another. */
  readonly hinted_at: number | null
  readonly hinted_since: number | null
  readonly hint_again: boolean
  readonly wanted_at: number | null
  readonly zone: string | null
}

const readSql = lookUp(
  'pacing.read_feed',
  `select f.changes, f.hours, f.lately_changes, f.lately_expected, f.hinted_at, f.hinted_since,
     f.hint_again, f.wanted_at, (select z.zone from control.pacing_zone z where z.practice_id = $1) as zone
   from (select 1) one left join control.pacing_feed f on f.practice_id = $1 and f.feed = $2`,
)

/** What is known of a feed; all null of one that was never drained. */
export async function readPacing(tx: Tx, { practice, feed }: PacedFeed): Promise<PacingRow | undefined> {
  return (await tx.rows<PacingRow>(readSql, [practice, feed]))[0]
}

const saveSql = sql(
  'pacing.save_feed',
  `insert into control.pacing_feed as f (practice_id, feed, changes, hours, lately_changes, lately_expected, size_step,
     drained_at, every_ms, wait_ms, hinted_at, hint_again)
   values ($1, $2, $3::real[], $4::real[], $5, $6, $7, $8, $9, $10, $11, $12)
   on conflict (practice_id, feed) do update set changes = excluded.changes, hours = excluded.hours,
     lately_changes = excluded.lately_changes, lately_expected = excluded.lately_expected,
     size_step = excluded.size_step, drained_at = excluded.drained_at, every_ms = excluded.every_ms,
     wait_ms = excluded.wait_ms, hinted_at = greatest(f.hinted_at, excluded.hinted_at), hint_again = excluded.hint_again
   returning hinted_at, wanted_at`,
)

export interface PacingToSave {
  readonly changes: readonly number[]
  readonly hours: readonly number[]
  readonly lately: { readonly changes: number; readonly expected: number }
  readonly sizeStep: number
  readonly drainedAt: string
  readonly everyMs: number
  readonly waitMs: number
  /** A hint that is to be looked into once more. */
  readonly hintedAt: string | null
  readonly hintAgain: boolean
}

/** Keeps what a drain taught. Returns the latest hint and wish, which may have come meanwhile. */
export async function savePacing(
  tx: Tx,
  { practice, feed }: PacedFeed,
  save: PacingToSave,
): Promise<{ hinted_at: number | null; wanted_at: number | null }> {
  const { lately } = save
  const [row] = await tx.rows<{ hinted_at: number | null; wanted_at: number | null }>(saveSql, [
    practice,
    feed,
    reals(save.changes),
    reals(save.hours),
    lately.changes,
    lately.expected,
    save.sizeStep,
    save.drainedAt,
    Math.round(save.everyMs),
    Math.round(save.waitMs),
    save.hintedAt,
    save.hintAgain,
  ])
  return row ?? { hinted_at: null, wanted_at: null }
}

/** More digits than a `real` keeps would only be sent. */
function reals(values: readonly number[]): string {
  return `{${values.map((value) => Number(value.toPrecision(6))).join(',')}}`
}

const pendingSql = sql(
  'pacing.is_hinted',
  `select hinted_at > coalesce(drained_at, '-infinity') as pending from control.pacing_feed
   where practice_id = $1 and feed = $2 for update`,
)
const hintSql = sql(
  'pacing.hint',
  `insert into control.pacing_feed as f (practice_id, feed, hinted_at) values ($1, $2, aegis.now())
   on conflict (practice_id, feed) do update set hinted_at = aegis.now(), hint_again = false, hinted_since = case
     when f.hinted_since > coalesce(f.drained_at, '-infinity') then f.hinted_since
     when f.hinted_at > coalesce(f.drained_at, '-infinity') then f.hinted_at end`,
)

/**
 * Notes that something outside told of a change in a feed. False where the feed is to be looked at for an earlier hint anyway:
 * then nobody needs to be woken.
 */
export async function noteHint(tx: Tx, { practice, feed }: PacedFeed): Promise<boolean> {
  // Locked first: a drain that ends at this moment either sees this hint or is seen here.
  const [row] = await tx.rows<{ pending: boolean | null }>(pendingSql, [practice, feed])
  await tx.rows(hintSql, [practice, feed])
  return row?.pending !== true
}

const wantSql = sql(
  'pacing.want',
  `insert into control.pacing_feed as f (practice_id, feed, wanted_at)
   select $1, feed, aegis.now() from unnest($2::text[]) feed
   on conflict (practice_id, feed) do update set wanted_at = aegis.now()`,
)

/** Notes that somebody wants these feeds of a practice read now. */
export async function noteWanted(tx: Tx, practice: number, feeds: readonly string[]): Promise<void> {
  await tx.rows(wantSql, [practice, `{${feeds.map((feed) => `"${feed}"`).join(',')}}`])
}

const zoneSql = sql(
  'pacing.set_zone',
  `insert into control.pacing_zone as z (practice_id, zone) values ($1, $2)
   on conflict (practice_id) do update set zone = excluded.zone where z.zone <> excluded.zone`,
)

/** Notes by whose clocks a practice lives. */
export async function setZone(tx: Tx, practice: number, zone: string): Promise<void> {
  await tx.rows(zoneSql, [practice, zone])
}

const chosenSql = sql(
  'pacing.chosen',
  `select practice_id as practice, feed, every_ms, wait_ms from control.pacing_feed
   where drained_at > aegis.now() - interval '1 day' and ($1::integer is null or practice_id = $1)`,
)

/** How often each feed that was drained within a day is read, of one practice or of all. */
export function chosenPaces(
  tx: Tx,
  practice: number | null,
): Promise<{ practice: number; feed: string; every_ms: number; wait_ms: number }[]> {
  return tx.rows(chosenSql, [practice])
}

const sizesSql = sql(
  'pacing.sizes',
  `select f.feed, coalesce(z.zone, $1) as zone, f.size_step as step, count(*)::integer as feeds
   from control.pacing_feed f left join control.pacing_zone z using (practice_id)
   where f.drained_at > aegis.now() - interval '1 day'
   group by 1, 2, 3`,
)

/** The feeds that were drained within a day, in groups of like size. */
export function sizeGroups(tx: Tx, zoneDefault: string): Promise<SizeGroup[]> {
  return tx.rows<SizeGroup>(sizesSql, [zoneDefault])
}

const leaveSql = sql(
  'pacing.leave_others',
  `update control.pacing_feed set drained_at = null
   where drained_at is not null and not (practice_id = any($1::integer[]) and feed = any($2::text[]))`,
)

/** What is planned for from now on. */
export interface PacedFeeds {
  readonly practices: readonly number[]
  readonly feeds: readonly string[]
}

/** Leaves all other feeds out of what is planned and shown, until they are drained again. What was learned of them is kept. */
export async function leaveOtherFeeds(tx: Tx, { practices, feeds }: PacedFeeds): Promise<void> {
  await tx.rows(leaveSql, [`{${practices.join(',')}}`, `{${feeds.join(',')}}`])
}

const boundSql = sql(
  'pacing.bound_times',
  `update control.pacing_feed set
     drained_at = case when drained_at > aegis.now() then aegis.now() else drained_at end,
     hinted_at = case when hinted_at > aegis.now() then aegis.now() else hinted_at end,
     hinted_since = case when hinted_since > aegis.now() then aegis.now() else hinted_since end,
     wanted_at = case when wanted_at > aegis.now() then aegis.now() else wanted_at end
   where greatest(drained_at, hinted_at, hinted_since, wanted_at) > aegis.now()`,
)

/** Brings what is noted for later than now back to now: the clock was set back. */
export async function boundPacingTimes(tx: Tx): Promise<void> {
  await tx.rows(boundSql)
}
