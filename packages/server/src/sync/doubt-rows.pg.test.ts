/** What the rows of doubts, differences and departments say, statement by statement. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import type { Tx } from '../db/db.ts'
import * as difference from './difference.sql.ts'
import { leftSince, noteLeft, noteSubscribed } from './feed-departments.sql.ts'
import * as state from './feed-state.sql.ts'
import { closeGaps, openGap } from './gap.sql.ts'
import * as quarantine from './quarantine.sql.ts'
import { closeIntents, mayHaveRead, openIntent } from './intent.sql.ts'
import * as refetch from './refetch.sql.ts'
import * as snapshot from './snapshot.sql.ts'
import { timestamp } from './sync-deps.ts'

const database = await scratchDatabase()
const { db, owner } = database
const time = await lockstep(database, Date.UTC(2026, 0, 5, 12))
const sealed = Buffer.from('sealed')
const other = 'patients'
let practices = 0

const at = (ms: number) => timestamp(time.clock.now() + ms)

/** A practice with two feeds that nothing is known of. */
async function twoFeeds(): Promise<state.HeldFeed> {
  const practice = ++practices
  for (const feed of ['appointments', other]) {
    await owner.rows(
      `insert into aegis.feed_state (practice_id, feed, state, state_since, fence) values ($1, $2, 'live', $3, 1)`,
      [practice, feed, at(0)],
    )
  }
  return { practice, feed: 'appointments', fence: '1' }
}

const within = <T>({ practice }: state.FeedKey, work: (tx: Tx) => Promise<T>): Promise<T> => db.practice(practice, work)

const otherOf = (held: state.HeldFeed) => ({ ...held, feed: other }) as const

interface Found {
  readonly key: string
  readonly explanation: string | null
  readonly judged: boolean
}

/** Differences of a check, as they stand. */
async function found(held: state.FeedKey): Promise<(string | null)[][]> {
  const rows = await owner.rows<Found>(
    'select key, explanation from aegis.difference where practice_id = $1 and feed = $2 order by key',
    [held.practice, held.feed],
  )
  return rows.map(({ key, explanation }) => [key, explanation])
}

async function check(held: state.FeedKey, keys: readonly string[]): Promise<string> {
  return within(held, async (tx) => {
    const plan = [{ list: 'providers' }] as const
    const { run_id: runId } = await snapshot.startSnapshotRun(tx, held, { phase: 'nightly', plan, firstSeq: 1n })
    const rows = keys.map((key) => ({ key, what: 'differing', fields: ['name'], explanation: null }) as const)
    await difference.insertDifferences(tx, { ...held, runId }, rows)
    return runId
  })
}

test('a feed explains what was found of the records that it brought, and of no others', async () => {
  const held = await twoFeeds()
  const first = await check(held, ['a', 'judged'])
  await check(otherOf(held), ['a'])
  await within(held, (tx) => difference.markDifferencesJudged(tx, held.practice, first))
  await check(held, ['a', 'b'])
  await owner.rows(`update aegis.difference set explanation = 'window' where practice_id = $1 and key = 'b'`, [
    held.practice,
  ])
  const explain = (...keys: string[]) => within(held, (tx) => difference.explainByFeed(tx, held, { keys, graceMs: 5 }))
  await explain()
  await explain('x')
  const before = [
    ['a', null],
    ['a', null],
    ['b', 'window'],
    ['judged', null],
  ]
  assert.deepEqual(await found(held), before)
  await explain('a', 'b', 'judged')
  const sorted = (await found(held)).map((row) => row.join(' ')).toSorted()
  assert.deepEqual(sorted, ['a ', 'a feed', 'b window', 'judged '], 'not what was judged, or explained before')
  assert.deepEqual(await found(otherOf(held)), [['a', null]])
})

