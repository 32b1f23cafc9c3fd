/** Thousands of practices in one installation: what is done for all of them is done for many at once. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { sql } from '../db/db.ts'
import { feedNames } from './feed-name.ts'
import { takeFence } from './feed-state.sql.ts'
import { openGap } from './gap.sql.ts'
import { inBatches } from './in-batches.ts'
import { openIntent } from './intent.sql.ts'
import { addFeeds, feedsOf, sweepSync } from './many-practices.sql.ts'
import { readPracticePictures } from './read-practice-status.ts'
import { checksOf } from './reconciliation.sql.ts'

const { db, owner } = await scratchDatabase()
const practices = Array.from({ length: 700 }, (_, index) => 1_000 + index)
const [first = 0, second = 0] = practices
const held = { practice: first, feed: 'patients', fence: '1' } as const
const now = Date.UTC(2026, 2, 3)

await inBatches(db, practices, (tx, batch) => addFeeds(tx, batch, feedNames))
await db.practice(first, async (tx) => {
  await takeFence(tx, held)
  await openIntent(tx, held, { fetchSeq: 1n })
  await openGap(tx, held, { cause: 'subscription-lost', from: null })
})
await owner.rows(
  `insert into aegis.change (practice_id, kind, key, what, fields, source, fetch_seq, changed_at)
   select $1, 'patient', 'k', 'updated', '{}', 'feed', 1, to_timestamp($2::float8 / 1000) - age
   from (values (interval '10 seconds'), (interval '10 minutes'), (interval '2 hours')) a (age)`,
  [second, now],
)
await owner.rows("insert into aegis.record_count values ($1, 'patient', 'present', 7), ($1, 'patient', 'deleted', 2)", [
  second,
])

test('each practice has its own figures, and one without feeds none', async () => {
  const pictures = await db.practice(0, (tx) => readPracticePictures(tx, [first, second, 1_002, 99], now))
  const shown = [...pictures].map(([practice, picture]) => ({
    practice,
    feeds: picture.feeds.map(({ feed }) => feed),
    gaps: picture.feeds.flatMap(({ feed, gaps }) => gaps.map(({ cause }) => `${feed} ${cause}`)),
    openIntents: picture.openIntents,
    ofPatients: picture.feeds.find(({ feed }) => feed === 'patients')?.openIntents,
    patients: picture.records.get('patient'),
    changes: [picture.changesLastMinute, picture.changesLastHour],
  }))
  const quiet = { feeds: [...feedNames], gaps: [], openIntents: 0, ofPatients: 0, patients: undefined }
  assert.deepEqual(shown, [
    { ...quiet, practice: first, gaps: ['patients subscription-lost'], openIntents: 1, ofPatients: 1, changes: [0, 0] },
    { ...quiet, practice: second, patients: { present: 7, deleted: 2, merged: 0 }, changes: [1, 2] },
    { ...quiet, practice: 1_002, changes: [0, 0] },
  ])
})

test('afterwards the transaction is in no practice', async () => {
  const anything = sql('test.any_feed', 'select practice_id from aegis.feed_state')
  const seen = await db.practice(0, async (tx) => {
    await feedsOf(tx, [first, second])
    return tx.rows(anything)
  })
  assert.deepEqual(seen, [])
})

test('no practice that was not asked for is read or changed', async () => {
  const of = await db.practice(0, (tx) => feedsOf(tx, [second]))
  assert.deepEqual([...new Set(of.map(({ practice }) => practice))], [second])
  const close = "update aegis.feed_intent set closed_at = '2020-01-01', outcome = 'not-executed' where practice_id = $1"
  await db.practice(first, (tx) => tx.rows(sql('test.close_intents', close), [first]))
  const left = () => owner.rows('select from aegis.feed_intent').then((rows) => rows.length)
  await db.practice(0, (tx) => sweepSync(tx, [second], '2026-01-01T00:00:00Z'))
  assert.equal(await left(), 1)
  await db.practice(0, (tx) => sweepSync(tx, practices.slice(0, 2), '2026-01-01T00:00:00Z'))
  assert.equal(await left(), 0)
})

test('of a feed that was never read to its end stays what it read: nothing else says that it did', async () => {
  const outcomes = async () =>
    (
      await owner.rows<{ outcome: string }>(
        `select outcome from aegis.feed_intent where practice_id = ${second} order by outcome`,
      )
    ).map(({ outcome }) => outcome)
  await owner.rows(
    `insert into aegis.feed_intent (practice_id, feed, fence, fetch_seq, opened_at, closed_at, outcome)
     select $1, 'patients', 1, seq, '2020-01-01', '2020-01-01', outcome
     from (values (7, 'stored'), (8, 'not-executed')) i (seq, outcome)`,
    [second],
  )
  const sweep = () => db.practice(0, (tx) => sweepSync(tx, [second], '2026-01-01T00:00:00Z'))
  await sweep()
  assert.deepEqual(await outcomes(), ['stored'])
  await owner.rows(
    `update aegis.feed_state set drain_ended_at = '2020-01-01' where practice_id = $1 and feed = 'patients'`,
    [second],
  )
  await sweep()
  assert.deepEqual(await outcomes(), [])
})

test('a feed that is there already stays as it is', async () => {
  const fence = () =>
    owner.rows('select fence from aegis.feed_state where practice_id = $1 and feed = $2', [first, 'patients'])
  const before = await fence()
  await inBatches(db, practices, (tx, batch) => addFeeds(tx, batch, feedNames))
  assert.deepEqual(await fence(), before)
  const rows = await owner.rows('select from aegis.feed_state')
  assert.equal(rows.length, practices.length * feedNames.length)
})

const fetched = sql(
  'test.fetched',
  `select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::integer as rows from pg_stat_xact_user_tables
   where schemaname = 'aegis' and relname in ('reconciliation', 'snapshot_run')`,
)

test('of the checks of months only the last ones are read', async () => {
  const days = 90
  await owner.rows(
    `insert into aegis.reconciliation_task (practice_id, feed, task, due_at, done_at)
     select p, f, 'nightly', now(), now() from unnest($1::integer[]) p, unnest($2::text[]) f`,
    [practices.slice(0, 20), feedNames],
  )
  await owner.rows(
    `with run as (
       insert into aegis.snapshot_run (practice_id, feed, phase, plan, started_at, finished_at)
       select t.practice_id, t.feed, 'nightly', '[]', now() - d * interval '1 day', now() - d * interval '1 day'
       from aegis.reconciliation_task t, generate_series(1, $1) d
       returning practice_id, run_id, feed, started_at)
     insert into aegis.reconciliation (practice_id, run_id, feed, task, began_at, read_at, judged_at, compared)
     select practice_id, run_id, feed, 'nightly', started_at, started_at, started_at, 100 from run`,
    [days],
  )
  await owner.rows('analyze aegis.reconciliation, aegis.snapshot_run, aegis.reconciliation_task')
  const { checks, rows } = await db.practice(0, async (tx) => ({
    checks: await checksOf(tx, [first]),
    rows: (await tx.rows<{ rows: number }>(fetched))[0]?.rows,
  }))
  assert.deepEqual(
    checks.map(({ compared }) => compared),
    feedNames.map(() => '100'),
  )
  assert.equal(rows, 2 * feedNames.length, 'of each its verdict, and whether it was given up')
})
