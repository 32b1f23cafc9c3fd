import { lookUp, type Tx } from '../db/db.ts'
import type { FeedStateRow, HeldFeed } from './feed-state.sql.ts'
import { feedNeeds } from './feed-table.ts'

const picture = lookUp(
  'sync.feed_picture',
  `select f.feed, f.state, f.state_since, f.subscribed_at, f.active_at, f.provisional_at, f.snapshot_at,
     f.resnapshot_wanted_at, f.checkpoint, f.drain_started_at, f.drain_ended_at, f.subscription_checked_at,
     f.unclear_since, f.foreign_checked_at, f.last_change_at, f.failures, f.failure_code, f.retry_at, f.departments,
     f.subscribed_departments, f.added_departments, f.resubscribed_at, f.look_put_off_until,
     f.subscription_put_off_until, f.calls_limit, f.calls_until, f.snapshot_failures, f.snapshot_failure_code,
     f.snapshot_failing_since, f.partial_since, f.partial_events, f.seen_active_at, f.subscription_refused, aegis.now() as now_at,
     (select count(*) from aegis.inbox_page as p
      where p.practice_id = $1 and p.feed = $2 and p.applied_at is null) as waiting_pages,
     exists (select from aegis.refetch as r
      where r.practice_id = $1 and r.feed = $2 and r.wanted_at <= (select aegis.now())
        and r.wanted_at > case when f.refetch_put_off_until > (select aegis.now()) then f.refetch_put_off_at else '-infinity' end
     ) as is_refetch_due,
     (select min(t.due_at) from aegis.reconciliation_task as t where t.practice_id = $1 and t.feed = $2) as check_due,
     (select max(coalesce(i.doubted_at, i.opened_at)) from aegis.feed_intent as i
      where i.practice_id = $1 and i.feed = $2 and i.closed_at is null) as doubt_at,
     (select max(g.last_at) from aegis.gap as g
      where g.practice_id = $1 and g.feed = $2 and g.closed_at is null and g.cause = 'retention-passed') as forgotten_at,
     (select count(*) from aegis.feed_state as n
      where n.practice_id = $1 and n.feed = any($4::text[]) and n.snapshot_at is not null) as needs_read
   from aegis.feed_state as f where f.practice_id = $1 and f.feed = $2 and f.fence = $3`,
)

interface PictureRow extends FeedStateRow {
  readonly now_at: number
  readonly waiting_pages: string
  readonly is_refetch_due: boolean
  readonly check_due: number | null
  readonly doubt_at: number | null
  readonly forgotten_at: number | null
  readonly needs_read: string
}

/** How a feed stands. */
export interface ReadPicture {
  readonly state: FeedStateRow
  /** Time by the clock that the state's instants are of: the database's, which is one for all processes. */
  readonly now: number
  /** Whether what its snapshot needs has been read. */
  readonly ready: boolean
  readonly waitingPages: number
  /** Whether there are records to be asked for by id now. */
  readonly isRefetchDue: boolean
  /** When the next check of the mirror is due; null while none is on the calendar. */
  readonly checkDue: number | null
  /** Since when an open intent may be carried out without us; undefined without open intents. */
  readonly doubtedAt: number | undefined
  /** When it was last said, in a gap that is open, that athenahealth may not keep what nobody has read; null without one. */
  readonly forgottenAt: number | null
}

/**
 * Everything that decides what a feed does next, in one statement because it is asked before every step. No lock: the
 * step takes its own. Undefined when another holder has fenced us out. `end` is of `Tx.rows`.
 */
export async function readFeedPicture(
  tx: Tx,
  held: HeldFeed,
  end?: { readonly isLast: boolean },
): Promise<ReadPicture | undefined> {
  const needs = feedNeeds(held.feed)
  const values = [held.practice, held.feed, held.fence, `{${needs.join(',')}}`]
  const [row] = await tx.rows<PictureRow>(picture, values, end)
  if (!row) return undefined
  return {
    state: row,
    now: row.now_at,
    ready: Number(row.needs_read) === needs.length,
    waitingPages: Number(row.waiting_pages),
    isRefetchDue: row.is_refetch_due,
    checkDue: row.check_due,
    doubtedAt: row.doubt_at ?? undefined,
    forgottenAt: row.forgotten_at,
  }
}
