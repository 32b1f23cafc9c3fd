import { lookUp, sql, type Tx } from '../db/db.ts'
import { TOLERANCE_MS_MAX } from './punctuality.ts'

/** A row that is new was never seen by this installation: what was sent in the second before is not known. */
const insertApp = sql(
  'quota.insert_app',
  `insert into control.quota_app (app, next_at, minute_at)
   values ($1, aegis.now() + interval '1 second', aegis.now())
   on conflict do nothing`,
)

/** Makes sure that the app's timetable exists; a new one begins a second from now. */
export async function ensureApp(tx: Tx, app: string): Promise<void> {
  await tx.rows(insertApp, [app])
}

export interface BookingRequest {
  readonly app: string
  readonly holder: string
  readonly count: number
  readonly perSecond: number
  readonly usableShare: number
  /** Book nothing when the timetable is booked further ahead than this. */
  readonly aheadMs: number
  /** The first instant is not before now and this. */
  readonly leadMs: number
  /** Pause after the batch, see `batchCostMs`. */
  readonly pauseMs: number
  readonly lapsedAfterMs: number
  readonly lapsedUntilMs: number
}

/** Where the timetable stood before, and what was booked of it: nothing when it is booked too far ahead, or paused. */
export interface BookingRow {
  readonly next_at: number
  readonly paused_until: number
  readonly now_at: number
  readonly first_at: number | null
  readonly interval_ms: number | null
}

/**
 * Every instant on the right is computed after the row's lock is had: PostgreSQL evaluates the SET list and the WHERE
 * anew on the row as the last writer left it. Cut-off processes each take one call of the limit. A window of the limit's
 * calls takes a second over the usable share, and the margin that being throttled has taught.
 */
const bookInstants = lookUp(
  'quota.book_instants',
  `with booked as (update control.quota_app a set
     next_at = greatest(a.next_at, a.paused_until, aegis.now() + make_interval(secs => $7::float8 / 1000))
       + make_interval(secs => $3::integer * pace.seconds + $8::float8 / 1000),
     booked_at = aegis.now(),
     minute_before = case
       when aegis.now() >= a.minute_at + interval '2 minutes' then 0
       when aegis.now() >= a.minute_at + interval '1 minute' then a.minute_calls
       else a.minute_before end,
     minute_calls = case when aegis.now() >= a.minute_at + interval '1 minute' then 0 else a.minute_calls end + $3::integer,
     minute_at = case
       when aegis.now() >= a.minute_at + interval '2 minutes' then aegis.now()
       when aegis.now() >= a.minute_at + interval '1 minute' then a.minute_at + interval '1 minute'
       else a.minute_at end
   from (
     select (1 / $5::float8 + margin.seconds) / greatest(least(1, $4::float8), $4::float8 - cut_off.processes) as seconds
     from (
       select count(*) as processes from control.quota_holder h
       where h.app = $1 and h.holder <> $2
         and h.seen_at < aegis.now() - make_interval(secs => $9::float8 / 1000)
         and h.seen_at > aegis.now() - make_interval(secs => $10::float8 / 1000)
     ) cut_off, (
       select coalesce(max(case when m.margin_ms > 0 then m.margin_ms / 1000 *
         0.5::float8 ^ least(60, greatest(0, extract(epoch from aegis.now() - m.margin_at)::float8 / 3600)) end), 0) as seconds
       from control.quota_app m where m.app = $1
     ) margin
   ) pace
   where a.app = $1
     and greatest(a.next_at, a.paused_until) <= aegis.now() + make_interval(secs => $6::float8 / 1000)
   returning
     a.next_at - make_interval(secs => $3::integer * pace.seconds + $8::float8 / 1000) as first_at,
     pace.seconds * 1000 as interval_ms,
     aegis.now() as now_at)
   select t.next_at, t.paused_until, coalesce(b.now_at, aegis.now()) as now_at, b.first_at, b.interval_ms
   from control.quota_app t left join booked b on true where t.app = $1`,
)

