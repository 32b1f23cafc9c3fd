import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { touchedRows } from '../../testing/touched-rows.ts'
import type { Tx } from '../db/db.ts'
import * as difference from './difference.sql.ts'
import * as state from './feed-state.sql.ts'
import * as gap from './gap.sql.ts'
import * as inbox from './inbox.sql.ts'
import * as intent from './intent.sql.ts'
import * as quarantine from './quarantine.sql.ts'
import * as refetch from './refetch.sql.ts'
import * as snapshot from './snapshot.sql.ts'
import { timestamp } from './sync-deps.ts'

const database = await scratchDatabase()
const { db, owner } = database
const now = Date.UTC(2026, 0, 5, 12)
await lockstep(database, now)
const tables = ['feed_state', 'feed_intent', 'inbox_page', 'quarantine', 'refetch', 'snapshot_run', 'gap']
const sealed = Buffer.from('sealed')
const page = { source: 'feed', kind: 'appointment', shape: 'feed', fetchSeq: 5n, items: 1, sealed } as const
const wish = { key: 'a', sealed_id: sealed.toString('base64') }
let practices = 0

const at = (ms: number) => timestamp(now + ms)

/** A practice with two feeds in the middle of everything, and one more like it. */
async function neighbours(): Promise<state.HeldFeed> {
  const practice = ++practices * 10
  for (const each of [practice, practice + 1]) {
    for (const feed of ['appointments', 'patients'] as const) {
      await owner.rows(
        `insert into aegis.feed_state (practice_id, feed, state, state_since, fence, checkpoint, failures, failure_code, retry_at)
         values ($1, $2, 'live', $3, 5, $3, 2, 'some', $3)`,
        [each, feed, at(-60_000)],
      )
      await db.practice(each, (tx) => fill(tx, { practice: each, feed, fence: '5' }))
    }
  }
  return { practice, feed: 'appointments', fence: '5' }
}

async function fill(tx: Tx, held: state.HeldFeed): Promise<void> {
  await intent.openIntent(tx, held, { fetchSeq: 1n })
  await inbox.insertPage(tx, held, page)
  await quarantine.insertQuarantine(tx, held, { pageId: '0', reason: 'unreadable', sealed, key: null })
  await refetch.insertRefetches(tx, held.practice, { rows: [{ ...wish, feed: held.feed }], seq: 5n })
  await refetch.insertRefetches(tx, held.practice, { rows: [{ ...wish, key: 'b', feed: held.feed }], seq: 5n })
  await snapshot.startSnapshotRun(tx, held, { phase: 'authoritative', plan: [], firstSeq: 1n })
  await gap.openGap(tx, held, { cause: 'unreadable', from: null })
}

async function runOf(tx: Tx, held: state.HeldFeed): Promise<snapshot.SnapshotRun> {
  const run = await snapshot.openSnapshotRun(tx, held, 'authoritative')
  assert.ok(run)
  return run
}

async function moveRun(tx: Tx, held: state.HeldFeed): Promise<void> {
  const to = { segment: 1, offset: 2, anchors: ['a'], restarts: 0, read: 3 }
  await snapshot.moveSnapshotRun(tx, { ...held, runId: (await runOf(tx, held)).run_id }, to)
}

async function markFirstPage(tx: Tx, held: state.HeldFeed): Promise<void> {
  await inbox.markPageApplied(tx, held, (await inbox.firstWaitingPage(tx, held, null))?.page_id ?? '')
}

async function release(tx: Tx, held: state.HeldFeed): Promise<void> {
  const places = await quarantine.placesSetAside(tx, held, { before: null, after: '0' })
  await quarantine.releaseNameless(tx, held, { before: at(1), places: places.map((row) => row.quarantine_id) })
}

