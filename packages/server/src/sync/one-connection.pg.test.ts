/**
 * Feeds are taken on by many workers at once, who share a few connections. A transaction that waits for a second one holds
 * its own meanwhile: as many of them as there are connections stand still until one gives up. So none does.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { silentLog } from '../../testing/memory-log.ts'
import { mirroredPractice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, liveThrough } from '../../testing/practice-life.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { openDb } from '../db/open-db.ts'
import { feedNames } from './feed-name.ts'

test('a practice is loaded, followed and checked with a single connection', async (t) => {
  const { logins } = await scratchDatabase(t)
  const db = await openDb({
    logins,
    log: silentLog,
    poolSizes: { app: 1, control: 1, audit: 1 },
    connectTimeoutMs: 500,
  })
  t.after(() => db.close())
  const mirrored = await mirroredPractice(t, { database: { db }, settings: { feeds: feedNames } })
  await mirrored.bringUp()
  liveThrough(mirrored)
  await mirrored.run(2)
  await mirrored.advance(24 * 3_600_000)
  await mirrored.run(5)
  const failed = (await mirrored.states()).map(({ feed, failure_code }) => ({ feed, failure_code }))
  assert.deepEqual(
    failed.filter(({ failure_code }) => failure_code !== null),
    [],
  )
  await assertEqualsTruth(mirrored)
})
