import { lookUp, sql, type Tx } from '../db/db.ts'
import type { FeedName } from './feed-name.ts'
import type { FeedKey } from './feed-state.sql.ts'

const wantSql = lookUp(
  'sync.want_refetch',
  `insert into aegis.refetch (practice_id, feed, key, sealed_id, wanted_at, wished_at, wanted_seq, run_id, of_feed)
   select $1, r.feed, r.key, coalesce(known.sealed_id, decode(r.sealed_id, 'base64')),
     (select aegis.now()), (select aegis.now()), $3, $4, $6
   from json_to_recordset($2::json) as r(feed text, key text, sealed_id text, keeps boolean)
   left join aegis.refetch as known on r.keeps and known.practice_id = $1 and known.feed = r.feed and known.key = r.key
   order by r.feed, r.key
   on conflict (practice_id, feed, key) do update set sealed_id = excluded.sealed_id, wanted_at = excluded.wanted_at,
     wished_at = case when $5 then coalesce(aegis.refetch.wished_at, excluded.wished_at) else excluded.wished_at end,
     wanted_seq = case when $5 and aegis.refetch.missing_since is not null then aegis.refetch.wanted_seq
       else excluded.wanted_seq end,
     missing_since = case when $5 then aegis.refetch.missing_since end,
     nothing_found = $5 and aegis.refetch.nothing_found, patient_unclear = $5 and aegis.refetch.patient_unclear,
     unclear_since = case when $5 then aegis.refetch.unclear_since end,
     nothing_found_since = case when $5 then aegis.refetch.nothing_found_since end,
     run_id = case when excluded.run_id is null then null else aegis.refetch.run_id end,
     of_feed = aegis.refetch.of_feed or excluded.of_feed`,
)

export interface RefetchRow {
  readonly feed: FeedName
  readonly key: string
  /** Base64. */
  readonly sealed_id: string
  /** Whether a wish that is there goes on to ask with what it has. */
  readonly keeps?: boolean
}

/**
 * Notes records to be asked for, wished for at `seq` in the order of asking; a wish that is there begins anew. In the
 * order of their keys, so that two feeds that wish for the same records cannot deadlock. `runId`: the check that wants to
 * know; `isUnseen`: no list shows them, so that one goes on to be wished for since it first was, and what was not found stays not
 * found, since the read that did not find it: what was shown between is not missing; `isOfFeed`: a feed has told of them.
 */
export async function insertRefetches(
  tx: Tx,
  practice: number,
  {
    rows,
    seq,
    runId,
    isUnseen = false,
    isOfFeed = false,
  }: { rows: readonly RefetchRow[]; seq: bigint; runId?: string; isUnseen?: boolean; isOfFeed?: boolean },
): Promise<void> {
  const why = [runId ?? null, isUnseen, isOfFeed]
  if (rows.length) await tx.rows(wantSql, [practice, JSON.stringify(rows), seq.toString(), ...why])
}

// What is put off is bounded by a time, so that an index finds what is not, past a hundred thousand that are.
const wishedSql = lookUp(
  'sync.wished_feeds',
  `select f.feed from aegis.feed_state f
   where f.practice_id = $1 and f.feed <> $2 and exists (select from aegis.refetch r
     where r.practice_id = $1 and r.feed = f.feed and r.wanted_at <= (select aegis.now())
       and r.wanted_at > case when f.refetch_put_off_until > (select aegis.now()) then f.refetch_put_off_at else '-infinity' end)`,
)

/** The other feeds of which records are to be asked for now. */
export async function otherWishedFeeds(tx: Tx, key: FeedKey): Promise<FeedName[]> {
  return (await tx.rows<{ feed: FeedName }>(wishedSql, [key.practice, key.feed])).map(({ feed }) => feed)
}

const nextOfFeedSql = lookUp(
  'sync.next_named_refetch',
  `select key, sealed_id, wanted_seq, missing_since, missed_charts, run_id, wished_at, of_feed
   from aegis.refetch
   where practice_id = $1 and feed = $2 and of_feed and wanted_at <= (select aegis.now()) and wanted_at > coalesce((
     select case when f.refetch_put_off_until > (select aegis.now()) then f.refetch_put_off_at end
     from aegis.feed_state f where f.practice_id = $1 and f.feed = $2), '-infinity')
   order by wanted_at, key limit $3`,
)

const nextSql = lookUp(
  'sync.next_refetch',
  `select key, sealed_id, wanted_seq, missing_since, missed_charts, run_id, wished_at, of_feed
   from aegis.refetch
   where practice_id = $1 and feed = $2 and wanted_at <= (select aegis.now()) and wanted_at > coalesce((
     select case when f.refetch_put_off_until > (select aegis.now()) then f.refetch_put_off_at end
     from aegis.feed_state f where f.practice_id = $1 and f.feed = $2), '-infinity')
   order by wanted_at, key limit $3`,
)

export interface NextRefetch {
  readonly key: string
  readonly sealed_id: Buffer
  readonly wanted_seq: string
  readonly missing_since: number | null
  readonly missed_charts: string | null
  readonly run_id: string | null
  readonly wished_at: number | null
  readonly of_feed: boolean
}