const verbs: readonly [what: string, work: (tx: Tx, held: state.HeldFeed) => Promise<unknown>][] = [
  ['a new holder', (tx, held) => state.takeFence(tx, { ...held, fence: '6' })],
  ['a new state', (tx, held) => state.enterFeedState(tx, held, 'activating')],
  ['the end of a provisional snapshot', (tx, held) => state.stampFeed(tx, held, 'provisional_at')],
  ['the start of a drain', (tx, held) => state.stampFeed(tx, held, 'drain_started_at')],
  ['the end of a drain', (tx, held) => state.stampFeed(tx, held, 'drain_ended_at')],
  ['a look at the subscription', (tx, held) => state.stampFeed(tx, held, 'subscription_checked_at')],
  ['a look at the subscription that was put off', (tx, held) => state.putSubscriptionOff(tx, held, 1)],
  ['a look for a second reader that was put off', (tx, held) => state.putForeignLookOff(tx, held, 1)],
  ['a look for a second reader', (tx, held) => state.stampForeignLook(tx, held, at(0))],
  ['a change', (tx, held) => state.stampFeed(tx, held, 'last_change_at')],
  ['a snapshot', (tx, held) => state.stampSnapshot(tx, held, at(0))],
  ['a checkpoint', (tx, held) => state.advanceCheckpoint(tx, held, at(0))],
  ['a complete drain', (tx, held) => state.completeDrain(tx, held, at(0))],
  ['a failure', (tx, held) => state.recordFailure(tx, held, { code: 'x', retryInMs: 1 })],
  ['the wish for a snapshot', (tx, held) => state.wantResnapshot(tx, held)],
  ['putting a snapshot off', (tx, held) => state.postponeResnapshot(tx, held, { ms: 1, code: 'x', waits: new Set() })],
  ['a new gap', (tx, held) => gap.openGap(tx, held, { cause: 'subscription-lost', from: null })],
  ['a gap that goes on', (tx, held) => gap.openGap(tx, held, { cause: 'unreadable', from: at(-5) })],
  ['a gap that is covered', (tx, held) => gap.closeGaps(tx, held, at(0))],
  ['an inherited intent', (tx, held) => intent.inheritIntents(tx, held)],
  ['a place read at last', (tx, held) => release(tx, held)],
  ['a record read at last', (tx, held) => refetch.deleteRefetch(tx, held, { recordKey: 'a', fetchSeq: 9n })],
  ['a record put off', (tx, held) => refetch.postponeRefetch(tx, held, { recordKey: 'a', afterMs: 9 })],
  ['a page of a reading', moveRun],
  ['the end of a reading', async (tx, held) => snapshot.finishSnapshotRun(tx, held, (await runOf(tx, held)).run_id)],
  ['a page that was applied', markFirstPage],
  ['giving up the snapshot', (tx, held) => snapshot.abandonSnapshots(tx, held)],
  ['giving up everything that is read', (tx, held) => snapshot.abandonAllRuns(tx, held)],
]

for (const [what, work] of verbs) {
  test(`${what} concerns one feed of one practice, and one row of it`, async () => {
    const held = await neighbours()
    const all = tables.map((name) => `aegis.${name}`)
    const touched = await touchedRows(owner, all, () => db.practice(held.practice, (tx) => work(tx, held)))
    const keys = touched.map((row) => `${String(row['practice_id'])} ${String(row['feed'])}`)
    assert.deepEqual([...new Set(keys)], [`${held.practice} appointments`])
    assert.ok(touched.length <= 2, JSON.stringify(touched))
  })
}

function asPractice<T>(held: state.HeldFeed, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.practice(held.practice, work)
}

async function stateOf(held: state.HeldFeed): Promise<state.FeedStateRow> {
  const row = (await asPractice(held, (tx) => state.readFeeds(tx, held.practice))).find(
    ({ feed }) => feed === held.feed,
  )
  assert.ok(row)
  return row
}

test('a fence shuts out older ones and takes itself again', async () => {
  const held = await neighbours()
  const take = (fence: string) => asPractice(held, (tx) => state.takeFence(tx, { ...held, fence }))
  assert.deepEqual([await take('4'), await take('5'), await take('7'), await take('6')], [false, true, true, false])
  const lock = (fence: string) => asPractice(held, (tx) => state.lockFeed(tx, { ...held, fence }))
  assert.deepEqual([await lock('5'), (await lock('7'))?.feed, await lock('8')], [undefined, 'appointments', undefined])
})

test('a state begins without the failures of the one before, and knows when it became active', async () => {
  const held = await neighbours()
  const enter = async (name: state.FeedStateName) => {
    await asPractice(held, (tx) => state.enterFeedState(tx, held, name))
    const { state_since, failures, failure_code, retry_at, subscribed_at, active_at } = await stateOf(held)
    return [state_since, failures, failure_code, retry_at, subscribed_at, active_at]
  }
  assert.deepEqual(await enter('activating'), [now, 0, null, null, now, null])
  assert.deepEqual(await enter('settling'), [now, 0, null, null, now, now])
  assert.deepEqual(await enter('live'), [now, 0, null, null, now, now])
})