test('a feed that had been read to its end since does not explain what was found before', async () => {
  const held = await twoFeeds()
  await check(held, ['a'])
  const explain = (graceMs?: number) =>
    within(held, (tx) => difference.explainByFeed(tx, held, { keys: ['a'], ...(graceMs !== undefined && { graceMs }) }))
  await within(held, (tx) => state.advanceCheckpoint(tx, held, at(5_000)))
  await explain(5_000)
  assert.deepEqual(await found(held), [['a', null]], 'to its end, and the time of grace is over')
  await explain()
  assert.deepEqual(await found(held), [['a', 'feed']], 'without a time of grace that says nothing')
  const late = await twoFeeds()
  await check(late, ['a'])
  await within(late, (tx) => state.advanceCheckpoint(tx, late, at(4_999)))
  await within(late, (tx) => difference.explainByFeed(tx, late, { keys: ['a'], graceMs: 5_000 }))
  assert.deepEqual(await found(late), [['a', 'feed']])
})

test('what a check asks for is asked for on, and not for its sake, when the feed brings the record', async () => {
  const held = await twoFeeds()
  const runId = await check(held, [])
  const rows = ['a', 'b'].map((key) => ({ key, feed: held.feed, sealed_id: sealed.toString('base64') }))
  await within(held, (tx) => refetch.insertRefetches(tx, held.practice, { rows, seq: 1n, runId }))
  const ofCheck = () => within(held, (tx) => difference.countUnsettled(tx, { ...held, runId }))
  assert.equal(await ofCheck(), 2)
  await within(held, (tx) => difference.explainByFeed(tx, held, { keys: ['a'], graceMs: 5_000 }))
  assert.equal(await ofCheck(), 1)
  await within(held, (tx) => state.advanceCheckpoint(tx, held, at(5_000)))
  await within(held, (tx) => difference.explainByFeed(tx, held, { keys: ['b'], graceMs: 5_000 }))
  assert.equal(await ofCheck(), 1, 'it had been read to its end since')
  assert.equal((await within(held, (tx) => refetch.nextRefetches(tx, held, 9))).length, 2)
})

test('a gap explains what was found of its feed while it was open', async () => {
  const held = await twoFeeds()
  for (const [from, isClosed, feed, explanation] of [
    [-5, false, held.feed, 'gap'],
    [5, false, held.feed, null],
    [-5, true, held.feed, null],
    [-5, false, other, null],
  ] as const) {
    const key = { ...(await twoFeeds()), feed: held.feed }
    await within(key, (tx) => openGap(tx, { ...key, feed }, { cause: 'unreadable', from: at(from) }))
    if (isClosed) {
      await within(key, (tx) => closeGaps(tx, key, at(0)))
      await time.advance(1)
    }
    const runId = await check(key, ['a'])
    await within(key, (tx) => difference.explainByGaps(tx, key.practice, runId))
    assert.deepEqual(await found(key), [['a', explanation]], `${from} ${isClosed} ${feed}`)
  }
})

test('what is set aside with a name is tried again, and is released under its name and feed alone', async () => {
  const held = await twoFeeds()
  const setAside = (key: string | null, of: state.HeldFeed = held, pageId = '3') =>
    within(held, (tx) => quarantine.insertQuarantine(tx, of, { pageId, reason: 'no', sealed, key }))
  for (const key of ['a', 'b', null]) await setAside(key)
  await setAside('a', otherOf(held))
  const open = async (of: state.HeldFeed = held) =>
    (await within(held, (tx) => quarantine.openQuarantine(tx, of))).map(({ key, page_id: page }) => `${key} ${page}`)
  assert.deepEqual(await open(), ['a 3', 'b 3'])
  await setAside('a', held, '4')
  assert.deepEqual(await open(), ['a 4', 'b 3'], 'in the body that came last')
  await within(held, (tx) => quarantine.releaseKeys(tx, held, []))
  assert.deepEqual(await open(), ['a 4', 'b 3'])
  await within(held, (tx) => quarantine.releaseKeys(tx, held, ['a', 'c']))
  assert.deepEqual([await open(), await open(otherOf(held))], [['b 3'], ['a 3']])
  await setAside('a')
  assert.deepEqual(await open(), ['b 3', 'a 3'], 'anew')
})

