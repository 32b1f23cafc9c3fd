import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { type HeldFeed, readFeeds, stampFeed } from './feed-state.sql.ts'
import { asHolder, asHolderAtOnce } from './sync-deps.ts'

const { db, owner } = await scratchDatabase()
await owner.rows(
  `insert into aegis.feed_state (practice_id, feed, state, state_since, fence) values (7, 'patients', 'live', now(), 5)`,
)
const holder: HeldFeed = { practice: 7, feed: 'patients', fence: '5' }
const former: HeldFeed = { ...holder, fence: '4' }

async function stampOf(): Promise<number | null | undefined> {
  const [row] = await db.practice(7, (tx) => readFeeds(tx, 7))
  return row?.drain_ended_at
}

for (const inTransaction of [asHolder, asHolderAtOnce]) {
  test(`${inTransaction.name}: who was shut out hears that, whatever was begun, and has written nothing`, async () => {
    const stamped = inTransaction({ db }, former, (tx) => stampFeed(tx, holder, 'drain_ended_at'))
    await assert.rejects(stamped, (error) => isAegisError(error, 'lease.lost'))
    const failed = inTransaction({ db }, former, async (tx) => {
      await stampFeed(tx, holder, 'drain_ended_at')
      throw new RangeError('of the work')
    })
    await assert.rejects(failed, (error) => isAegisError(error, 'lease.lost'))
    assert.equal(await stampOf(), null)
  })

  test(`${inTransaction.name}: a holder's failure is its own, and rolls everything back`, async () => {
    const failed = inTransaction({ db }, holder, async (tx) => {
      await stampFeed(tx, holder, 'drain_ended_at')
      throw new RangeError('of the work')
    })
    await assert.rejects(failed, RangeError)
    assert.equal(await stampOf(), null)
  })
}

test('a failure before anything was begun is heard after the question whether the row is ours', async () => {
  const work = () => Promise.reject(new RangeError('at once'))
  await assert.rejects(asHolderAtOnce({ db }, former, work), (error) => isAegisError(error, 'lease.lost'))
  await assert.rejects(asHolderAtOnce({ db }, holder, work), RangeError)
})