test('a checkpoint never goes back, and whoever moves it has no failures left', async () => {
  const held = await neighbours()
  const moves = [state.advanceCheckpoint, state.completeDrain] as const
  for (const [index, move] of moves.entries()) {
    await asPractice(held, (tx) => state.recordFailure(tx, held, { code: 'x', retryInMs: 1 }))
    assert.equal((await stateOf(held)).failures, index === 0 ? 3 : 1)
    await asPractice(held, (tx) => move(tx, held, at(-1_000 + index)))
    await asPractice(held, (tx) => move(tx, held, at(-50_000)))
    const { checkpoint, failures, failure_code, retry_at } = await stateOf(held)
    assert.deepEqual([checkpoint, failures, failure_code, retry_at], [now - 1_000 + index, 0, null, null])
  }
  assert.equal((await stateOf(held)).drain_ended_at, now)
})

test('a failure is counted, with its code and the time of the next try', async () => {
  const held = await neighbours()
  const told = await asPractice(held, (tx) => state.recordFailure(tx, held, { code: 'x', retryInMs: 7 }))
  const { failures, failure_code, retry_at } = await stateOf(held)
  assert.deepEqual([failures, failure_code, retry_at, told], [3, 'x', now + 7, now + 7])
})

for (const [title, startedMs, expected] of [
  ['begun before it', -1, now],
  ['begun with it', 0, null],
  ['begun after it', 1, null],
] as const) {
  test(`the wish for a snapshot is ${expected === null ? '' : 'not '}fulfilled by one ${title}`, async () => {
    const held = await neighbours()
    await asPractice(held, (tx) => state.wantResnapshot(tx, held))
    await asPractice(held, (tx) => state.stampSnapshot(tx, held, at(startedMs)))
    const row = await stateOf(held)
    assert.deepEqual([row.snapshot_at, row.resnapshot_wanted_at], [now, expected])
  })
}

test('a gap is one for each cause, keeps its earliest beginning, and is closed by what began after its last loss', async () => {
  const held = await neighbours()
  const open = (from: string | null) =>
    asPractice(held, (tx) => gap.openGap(tx, held, { cause: 'retention-passed', from }))
  assert.deepEqual(
    [await open(at(-10)), await open(at(-30)), await open(at(-20)), await open(null)],
    [true, false, false, false],
  )
  const gaps = async () =>
    (await asPractice(held, (tx) => gap.openGaps(tx, held.practice)))
      .filter((row) => row.feed === held.feed && row.cause === 'retention-passed')
      .map((row) => row.from_at - now)
  assert.deepEqual(await gaps(), [-30])
  await asPractice(held, (tx) => gap.closeGaps(tx, held, at(-1)))
  assert.deepEqual(await gaps(), [-30])
  await asPractice(held, (tx) => gap.closeGaps(tx, held, at(0)))
  assert.deepEqual(await gaps(), [])
  assert.equal(await open(null), true, 'a closed gap is over: the next loss is a new one')
})

test('trouble is counted while it lasts', async () => {
  const held = await neighbours()
  const count = () => asPractice(held, (tx) => gap.countTrouble(tx, held.practice))
  assert.deepEqual(await count(), { openIntents: 2, quarantined: 2, waitingPages: 2, inDoubt: 4 })
  await asPractice(held, async (tx) => {
    const [open] = await intent.openIntents(tx, held)
    await intent.closeIntents(tx, held, { ids: [open?.intent_id ?? ''], outcome: 'stored' })
    await release(tx, held)
    await inbox.markPageApplied(tx, held, (await inbox.firstWaitingPage(tx, held, null))?.page_id ?? '')
    await refetch.deleteRefetch(tx, held, { recordKey: 'a', fetchSeq: 9n })
  })
  assert.deepEqual(await count(), { openIntents: 1, quarantined: 1, waitingPages: 1, inDoubt: 3 })
})