/** What is to be asked for now: what a feed has named alone, if there is any, then the rest; of either what has waited longest. */
export async function nextRefetches(tx: Tx, key: FeedKey, most: number): Promise<NextRefetch[]> {
  const named = await tx.rows<NextRefetch>(nextOfFeedSql, [key.practice, key.feed, most])
  return named.length > 0 ? named : tx.rows(nextSql, [key.practice, key.feed, most])
}

const isWishedSql = lookUp(
  'sync.is_wished',
  `select from aegis.refetch where practice_id = $1 and feed = $2 and key = $3`,
)

/** Whether a record is to be asked for already. */
export async function isWished(tx: Tx, key: FeedKey, recordKey: string): Promise<boolean> {
  return (await tx.rows(isWishedSql, [key.practice, key.feed, recordKey])).length > 0
}

const doneSql = lookUp(
  'sync.refetched',
  `delete from aegis.refetch
   where practice_id = $1 and feed = $2 and key = $3 and wanted_seq < $4 and ($5::bytea is null or sealed_id = $5)`,
)

/**
 * Forgets the wish for a record, unless it came after the request that was to fulfil it; `sealed`: only while the wish is this
 * one still.
 */
export async function deleteRefetch(
  tx: Tx,
  key: FeedKey,
  { recordKey, fetchSeq, sealed = null }: { recordKey: string; fetchSeq: bigint; sealed?: Buffer | null },
): Promise<void> {
  await tx.rows(doneSql, [key.practice, key.feed, recordKey, fetchSeq.toString(), sealed])
}

const laterSql = lookUp(
  'sync.refetch_later',
  `update aegis.refetch set wanted_at = aegis.now() + make_interval(secs => $4::float8 / 1000),
     missing_since = case when $5 then aegis.now() else missing_since end,
     wanted_seq = greatest(wanted_seq, $6), missed_charts = case when $5 then $7 else missed_charts end,
     patient_unclear = $8, unclear_since = case when $8 then least(unclear_since, aegis.now()) end,
     nothing_found = $9, nothing_found_since = case when $9 then least(nothing_found_since, aegis.now()) end
   where practice_id = $1 and feed = $2 and key = $3 and ($10::bytea is null or sealed_id = $10)`,
)

/**
 * Puts off a record that could not be read now, for `afterMs` from now on by the database's clock, so that it holds up nothing
 * else; `missing`: the read with the number `seq` found no such record, or, of all that a patient has in these `charts`, lacked some;
 * `isPatientUnclear`: nobody can say whether its patient is shown; `isNothingFound`: nor is anything else of its kind;
 * `sealed`: only while the wish is this one still.
 */
export async function postponeRefetch(
  tx: Tx,
  key: FeedKey,
  later: {
    recordKey: string
    afterMs: number
    missing?: boolean
    seq?: bigint
    charts?: string
    isPatientUnclear?: boolean
    isNothingFound?: boolean
    sealed?: Buffer
  },
): Promise<void> {
  const { recordKey, afterMs, missing = false, seq = 0n, charts = null } = later
  const { isPatientUnclear = false, isNothingFound = false, sealed = null } = later
  const why = [isPatientUnclear, isNothingFound, sealed]
  await tx.rows(laterSql, [key.practice, key.feed, recordKey, afterMs, missing, seq.toString(), charts, ...why])
}

const foundSql = lookUp(
  'sync.found_again',
  `update aegis.refetch set nothing_found = false, nothing_found_since = null
   where practice_id = $1 and feed = $2 and nothing_found`,
)

/** Something of the kind is found: of none of its records that are put off it is so any more that nothing is. */
export async function noteFoundAgain(tx: Tx, key: FeedKey): Promise<void> {
  await tx.rows(foundSql, [key.practice, key.feed])
}

const unclearSql = sql(
  'sync.patient_no_longer_unclear',
  `update aegis.refetch r set wanted_at = (select aegis.now())
   from (select feed, key from aegis.refetch
     where practice_id = $1 and patient_unclear and key = any(select json_array_elements_text($2::json))
     order by feed, key for update) theirs
   where r.practice_id = $1 and r.feed = theirs.feed and r.key = theirs.key`,
)

/** Those of these records that were put off since nobody could say of their patient whether it is shown are asked for now. */
export async function wantUnclear(tx: Tx, practice: number, keys: readonly string[]): Promise<void> {
  await tx.rows(unclearSql, [practice, JSON.stringify(keys)])
}

const allLaterSql = lookUp(
  'sync.refetches_later',
  `update aegis.feed_state set refetch_put_off_at = aegis.now(),
     refetch_put_off_until = aegis.now() + make_interval(secs => $3::float8 / 1000)
   where practice_id = $1 and feed = $2`,
)

/** Puts off all records of a feed that are to be asked for now, for `afterMs` from now on: one row is written, however many they are. */
export async function postponeRefetches(tx: Tx, key: FeedKey, afterMs: number): Promise<void> {
  await tx.rows(allLaterSql, [key.practice, key.feed, afterMs])
}

/** Where the id of a record to be asked for is sealed. */
export function refetchPlace(feed: string, key: string) {
  return { table: 'aegis.refetch', column: 'sealed_id', row: `${feed}:${key}` }
}
