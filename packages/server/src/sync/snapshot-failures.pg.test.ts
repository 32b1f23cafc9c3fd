/** How often the snapshot of a live feed has failed, and since when. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import type { Tx } from '../db/db.ts'
import * as state from './feed-state.sql.ts'
import { toWaitFor } from './judge-failure.ts'
import { addFeeds } from './many-practices.sql.ts'
import { timestamp } from './sync-deps.ts'

const database = await scratchDatabase()
const { db, owner } = database
const now = Date.UTC(2026, 0, 5, 12)
await lockstep(database, now)
const key = { practice: 10, feed: 'appointments' } as const
await db.practice(0, (tx) => addFeeds(tx, [key.practice], [key.feed]))

const inPractice = <T>(work: (tx: Tx) => Promise<T>) => db.practice(key.practice, work)

function putOff(code: string): Promise<void> {
  return inPractice((tx) => state.postponeResnapshot(tx, key, { ms: 9, code, waits: toWaitFor }))
}

async function noted() {
  const [row] = await inPractice((tx) => state.readFeeds(tx, key.practice))
  return [row?.snapshot_failures, row?.snapshot_failure_code, row?.snapshot_failing_since, row?.resnapshot_wanted_at]
}

const none = [0, null, null, now + 9]

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
    await inPractice(work)
    assert.deepEqual((await noted()).slice(0, 3), none.slice(0, 3))
  })
}

test('waits are counted too, but a failure begins anew, and goes on through them', async () => {
  await putOff('quota.timeout')
  await putOff('policy.off-hours')
  assert.deepEqual(await noted(), [2, 'policy.off-hours', now, now + 9])
  await owner.rows(`update aegis.feed_state set snapshot_failing_since = $1`, [timestamp(now - 5)])
  await putOff('quota.timeout')
  assert.deepEqual(await noted(), [3, 'quota.timeout', now - 5, now + 9])
  await putOff('x')
  assert.deepEqual(await noted(), [1, 'x', now, now + 9])
  await owner.rows(`update aegis.feed_state set snapshot_failing_since = $1`, [timestamp(now - 5)])
  await putOff('quota.timeout')
  await putOff('y')
  assert.deepEqual(await noted(), [2, 'y', now - 5, now + 9])
  await inPractice((tx) => state.snapshotGoesOn(tx, key))
})

test('a first failure noted by a clock that was ahead is none of the future', async () => {
  await putOff('x')
  await owner.rows(`update aegis.feed_state set snapshot_failing_since = $1`, [timestamp(now + 5)])
  await putOff('x')
  assert.equal((await noted())[2], now)
})