/** Books `count` instants in a row; undefined for an app that nobody has called yet. With `isLast` it commits. */
export async function bookRow(
  tx: Tx,
  request: BookingRequest,
  { isLast }: { readonly isLast: boolean },
): Promise<BookingRow | undefined> {
  const values = [
    request.app,
    request.holder,
    request.count,
    request.perSecond,
    request.usableShare,
    request.aheadMs,
    request.leadMs,
    request.pauseMs,
    request.lapsedAfterMs,
    request.lapsedUntilMs,
  ]
  const [row] = await tx.rows<BookingRow>(bookInstants, values, { isLast })
  return row
}

const moveTimetable = sql(
  'quota.move_timetable',
  `update control.quota_app set next_at = next_at + make_interval(secs => $2::float8 / 1000)
   where app = $1 and next_at <= to_timestamp($3::float8 / 1000)
   returning 1 as moved`,
)

/** Moves all that is not booked yet by `costMs`, if nothing is booked past `before` (epoch ms); whether it did. */
export async function moveRow(tx: Tx, app: string, move: { costMs: number; before: number }): Promise<boolean> {
  return (await tx.rows(moveTimetable, [app, move.costMs, move.before])).length > 0
}

export interface TimetableRow {
  readonly next_at: number
  readonly paused_until: number
  readonly now_at: number
}

const readTimetable = sql(
  'quota.read_timetable',
  'select next_at, paused_until, aegis.now() as now_at from control.quota_app where app = $1',
)

/** Where the timetable stands; undefined for an app that nobody has called yet. */
export async function timetableRow(tx: Tx, app: string): Promise<TimetableRow | undefined> {
  const [row] = await tx.rows<TimetableRow>(readTimetable, [app])
  return row
}

const restartTimetable = sql(
  'quota.restart_timetable',
  `update control.quota_app set
     next_at = least(next_at, aegis.now() + interval '1 second'),
     paused_until = case when paused_until > aegis.now() + make_interval(secs => $3::float8 / 1000)
       then '-infinity' else paused_until end,
     minute_at = least(minute_at, aegis.now())
   where app = $1 and (next_at > aegis.now() + make_interval(secs => $2::float8 / 1000)
     or paused_until > aegis.now() + make_interval(secs => $3::float8 / 1000))`,
)

/** Begins the timetable anew in a second when it lies further ahead than can be: the clock was set back. */
export async function restartRow(tx: Tx, app: string, most: { aheadMs: number; pausedMs: number }): Promise<void> {
  await tx.rows(restartTimetable, [app, most.aheadMs, most.pausedMs])
}

const delayTimetable = sql(
  'quota.delay_timetable',
  `update control.quota_app set next_at = greatest(next_at,
     least(greatest(next_at, aegis.now()) + make_interval(secs => $2::float8 / 1000),
       aegis.now() + make_interval(secs => $3::float8 / 1000)))
   where app = $1`,
)
const delayPractices = sql(
  'quota.delay_practices',
  `update control.quota_practice p set next_at = greatest(p.next_at,
     least(greatest(p.next_at, aegis.now()) + make_interval(secs => $2::float8 / 1000),
       aegis.now() + make_interval(secs => $3::float8 / 1000)))
   from (select l.practice_id from control.quota_practice l where l.app = $1 order by l.practice_id for update) locked
   where p.app = $1 and p.practice_id = locked.practice_id`,
)

/** How far the database's clock was set ahead, and what of it has to be waited for at most: what is booked ends sooner. */
export interface Setting {
  readonly aheadMs: number
  readonly mostMs: number
}

/** Delays what is not booked yet after the database's clock was set ahead. Who notices later adds little or nothing. */
export async function delayRow(tx: Tx, app: string, { aheadMs, mostMs }: Setting): Promise<void> {
  await tx.rows(delayTimetable, [app, aheadMs, mostMs])
}

