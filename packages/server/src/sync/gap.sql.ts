import { lookUp, sql, type Tx } from '../db/db.ts'
import type { FeedName } from './feed-name.ts'
import type { FeedKey } from './feed-state.sql.ts'

export type GapCause =
  | 'retention-passed'
  | 'replay-too-long'
  | 'subscription-lost'
  | 'foreign-consumer'
  | 'unreadable'
  /** Somebody who asked for a snapshot has said that changes may be missing. */
  | 'asked-for'

export interface GapRow {
  readonly feed: FeedName
  readonly cause: GapCause
  readonly from_at: number
  readonly opened_at: number
}

const openSql = sql(
  'sync.open_gap',
  `with known as (
     update aegis.gap set last_at = aegis.now(), from_at = least(from_at, coalesce($4::timestamptz, from_at))
     where practice_id = $1 and feed = $2 and cause = $3 and closed_at is null returning gap_id)
   insert into aegis.gap (practice_id, feed, cause, from_at, opened_at, last_at)
   select $1, $2, $3, coalesce($4::timestamptz, aegis.now()), aegis.now(), aegis.now()
   where not exists (select from known)
   returning gap_id`,
)

/** Opens a gap, or notes that the open one of the same cause goes on. Returns whether it is new. */
export async function openGap(tx: Tx, key: FeedKey, gap: { cause: GapCause; from: string | null }): Promise<boolean> {
  return (await tx.rows(openSql, [key.practice, key.feed, gap.cause, gap.from])).length === 1
}

const closeSql = sql(
  'sync.close_gaps',
  `update aegis.gap set closed_at = aegis.now()
   where practice_id = $1 and feed = $2 and closed_at is null and last_at <= $3
     and not (cause = 'subscription-lost' and exists (
       select from aegis.feed_state f where f.practice_id = $1 and f.feed = $2 and f.partial_since is not null))`,
)

/** Closes the gaps that a snapshot begun at `coveredFrom` covers: not that of a subscription which is partial still. */
export async function closeGaps(tx: Tx, key: FeedKey, coveredFrom: string): Promise<void> {
  await tx.rows(closeSql, [key.practice, key.feed, coveredFrom])
}

const listSql = lookUp(
  'sync.open_gaps',
  `select g.feed, g.cause, g.from_at, g.opened_at from aegis.gap g join aegis.feed_state f using (practice_id, feed)
   where practice_id = $1 and g.closed_at is null order by g.opened_at`,
)

/** Of feeds that are mirrored: when one is no more, what it misses is nobody's gap until it is again. */
export function openGaps(tx: Tx, practice: number): Promise<GapRow[]> {
  return tx.rows<GapRow>(listSql, [practice])
}

const troubleSql = sql(
  'sync.trouble',
  `select
     (select count(*) from aegis.feed_intent where practice_id = $1 and closed_at is null) as open_intents,
     (select count(*) from aegis.quarantine where practice_id = $1 and released_at is null) as quarantined,
     (select count(*) from aegis.inbox_page where practice_id = $1 and applied_at is null) as waiting_pages,
     (select count(*) from aegis.refetch where practice_id = $1) as in_doubt`,
)

/** Open work and trouble of a practice, as counts. */
export async function countTrouble(tx: Tx, practice: number) {
  const [row] = await tx.rows<Record<'open_intents' | 'quarantined' | 'waiting_pages' | 'in_doubt', string>>(
    troubleSql,
    [practice],
  )
  return {
    openIntents: Number(row?.open_intents ?? 0),
    quarantined: Number(row?.quarantined ?? 0),
    waitingPages: Number(row?.waiting_pages ?? 0),
    inDoubt: Number(row?.in_doubt ?? 0),
  }
}

const gapsOfSql = sql(
  'sync.gaps_of',
  'select practice_id as practice, feed, cause, from_at, opened_at from aegis.gaps_of($1::integer[])',
)

/** The open gaps of many practices, oldest first within each. To be called in the context of none: practice 0. */
export function gapsOf(tx: Tx, practices: readonly number[]): Promise<(GapRow & { practice: number })[]> {
  return tx.rows(gapsOfSql, [`{${practices.join(',')}}`])
}

const troubleOfSql = sql(
  'sync.trouble_of',
  `select practice_id as practice, feed, open_intents, waiting_pages, in_doubt, quarantined, unfound, unfound_since,
     unclear, unclear_since, unsettled, unsettled_since
   from aegis.trouble_of($1::integer[])`,
)

export interface TroubleRow {
  readonly practice: number
  readonly feed: FeedName
  readonly open_intents: string
  readonly waiting_pages: string
  readonly in_doubt: string
  readonly quarantined: string
  /** Records that athenahealth did not find when it was asked for them last, and since when it has not found one of them. */
  readonly unfound: string
  readonly unfound_since: number | null
  /** The same of records of which nobody can say whether their patients are shown. */
  readonly unclear: string
  readonly unclear_since: number | null
  /** Records asked for by id that are neither shown nor said to be gone for more than a day, and since when one of them was to be. */
  readonly unsettled: string
  readonly unsettled_since: number | null
}

/** Open work and trouble of many practices, per feed that has any. To be called in the context of none: practice 0. */
export function troubleOf(tx: Tx, practices: readonly number[]): Promise<TroubleRow[]> {
  return tx.rows(troubleOfSql, [`{${practices.join(',')}}`])
}
