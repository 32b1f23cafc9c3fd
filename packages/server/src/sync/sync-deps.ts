import type { Clock } from '../clock/clock.ts'
import type { Db, Tx } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { Log } from '../log/log.ts'
import type { FeedPace } from '../pacing/feed-pace.ts'
import type { Plan } from '../pacing/plan.ts'
import type { Sealing } from '../sealing/sealing.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { type FeedStateRow, type HeldFeed, lockFeed } from './feed-state.sql.ts'
import type { PollPace } from './poll-stretch.ts'
import type { ReadAhead } from './read-ahead.ts'
import type { SyncSettings } from './sync-settings.ts'

export interface SyncDeps {
  readonly db: Db
  readonly upstream: Upstream
  readonly sealing: Sealing
  readonly clock: Clock
  /** What the machine's own clock shows, by which a lease notices that it slept. Absent: nothing beside `clock`. */
  readonly wall?: () => number
  readonly log: Log
  readonly settings: SyncSettings
  /** How polls are put off now, all alike. Absent: not at all. */
  readonly pace?: () => PollPace | undefined
  /** How many calls there are today, as far as this process knows. Absent: nothing waits for more of them. */
  readonly dayLimit?: () => number | undefined
  /** Pages of lists that are asked for before they are needed. Absent: none. */
  readonly ahead?: ReadAhead
  /** When to drain the feed that is worked on, chosen for it alone, and what is learned of it. Absent: as often as all others. */
  readonly feedPace?: FeedPace | undefined
  /** What a call is worth now. Absent: every feed is drained as often as all others. */
  readonly plan?: (() => Plan | undefined) | undefined
}

/**
 * Runs `work` in one transaction that holds the feed's row under our fence. A holder that was paused past its lease
 * fails here with `lease.lost` and has written nothing.
 */
export function asHolder<T>(
  deps: Pick<SyncDeps, 'db'>,
  held: HeldFeed,
  work: (tx: Tx, state: FeedStateRow) => Promise<T>,
): Promise<T> {
  return deps.db.practice(held.practice, async (tx) => work(tx, await lockOwn(tx, held)))
}

/**
 * As `asHolder`, for work that need not know how the feed stands: what it begins travels right behind the question whether
 * the row is ours, and is rolled back when it is not.
 */
export function asHolderAtOnce<T>(
  deps: Pick<SyncDeps, 'db'>,
  held: HeldFeed,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return deps.db.practice(held.practice, async (tx) => {
    const locked = lockOwn(tx, held)
    try {
      const [, result] = await Promise.all([locked, work(tx)])
      return result
    } catch (error) {
      // Whatever failed behind it: that the row is not ours comes first.
      await locked
      throw error
    }
  })
}

async function lockOwn(tx: Tx, held: HeldFeed): Promise<FeedStateRow> {
  const state = await lockFeed(tx, held)
  if (!state) throw new AegisError('lease.lost', { practice: held.practice, feed: held.feed })
  return state
}

/** An instant as SQL takes it. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString()
}