test('an intent is closed once; a doubt opens it again, and its first doubt is kept when it is inherited', async () => {
  const held = await neighbours()
  const open = () => asPractice(held, (tx) => intent.openIntents(tx, held))
  const [first] = await open()
  assert.ok(first)
  const close = (outcome: 'stored' | 'replayed') =>
    asPractice(held, (tx) => intent.closeIntents(tx, held, { ids: [first.intent_id], outcome }))
  const cleared = (since: string) => asPractice(held, (tx) => intent.wereIntentsReplayed(tx, held, { since }))
  await close('stored')
  await close('replayed')
  assert.deepEqual([await open(), await cleared(at(0))], [[], false], 'it was stored; what came later changes nothing')
  await asPractice(held, (tx) => intent.doubtIntent(tx, held, first.intent_id))
  assert.deepEqual(
    (await open()).map(({ doubted_at }) => doubted_at),
    [now],
  )
  await owner.rows(`update aegis.feed_intent set doubted_at = $1 where intent_id = $2`, [at(-9), first.intent_id])
  await asPractice(held, (tx) => intent.inheritIntents(tx, held))
  assert.deepEqual(
    (await open()).map(({ doubted_at }) => doubted_at),
    [now - 9],
  )
  await close('replayed')
  assert.deepEqual([await cleared(at(0)), await cleared(at(1))], [true, false])
  const other = { ...held, feed: 'patients' } as const
  assert.equal(await asPractice(held, (tx) => intent.wereIntentsReplayed(tx, other, { since: at(0) })), false)
})

test('open intents come oldest first, however they were written down', async () => {
  const held = await neighbours()
  const younger = await asPractice(held, (tx) => intent.openIntent(tx, held, { fetchSeq: 2n }))
  await owner.rows('update aegis.feed_intent set opened_at = $1 where intent_id = $2', [at(-90), younger.intent_id])
  const open = await asPractice(held, (tx) => intent.openIntents(tx, held))
  assert.deepEqual(
    open.map(({ opened_at }) => opened_at),
    [now - 90, now],
  )
})

test('a difference of a record that waits to be asked for anyway was on its way; one that a check asks for was not', async () => {
  const held = await neighbours()
  const row = { what: 'differing', fields: ['name'], explanation: null } as const
  await asPractice(held, async (tx) => {
    const { run_id: runId } = await runOf(tx, held)
    await owner.rows(`update aegis.refetch set run_id = $1 where practice_id = $2 and key = 'b'`, [
      runId,
      held.practice,
    ])
    const rows = ['a', 'b', 'c'].map((key) => ({ ...row, key }))
    await difference.insertDifferences(tx, { ...held, runId }, rows)
  })
  const found = await owner.rows('select key, explanation from aegis.difference where practice_id = $1 order by key', [
    held.practice,
  ])
  assert.deepEqual(found, [
    { key: 'a', explanation: 'feed' },
    { key: 'b', explanation: null },
    { key: 'c', explanation: null },
  ])
})

test('pages wait in the order they came in, feed by feed, and are found again by when they came', async () => {
  const held = await neighbours()
  const insert = (source: 'snapshot' | 'replay') =>
    asPractice(held, (tx) => inbox.insertPage(tx, held, { ...page, source }))
  const [second, third] = [await insert('snapshot'), await insert('replay')]
  const first = (known: string | null) => asPractice(held, (tx) => inbox.firstWaitingPage(tx, held, known))
  const oldest = await first(null)
  assert.deepEqual([oldest?.source, oldest?.sealed], ['feed', sealed])
  assert.deepEqual([(await first(oldest?.page_id ?? ''))?.sealed, (await first(second))?.sealed], [null, sealed])
  await asPractice(held, (tx) => inbox.markPageApplied(tx, held, oldest?.page_id ?? ''))
  assert.equal((await first(null))?.page_id, second)
  const since = async (from: string, after: string) =>
    (await asPractice(held, (tx) => inbox.pagesStoredSince(tx, held, { since: from, after }))).map((row) => row.page_id)
  assert.deepEqual(await since(at(0), '0'), [oldest?.page_id, third])
  assert.deepEqual(await since(at(0), oldest?.page_id ?? ''), [third])
  assert.deepEqual(await since(at(1), '0'), [])
})