/** The same for every practice of the app. */
export async function delayPracticeRows(tx: Tx, app: string, { aheadMs, mostMs }: Setting): Promise<void> {
  await tx.rows(delayPractices, [app, aheadMs, mostMs])
}

/** How far ahead a timetable is booked at most where no clock was set: the widest tolerance, and a second. */
const BOOKED_MS_MAX = TOLERANCE_MS_MAX + 1_000

// Beyond a second ahead it lies by the clock as it was if it was not booked since, else only beyond what can be.
const setBackTimetables = sql(
  'quota.set_back_timetables',
  `update control.quota_app a set
     next_at = case when a.next_at > aegis.now() +
         case when a.booked_at > aegis.now() then interval '1 second' else make_interval(secs => $2::float8 / 1000) end
       then greatest(aegis.now(), a.next_at - make_interval(secs => $1::float8 / 1000)) + interval '1 second'
       else a.next_at end,
     paused_until = case when a.paused_until > aegis.now() + interval '1 second'
       then greatest(aegis.now(), a.paused_until - make_interval(secs => $1::float8 / 1000)) + interval '1 second'
       else a.paused_until end,
     booked_at = least(a.booked_at, aegis.now())`,
)
const setBackPractices = sql(
  'quota.set_back_practices',
  `update control.quota_practice p set
     next_at = greatest(aegis.now(), p.next_at - make_interval(secs => $1::float8 / 1000)) + interval '1 second'
   from (select l.app, l.practice_id from control.quota_practice l join control.quota_app a on a.app = l.app
     where l.next_at > aegis.now() +
       case when a.booked_at > aegis.now() then interval '1 second' else make_interval(secs => $2::float8 / 1000) end
     order by l.app, l.practice_id for update of l) ahead
   where p.app = ahead.app and p.practice_id = ahead.practice_id`,
)

/**
 * Sets the timetables and pauses of all apps back with the database's clock, and a second less, since it is not known
 * exactly by how much. Once: what was booked since stays.
 */
export async function setBackRows(tx: Tx, backMs: number): Promise<void> {
  await tx.rows(setBackPractices, [backMs, BOOKED_MS_MAX])
  await tx.rows(setBackTimetables, [backMs, BOOKED_MS_MAX])
}

/** A call was throttled. */
export interface Pause {
  /** What athenahealth said how long to wait. */
  readonly pauseMs: number | undefined
  /** When the call was sent, epoch ms. */
  readonly sentAt: number
}

const pauseTimetable = sql(
  'quota.pause_timetable',
  `update control.quota_app a set
     margin_ms = case when a.paused_until > sent.at then a.margin_ms
       else least(2000, greatest(25, 2 * a.margin_ms *
         0.5::float8 ^ least(60, greatest(0,
           extract(epoch from aegis.now() - greatest(a.margin_at, '2000-01-01'))::float8 / 3600)))) end,
     margin_at = case when a.paused_until > sent.at then a.margin_at else aegis.now() end,
     pauses = case
       when a.paused_until > sent.at then a.pauses
       when a.paused_until > aegis.now() - interval '1 minute' then least(a.pauses + 1, 6)
       else 0 end,
     paused_until = greatest(a.paused_until, aegis.now() + make_interval(secs => coalesce($2::float8, case
       when a.paused_until > sent.at then 1000
       when a.paused_until > aegis.now() - interval '1 minute' then 1000 * 2 ^ least(a.pauses + 1, 6)
       else 1000 end) / 1000))
   from (select least(aegis.now(), to_timestamp($3::float8 / 1000)) as at) sent
   where a.app = $1
   returning a.paused_until, aegis.now() as now_at`,
)

/**
 * Pauses the app for everybody, for `pauseMs`, or when athenahealth did not say for how long: 1 s, doubled with each
 * throttling that follows within a minute of the last pause, up to 64 s. The answer to a call that was sent before the end of
 * the last pause, whenever it comes, is no further throttling: it doubles nothing, and nobody calls for a second after it. Being throttled
 * although the timetable was kept to means that calls arrive more unevenly than planned for: from then on they are spaced by
 * 25 ms a second more, twice as much each time, and half as much again with every hour.
 */