test('what is not found, or whose patient is unclear, is so since the first time, until something is found', async () => {
  const held = await twoFeeds()
  const rows = [{ key: 'a', feed: held.feed, sealed_id: sealed.toString('base64') }]
  await within(held, (tx) => refetch.insertRefetches(tx, held.practice, { rows, seq: 1n }))
  const since = async () => {
    const [row] = await owner.rows<Record<string, number | boolean | null>>(
      `select nothing_found, nothing_found_since, patient_unclear, unclear_since from aegis.refetch where practice_id = $1`,
      [held.practice],
    )
    return Object.values(row ?? {})
  }
  const later = (why: { isNothingFound?: boolean; isPatientUnclear?: boolean }) =>
    within(held, (tx) => refetch.postponeRefetch(tx, held, { recordKey: 'a', afterMs: 1, ...why }))
  const began = time.clock.now()
  await later({ isNothingFound: true, isPatientUnclear: true })
  await time.advance(1_000)
  await later({ isNothingFound: true, isPatientUnclear: true })
  assert.deepEqual(await since(), [true, began, true, began])
  await within(held, (tx) => refetch.noteFoundAgain(tx, otherOf(held)))
  assert.deepEqual(await since(), [true, began, true, began])
  await within(held, (tx) => refetch.noteFoundAgain(tx, held))
  assert.deepEqual(await since(), [false, null, true, began])
  await later({})
  assert.deepEqual(await since(), [false, null, false, null])
})

test('a list that is narrowed to what changed does not show its days', async () => {
  const held = await twoFeeds()
  const days = { list: 'booked', from: '2026-03-01' } as const
  const plan = [
    { ...days, to: '2026-03-08' },
    { ...days, to: '2026-09-01', modifiedSince: '03/01/2026 00:00:00' },
    { list: 'open', departmentId: '1', from: '2026-03-01', to: '2026-03-04' },
  ] as const
  await within(held, async (tx) => {
    const run = await snapshot.startSnapshotRun(tx, held, { phase: 'authoritative', plan, firstSeq: 9n })
    assert.deepEqual(await snapshot.shownUntil(tx, held), { booked: null, open: null })
    await snapshot.finishSnapshotRun(tx, held, run.run_id)
    assert.deepEqual(await snapshot.shownUntil(tx, held), { booked: '2026-03-08', open: '2026-03-04' })
    assert.deepEqual(await snapshot.latestPlan(tx, held), plan)
    assert.equal(await snapshot.latestPlan(tx, otherOf(held)), undefined)
  })
})

test('a department that is left out was followed until what was known last, or until a gap that is open', async () => {
  const held = await twoFeeds()
  const left = async () =>
    (
      await owner.rows<{ left_at: number | null }>(
        'select left_at from aegis.feed_state where practice_id = $1 and feed = $2',
        [held.practice, held.feed],
      )
    )[0]?.left_at
  const note = (departments: state.Departments) =>
    within(held, async (tx) => {
      await noteLeft(tx, held, departments)
      await noteSubscribed(tx, held, departments)
    })
  const returns = (departments: state.Departments) => within(held, (tx) => leftSince(tx, held, departments))
  const now = time.clock.now()
  await note(['1', '2'])
  assert.equal(await left(), null, 'nothing had been followed yet')
  await within(held, (tx) => state.advanceCheckpoint(tx, held, at(-50)))
  await within(held, (tx) => state.stampForeignLook(tx, held, at(-40)))
  await note(['1', '2', '3'])
  assert.equal(await left(), null, 'none was left out')
  await note(['1', '2'])
  assert.equal(await left(), now - 50)
  assert.deepEqual(
    [await returns(['1']), await returns(['1', '3']), await returns(null)],
    [undefined, now - 50, now - 50],
  )
  await within(held, async (tx) => {
    await openGap(tx, held, { cause: 'unreadable', from: at(-90) })
    await closeGaps(tx, held, at(0))
    await openGap(tx, held, { cause: 'unreadable', from: at(-60) })
    await openGap(tx, otherOf(held), { cause: 'unreadable', from: at(-80) })
  })
  await note(['1'])
  assert.equal(await left(), now - 60)
  await note(null)
  assert.deepEqual([await left(), await returns(null)], [null, undefined], 'all of it is followed')
})

