/** Records to be asked for by id are put off with their feed, all at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { touchedRows } from '../../testing/touched-rows.ts'
import { readFeedPicture } from './feed-picture.sql.ts'
import { takeFence } from './feed-state.sql.ts'
import { addFeeds } from './many-practices.sql.ts'
import { insertRefetches, nextRefetches, otherWishedFeeds, postponeRefetches } from './refetch.sql.ts'

const database = await scratchDatabase()
const { db, owner } = database
const time = await lockstep(database)
const feeds = ['appointments', 'patients'] as const
let practices = 0

/** A practice with so many records to be asked for in each of two feeds, beside one that has as many. */
async function wishing(count: number) {
  const practice = ++practices * 10
  await db.practice(0, (tx) => addFeeds(tx, [practice, practice + 1], feeds))
  const key = (feed: (typeof feeds)[number], each = practice) => ({ practice: each, feed, fence: '1' })
  const wish = (from: number, until: number, each = practice) =>
    db.practice(each, async (tx) => {
      for (const feed of feeds) {
        const rows = Array.from({ length: until - from }, (_, index) => ({
          feed,
          key: `k${from + index}`,
          sealed_id: 'c2VhbGVk',
        }))
        await insertRefetches(tx, each, { rows, seq: 1n })
      }
    })
  for (const each of [practice, practice + 1]) {
    await wish(0, count, each)
    for (const feed of feeds) await db.practice(each, (tx) => takeFence(tx, key(feed, each)))
  }
  const isDue = async (feed: (typeof feeds)[number], each = practice) =>
    (await db.practice(each, (tx) => readFeedPicture(tx, key(feed, each))))?.isRefetchDue
  const due = async () => [await isDue('appointments'), await isDue('patients'), await isDue('patients', practice + 1)]
  const othersOf = (feed: (typeof feeds)[number]) => db.practice(practice, (tx) => otherWishedFeeds(tx, key(feed)))
  const putOff = (afterMs: number) => db.practice(practice, (tx) => postponeRefetches(tx, key('patients'), afterMs))
  const next = async () =>
    (await db.practice(practice, (tx) => nextRefetches(tx, key('patients'), 9))).map((row) => row.key)
  return { practice, wish, due, next, othersOf, putOff }
}

for (const count of [2, 2_000]) {
  test(`putting off ${count} records writes one row`, async () => {
    const { practice, putOff } = await wishing(count)
    const touched = await touchedRows(owner, ['aegis.refetch', 'aegis.feed_state'], () => putOff(60_000))
    // As it was, and as it is.
    assert.deepEqual(
      touched.map((row) => [row['practice_id'], row['feed'], 'fence' in row]),
      Array.from({ length: 2 }, () => [practice, 'patients', true]),
    )
  })
}

test('none of them is asked for meanwhile, what is wished for later is, and all of them are afterwards', async () => {
  const { wish, due, next, othersOf, putOff } = await wishing(2)
  assert.deepEqual(await due(), [true, true, true])
  assert.deepEqual([await othersOf('appointments'), await othersOf('patients')], [['patients'], ['appointments']])
  await putOff(60_000)
  assert.deepEqual(await due(), [true, false, true], 'other feeds and practices go on')
  assert.deepEqual(await next(), [])
  assert.deepEqual([await othersOf('appointments'), await othersOf('patients')], [[], ['appointments']])
  await time.advance(1_000)
  await wish(2, 3)
  assert.deepEqual(await due(), [true, true, true])
  assert.deepEqual(await next(), ['k2'])
  assert.deepEqual(await othersOf('appointments'), ['patients'])
  await putOff(60_000)
  await time.advance(59_999)
  assert.deepEqual([await due(), await next()], [[true, false, true], []])
  await time.advance(1)
  assert.deepEqual(
    [await due(), await next()],
    [
      [true, true, true],
      ['k0', 'k1', 'k2'],
    ],
  )
  assert.deepEqual(await othersOf('appointments'), ['patients'])
})
