/** When a feed is looked at next, with several hands on the schedule. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { declareJobs } from '../queue/declare-jobs.ts'
import { coreFeeds } from './feed-name.ts'
import { deleteRefetch, insertRefetches, nextRefetches } from './refetch.sql.ts'
import {
  addPractices,
  claimDue,
  ensureScheduled,
  isMirrored,
  keepPractices,
  makeDue,
  setDue,
  wakeForCalls,
} from './schedule.sql.ts'
import { advanceFeedJob, enqueueDue } from './schedule.ts'

const { db } = await scratchDatabase()
const claim = { most: 100, holdSeconds: 60 }
const tomorrow = Date.UTC(2999, 0, 1)

async function practiceWithFeed(practice: number) {
  const key = { practice, feed: 'departments' } as const
  await db.control(async (tx) => {
    await addPractices(tx, [practice], 'local')
    await ensureScheduled(tx, [practice], [key.feed])
  })
  const claimed = async () => (await db.control((tx) => claimDue(tx, claim))).filter((due) => due.practice === practice)
  return { key, claimed }
}

test('a feed that is due is taken by one only', async () => {
  const { key, claimed } = await practiceWithFeed(1)
  assert.deepEqual([await claimed(), await claimed()], [[key], []])
})

test('a wish that comes while a job ends is not overwritten by it', async () => {
  const { key, claimed } = await practiceWithFeed(2)
  await claimed()
  await db.control((tx) => makeDue(tx, key.practice, key.feed))
  await db.control((tx) => setDue(tx, key, { until: tomorrow, callsLimit: null }))
  assert.deepEqual(await claimed(), [key])
})

test('one feed is made due, or all of a practice, and never those of another', async (t) => {
  const { db: own } = await scratchDatabase(t)
  await own.control(async (tx) => {
    await addPractices(tx, [20, 21], 'local')
    await ensureScheduled(tx, [20, 21], ['departments', 'providers'])
  })
  const claimed = async () =>
    (await own.control((tx) => claimDue(tx, claim))).map(({ practice, feed }) => `${practice} ${feed}`).toSorted()
  assert.equal((await claimed()).length, 4)
  await own.control((tx) => makeDue(tx, 20, 'providers'))
  assert.deepEqual(await claimed(), ['20 providers'])
  await own.control((tx) => makeDue(tx, 20, null))
  assert.deepEqual(await claimed(), ['20 departments', '20 providers'])
})

test('what waits for want of calls is due when there are more a day, once, and nothing else ever', async (t) => {
  const { db: own } = await scratchDatabase(t)
  const limits = new Map([
    [11, 100],
    [12, 200],
    [13, null],
  ])
  await own.control(async (tx) => {
    await addPractices(tx, [...limits.keys()], 'local')
    await ensureScheduled(tx, [...limits.keys()], ['departments'])
  })
  const claimed = async () =>
    (await own.control((tx) => claimDue(tx, claim))).map(({ practice }) => practice).toSorted((a, b) => a - b)
  const putOff = (practice: number) =>
    own.control((tx) =>
      setDue(tx, { practice, feed: 'departments' }, { until: tomorrow, callsLimit: limits.get(practice) ?? null }),
    )
  const wake = (limit: number) => own.control((tx) => wakeForCalls(tx, limit))
  assert.deepEqual(await claimed(), [11, 12, 13])
  for (const practice of limits.keys()) await putOff(practice)
  assert.deepEqual([await wake(60), await wake(100), await claimed()], [0, 0, []], 'as many, or fewer')
  assert.deepEqual([await wake(150), await wake(150), await claimed()], [1, 0, [11]])
  assert.deepEqual([await wake(150), await claimed()], [0, []], 'who has taken it works on it')
  await putOff(11)
  assert.deepEqual([await wake(150), await claimed()], [1, [11]], 'by a process that knew of fewer still')
  assert.deepEqual([await wake(500), await claimed()], [1, [12]])
})

test('of many new practices no two feeds of one are near each other, and each comes after those it rests on', async (t) => {
  const { db: own } = await scratchDatabase(t)
  const practices = Array.from({ length: 60 }, (_, index) => 100 + index)
  await own.control(async (tx) => {
    await addPractices(tx, practices, 'local')
    await ensureScheduled(tx, practices, coreFeeds)
  })
  const order: { practice: number; feed: string }[] = []
  for (let taken = await own.control((tx) => claimDue(tx, claim)); taken.length > 0; ) {
    order.push(...taken)
    taken = await own.control((tx) => claimDue(tx, claim))
  }
  const ofOne = order.filter(({ practice }) => practice === 130).map(({ feed }) => feed)
  assert.deepEqual([order.length, ofOne], [practices.length * coreFeeds.length, [...coreFeeds]])
  // So many are worked on at a time; at both ends there are fewer practices than that.
  for (let at = 100; at < order.length - 132; at += 1) {
    const together = order.slice(at, at + 32).map(({ practice }) => practice)
    assert.equal(new Set(together).size, together.length, `from ${at} on`)
  }
})

test('a practice taken out of the configuration is left alone, and is back when it is there again', async () => {
  const { key, claimed } = await practiceWithFeed(3)
  assert.deepEqual(await db.control((tx) => keepPractices(tx, [1, 2])), [3])
  assert.deepEqual(await claimed(), [])
  const isThere = (practice: number) => db.control((tx) => isMirrored(tx, practice))
  assert.deepEqual([await isThere(1), await isThere(3), await isThere(99)], [true, false, false])
  await practiceWithFeed(3)
  assert.deepEqual([await claimed(), await isThere(3)], [[key], true])
})

test('a wish for a record is not taken for fulfilled by an answer that was asked for before it', async () => {
  const key = { practice: 4, feed: 'appointments' } as const
  const rows = [{ feed: key.feed, key: '9001', sealed_id: 'AAAA' }]
  await db.practice(4, async (tx) => {
    await insertRefetches(tx, 4, { rows, seq: 7n })
    await insertRefetches(tx, 4, { rows, seq: 9n })
    await deleteRefetch(tx, key, { recordKey: '9001', fetchSeq: 8n })
    assert.equal((await nextRefetches(tx, key, 10)).length, 1)
    await deleteRefetch(tx, key, { recordKey: '9001', fetchSeq: 10n })
    assert.equal((await nextRefetches(tx, key, 10)).length, 0)
  })
})

test('of thousands that are due those due for longest are queued, and no more than can be worked soon', async (t) => {
  const { db: own, owner } = await scratchDatabase(t)
  await declareJobs({ db: own }, [advanceFeedJob])
  const practices = Array.from({ length: 3_000 }, (_, index) => index + 1)
  await own.control(async (tx) => {
    await addPractices(tx, practices, 'local')
    await ensureScheduled(tx, practices, ['patients'])
  })
  // The higher the id, the longer it has been due.
  await owner.rows("update control.schedule set due_at = aegis.now() - practice_id * interval '1 second'")
  const tick = () => enqueueDue({ sync: { db: own }, leaseTtlMs: 30_000 })
  const queued = () =>
    owner.rows<{ practice: number }>(
      "select (data->>'practice')::integer as practice from pgboss.job_common where state = 'created' order by 1",
    )
  await tick()
  await tick()
  assert.deepEqual(
    (await queued()).map(({ practice }) => practice),
    practices.slice(-500),
  )
  // What a worker has taken makes room for the next ones; a feed that is due again lines up behind.
  await owner.rows("update pgboss.job_common set state = 'completed' where (data->>'practice')::integer > 2900")
  await own.control((tx) => makeDue(tx, 3_000, 'patients'))
  await tick()
  assert.deepEqual(
    (await queued()).map(({ practice }) => practice),
    practices.slice(-600, -100),
  )
})