export async function pauseRow(
  tx: Tx,
  app: string,
  { pauseMs, sentAt }: Pause,
): Promise<{ paused_until: number; now_at: number } | undefined> {
  const values = [app, pauseMs ?? null, sentAt]
  const [row] = await tx.rows<{ paused_until: number; now_at: number }>(pauseTimetable, values)
  return row
}

const insertPractices = sql(
  'quota.insert_practices',
  `insert into control.quota_practice (app, practice_id, next_at)
   select $1, value::integer, aegis.now() + interval '1 second' from jsonb_array_elements_text($2::jsonb)
   order by value::integer
   on conflict do nothing`,
)
const lockPractices = sql(
  'quota.lock_practices',
  `select p.practice_id, p.next_at, aegis.now() as now_at from control.quota_practice p
   where p.app = $1 and p.practice_id in (select value::integer from jsonb_array_elements_text($2::jsonb))
   order by p.practice_id for update`,
)
const movePractices = sql(
  'quota.move_practices',
  `update control.quota_practice p set next_at = to_timestamp(m.next_at / 1000)
   from jsonb_to_recordset($2::jsonb) as m (practice integer, next_at float8)
   where p.app = $1 and p.practice_id = m.practice`,
)

export interface PracticeRow {
  readonly practice_id: number
  readonly next_at: number
  readonly now_at: number
}

/** Locks the practices' own timetables, in one order so that two processes never wait for each other. */
export async function lockPracticeRows(tx: Tx, app: string, practices: readonly number[]): Promise<PracticeRow[]> {
  await tx.rows(insertPractices, [app, practices])
  return tx.rows<PracticeRow>(lockPractices, [app, practices])
}

/** Moves practices' timetables on (epoch ms). */
export async function movePracticeRows(
  tx: Tx,
  app: string,
  moves: readonly { practice: number; next_at: number }[],
): Promise<void> {
  await tx.rows(movePractices, [app, moves])
}

const upsertHolder = sql(
  'quota.upsert_holder',
  `with mine as (
     insert into control.quota_holder (app, holder, seen_at) values ($1, $2, aegis.now())
     on conflict (app, holder) do update set seen_at = excluded.seen_at
   ), dead as (
     delete from control.quota_holder d where d.app = $1 and d.holder in (
       select o.holder from control.quota_holder o
       where o.app = $1 and o.holder <> $2 and o.seen_at <= aegis.now() - make_interval(secs => $3::float8 / 1000)
       for update skip locked)
   )
   select count(*)::integer + 1 as holders,
     (count(*) filter (where h.seen_at > aegis.now() - make_interval(secs => $4::float8 / 1000)))::integer as others
   from control.quota_holder h
   where h.app = $1 and h.holder <> $2 and h.seen_at > aegis.now() - make_interval(secs => $3::float8 / 1000)`,
)
const deleteHolder = sql('quota.delete_holder', 'delete from control.quota_holder where app = $1 and holder = $2')

export interface Seen {
  /** How many processes call or may do so, this one included. */
  readonly holders: number
  /** How many others call now: those that died or are cut off want nothing of the timetable. */
  readonly others: number
}

/**
 * Says that this process calls; returns who else does. Forgets those that are gone for good: the booking counts what is
 * there. Two that come back at once wait for none of each other's rows.
 */
export async function seenRow(
  tx: Tx,
  who: { readonly app: string; readonly holder: string },
  times: { readonly lapsedUntilMs: number; readonly idleAfterMs: number },
): Promise<Seen> {
  const [row] = await tx.rows<Seen>(upsertHolder, [who.app, who.holder, times.lapsedUntilMs, times.idleAfterMs])
  return row ?? { holders: 1, others: 0 }
}

/** Says that this process calls no more. */
export async function goneRow(tx: Tx, who: { app: string; holder: string }): Promise<void> {
  await tx.rows(deleteHolder, [who.app, who.holder])
}
