import { noteHint } from '../pacing/pacing.sql.ts'
import type { FeedKey } from './feed-state.sql.ts'
import { makeDue } from './schedule.sql.ts'
import type { SyncDeps } from './sync-deps.ts'

/**
 * Takes a notification for what it is, a hint that a feed has something: where calls are plenty the feed is drained at once, but
 * never within its minute; where they are scarce, as soon as a change that waits for certain is worth a call. Nothing rests on
 * hints: a feed whose hints are lost is drained as before. Any number of them costs one look.
 */
export function hintFeed({ db }: Pick<SyncDeps, 'db'>, key: FeedKey): Promise<void> {
  return db.control(async (tx) => {
    if (await noteHint(tx, key)) await makeDue(tx, key.practice, key.feed)
  })
}