test('what has no name is released by a reading that began after it, a place if it is named; what has one is set aside once', async () => {
  const held = await neighbours()
  const setAside = (pageId: string, reason: string, key: string | null) =>
    asPractice(held, (tx) => quarantine.insertQuarantine(tx, held, { pageId, reason, sealed, key }))
  for (const reason of ['first', 'other']) await setAside('3', reason, 'a')
  await setAside('3', 'no-id', null)
  await setAside('0', 'second place', null)
  const kept = async () =>
    (
      await owner.rows<{ reason: string }>(
        'select reason from aegis.quarantine where practice_id = $1 and feed = $2 and released_at is null order by reason',
        [held.practice, held.feed],
      )
    ).map(({ reason }) => reason)
  const places = (before: string | null, after = '0') =>
    asPractice(held, (tx) => quarantine.placesSetAside(tx, held, { before, after }))
  const [first, second, ...more] = await places(null)
  assert.deepEqual([more, await places(at(0)), (await places(at(1), first?.quarantine_id)).length], [[], [], 1])
  const releaseBefore = (before: string) =>
    asPractice(held, (tx) => quarantine.releaseNameless(tx, held, { before, places: [second?.quarantine_id ?? ''] }))
  await releaseBefore(at(0))
  assert.deepEqual(await kept(), ['no-id', 'other', 'second place', 'unreadable'])
  await releaseBefore(at(1))
  assert.deepEqual(await kept(), ['other', 'unreadable'])
})

test('a record in doubt is asked for when its time has come, and wished for again it stays', async () => {
  const held = await neighbours()
  const next = async (most = 9) =>
    (await asPractice(held, (tx) => refetch.nextRefetches(tx, held, most))).map(({ key, missing_since }) => [
      key,
      missing_since,
    ])
  assert.deepEqual(
    [await next(), await next(1)],
    [
      [
        ['a', null],
        ['b', null],
      ],
      [['a', null]],
    ],
  )
  const later = (change: { afterMs: number; missing?: boolean }) =>
    asPractice(held, (tx) => refetch.postponeRefetch(tx, held, { recordKey: 'a', ...change }))
  await later({ afterMs: 1, missing: true })
  assert.deepEqual(await next(), [['b', null]])
  await later({ afterMs: 0 })
  assert.deepEqual(
    await next(),
    [
      ['a', now],
      ['b', null],
    ],
    'it stays known to be missing',
  )
  const done = (fetchSeq: bigint) =>
    asPractice(held, (tx) => refetch.deleteRefetch(tx, held, { recordKey: 'a', fetchSeq }))
  await done(5n)
  assert.equal((await next()).length, 2, 'it was wished for when the answer had been asked for already')
  await asPractice(held, (tx) =>
    refetch.insertRefetches(tx, held.practice, { rows: [{ ...wish, feed: held.feed }], seq: 8n }),
  )
  await done(8n)
  assert.equal((await next()).length, 2)
  await done(9n)
  assert.deepEqual(await next(), [['b', null]])
})

test('a reading goes on where it was, and the latest plan is that of the last authoritative one', async () => {
  const held = await neighbours()
  const open = () => asPractice(held, (tx) => snapshot.openSnapshotRun(tx, held, 'authoritative'))
  const first = await open()
  assert.ok(first)
  const other = await asPractice(held, (tx) =>
    snapshot.openSnapshotRun(tx, { ...held, feed: 'patients' }, 'authoritative'),
  )
  const to = { segment: 1, offset: 2, anchors: ['x'], restarts: 3, read: 4 }
  for (let page_ = 0; page_ < 2; page_ += 1) {
    await asPractice(held, (tx) => snapshot.moveSnapshotRun(tx, { ...held, runId: first.run_id }, to))
  }
  const moved = await open()
  assert.deepEqual(
    [moved?.segment, moved?.row_offset, moved?.anchors, moved?.restarts, moved?.records],
    [1, 2, ['x'], 3, '8'],
  )
  assert.equal(other?.records, '0')
  await asPractice(held, (tx) => snapshot.finishSnapshotRun(tx, held, first.run_id))
  assert.equal(await open(), undefined)
})

test('days are shown by readings of the whole practice that were completed, and not by those of added departments', async () => {
  const held = await neighbours()
  const read = (to: string, rest: { isPart?: boolean; phase?: 'provisional' } = {}) =>
    asPractice(held, async (tx) => {
      const plan = [{ list: 'booked', from: '2026-03-01', to }] as const
      const run = await snapshot.startSnapshotRun(tx, held, { phase: 'authoritative', plan, firstSeq: 9n, ...rest })
      await snapshot.finishSnapshotRun(tx, held, run.run_id)
    })
  await read('2026-03-08')
  await read('2026-03-12', { isPart: true })
  await read('2026-03-12', { phase: 'provisional' })
  assert.deepEqual(await asPractice(held, (tx) => snapshot.shownUntil(tx, held)), { booked: '2026-03-08', open: null })
})
