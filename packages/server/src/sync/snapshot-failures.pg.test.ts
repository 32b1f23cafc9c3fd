/** How often the snapshot of a live feed has failed, and since when. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import type { Tx } from '../db/db.ts'
import * as state from './feed-state.sql.ts'
import { addFeeds } from './many-practices.sql.ts'
import { timestamp } from './sync-deps.ts'

const database = await scratchDatabase()
const { db, owner } = database
const now = Date.UTC(2026, 0, 5, 12)
await lockstep(database, now)
const key = { practice: 10, feed: 'appointments' } as const
await db.practice(0, (tx) => addFeeds(tx, [key.practice], [key.feed]))

const inPractice = <T>(work: (tx: Tx) => Promise<T>) => db.practice(key.practice, work)

function putOff(failure?: string): Promise<void> {
  return inPractice((tx) => state.postponeResnapshot(tx, key, { ms: 9, ...(failure !== undefined && { failure }) }))
}

async function noted() {
  const [row] = await inPractice((tx) => state.readFeeds(tx, key.practice))
  return [row?.snapshot_failures, row?.snapshot_failure_code, row?.snapshot_failing_since, row?.resnapshot_wanted_at]
}

const none = [0, null, null, now + 9]

test('a snapshot that only waits has not failed', async () => {
  await putOff()
  assert.deepEqual(await noted(), none)
})

const forget: readonly [when: string, work: (tx: Tx) => Promise<void>][] = [
  ['it goes on', (tx) => state.snapshotGoesOn(tx, key)],
  ['it is complete', (tx) => state.stampSnapshot(tx, key, timestamp(now))],
  ['the feed begins anew', (tx) => state.enterFeedState(tx, key, 'activating')],
]
for (const [when, work] of forget) {
  test(`failures of a snapshot are counted since the first, and forgotten when ${when}`, async () => {
    await putOff('x')
    await putOff('y')
    assert.deepEqual(await noted(), [2, 'y', now, now + 9])
    await putOff()
    assert.deepEqual(await noted(), [2, 'y', now, now + 9], 'a wait in between')
    await inPractice(work)
    assert.deepEqual((await noted()).slice(0, 3), none.slice(0, 3))
  })
}

test('a first failure noted by a clock that was ahead is none of the future', async () => {
  await putOff('x')
  await owner.rows(`update aegis.feed_state set snapshot_failing_since = $1`, [timestamp(now + 5)])
  await putOff('x')
  assert.equal((await noted())[2], now)
})
