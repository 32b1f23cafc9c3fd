/** The statements that read where a feed stands name each column: none may be forgotten in one of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { readFeedPicture } from './feed-picture.sql.ts'
import { type FeedStateRow, lockFeed, readFeeds } from './feed-state.sql.ts'
import { addFeeds, feedsOf } from './many-practices.sql.ts'

const { db } = await scratchDatabase()
const held = { practice: 10, feed: 'patients', fence: '0' } as const

/** Every field of the type, which the compiler holds against it. */
const fields: Readonly<Record<keyof FeedStateRow, true>> = {
  feed: true,
  state: true,
  state_since: true,
  subscribed_at: true,
  active_at: true,
  provisional_at: true,
  snapshot_at: true,
  resnapshot_wanted_at: true,
  checkpoint: true,
  drain_started_at: true,
  drain_ended_at: true,
  subscription_checked_at: true,
  unclear_since: true,
  foreign_checked_at: true,
  look_put_off_until: true,
  subscription_put_off_until: true,
  last_change_at: true,
  failures: true,
  failure_code: true,
  retry_at: true,
  calls_limit: true,
  calls_until: true,
  departments: true,
  subscribed_departments: true,
  added_departments: true,
  resubscribed_at: true,
  snapshot_failures: true,
  snapshot_failure_code: true,
  snapshot_failing_since: true,
  partial_since: true,
  partial_events: true,
  seen_active_at: true,
  subscription_refused: true,
}

await db.practice(0, (tx) => addFeeds(tx, [held.practice], [held.feed]))

for (const [what, rowOf] of [
  ['its row, locked', () => db.practice(held.practice, (tx) => lockFeed(tx, held))],
  ['the rows of a practice', () => db.practice(held.practice, async (tx) => (await readFeeds(tx, held.practice))[0])],
  ['the rows of many practices', () => db.practice(0, async (tx) => (await feedsOf(tx, [held.practice]))[0])],
  ['its picture', () => db.practice(held.practice, async (tx) => (await readFeedPicture(tx, held))?.state)],
] as const) {
  test(`where a feed stands is told whole by ${what}`, async () => {
    const row: object = (await rowOf()) ?? {}
    const missing = Object.keys(fields).filter((name) => !(name in row))
    assert.deepEqual(missing, [])
  })
}