test('a look that is taken is put off no longer', async () => {
  const held = await twoFeeds()
  const row = async () => (await within(held, (tx) => state.readFeeds(tx, held.practice)))[0]
  await within(held, (tx) => state.putForeignLookOff(tx, held, 9))
  assert.equal((await row())?.look_put_off_until, time.clock.now() + 9)
  await within(held, (tx) => state.stampForeignLook(tx, held, at(0)))
  assert.equal((await row())?.look_put_off_until, null)
  await within(held, (tx) => state.putSubscriptionOff(tx, held, 9))
  assert.equal((await row())?.subscription_put_off_until, time.clock.now() + 9)
  await within(held, (tx) => state.stampFeed(tx, held, 'subscription_checked_at'))
  assert.equal((await row())?.subscription_put_off_until, null)
})

test('a read that was carried out, or may have been, is one that may have taken changes; one that was refused is not', async () => {
  for (const [outcome, expected] of [
    ['not-executed', false],
    ['stored', true],
    ['replayed', true],
    [undefined, true],
  ] as const) {
    const held = await twoFeeds()
    const told = await within(held, async (tx) => {
      await openIntent(tx, otherOf(held), { fetchSeq: 1n })
      const before = await mayHaveRead(tx, held)
      const { intent_id: id } = await openIntent(tx, held, { fetchSeq: 2n })
      if (outcome) await closeIntents(tx, held, { ids: [id], outcome })
      return [before, await mayHaveRead(tx, held)]
    })
    assert.deepEqual(told, [false, expected], outcome)
  }
})

test('a wish that is noted anew begins anew, but for one that no list shows', async () => {
  const held = await twoFeeds()
  const rows = [{ key: 'a', feed: held.feed, sealed_id: sealed.toString('base64') }]
  const wish = (isUnseen: boolean) =>
    within(held, (tx) => refetch.insertRefetches(tx, held.practice, { rows, seq: 1n, isUnseen }))
  const what = async () => {
    const [row] = await owner.rows<Record<string, unknown>>(
      `select nothing_found, nothing_found_since is null as not_since, patient_unclear, unclear_since is null as not_unclear,
         missing_since is null as not_missing from aegis.refetch where practice_id = $1`,
      [held.practice],
    )
    return Object.values(row ?? {})
  }
  await wish(false)
  const why = { missing: true, isNothingFound: true, isPatientUnclear: true }
  await within(held, (tx) => refetch.postponeRefetch(tx, held, { recordKey: 'a', afterMs: 1, ...why }))
  await wish(true)
  assert.deepEqual(await what(), [true, false, true, false, false])
  await wish(false)
  assert.deepEqual(await what(), [false, true, false, true, true])
})

test('the latest plan is that of the last whole snapshot that counts, and of parts read since', async () => {
  const held = await twoFeeds()
  const read = async (
    list: 'providers' | 'departments' | 'appointmentTypes' | 'referringProviders',
    rest: { isPart?: boolean; phase?: 'nightly'; of?: state.HeldFeed } = {},
  ) => {
    const { phase = 'authoritative', isPart, of = held } = rest
    await within(held, async (tx) => {
      const what = { phase, plan: [{ list }], firstSeq: 1n, ...(isPart && { isPart }) } as const
      const run = await snapshot.startSnapshotRun(tx, of, what)
      await snapshot.finishSnapshotRun(tx, of, run.run_id)
    })
  }
  const latest = async () =>
    (await within(held, (tx) => snapshot.latestPlan(tx, held)))?.map(({ list }) => list).toSorted()
  await read('departments')
  await read('departments', { isPart: true })
  await read('providers')
  await read('departments', { phase: 'nightly' })
  await read('departments', { of: otherOf(held) })
  assert.deepEqual(await latest(), ['providers'])
  await read('appointmentTypes', { isPart: true })
  await read('departments', { of: otherOf(held), isPart: true })
  assert.deepEqual(await latest(), ['appointmentTypes', 'providers'])
})
