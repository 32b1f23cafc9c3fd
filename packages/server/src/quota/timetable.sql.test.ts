import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { touchedRows } from '../../testing/touched-rows.ts'
import type { Tx } from '../db/db.ts'
import * as table from './timetable.sql.ts'

const database = await scratchDatabase()
const { db, owner } = database
const now = Date.UTC(2026, 0, 5, 12)
await lockstep(database, now)
const times = { lapsedUntilMs: 60_000, idleAfterMs: 8_000 }
const tables = ['control.quota_app', 'control.quota_practice', 'control.quota_holder']
let apps = 0

interface AppRow {
  readonly next_at: number
  readonly paused_until: number
  readonly pauses: number
  readonly margin_ms: number
  readonly margin_at: number
  readonly minute_at: number
  readonly booked_at: number
  readonly minute_calls: number
  readonly minute_before: number
}

/** An app whose timetable stands at `now`, but for what is given (SQL, as of `aegis.now()`), and one more like it. */
async function anApp(given: Readonly<Partial<Record<keyof AppRow, string>>> = {}): Promise<string> {
  const app = `app-${apps++}`
  const columns = { next_at: 'aegis.now()', minute_at: 'aegis.now()', ...given }
  for (const name of [app, `${app}-other`]) {
    await owner.rows(
      `insert into control.quota_app (app, ${Object.keys(columns).join(', ')})
       values ($1, ${Object.values(columns).join(', ')})`,
      [name],
    )
  }
  return app
}

async function read(app: string): Promise<AppRow> {
  const [row] = await owner.rows<AppRow>('select * from control.quota_app where app = $1', [app])
  assert.ok(row)
  return row
}

const book = (app: string, change: Partial<table.BookingRequest> = {}) =>
  db.control((tx) =>
    table.bookRow(
      tx,
      {
        app,
        holder: 'me',
        count: 2,
        perSecond: 10,
        usableShare: 1,
        aheadMs: 1_000,
        leadMs: 0,
        pauseMs: 0,
        lapsedAfterMs: 10_000,
        lapsedUntilMs: 60_000,
        ...change,
      },
      { isLast: true },
    ),
  )

const verbs: readonly [what: string, work: (tx: Tx, app: string) => Promise<unknown>][] = [
  ['a move', (tx, app) => table.moveRow(tx, app, { costMs: 5, before: now })],
  ['a pause', (tx, app) => table.pauseRow(tx, app, { pauseMs: 5, sentAt: now })],
  ['a restart', (tx, app) => table.restartRow(tx, app, { aheadMs: 4_000, pausedMs: 0 })],
  ['a booking', (_, app) => book(app)],
  ['a sign of life', (tx, app) => table.seenRow(tx, { app, holder: 'me' }, times)],
]

for (const [what, work] of verbs) {
  test(`${what} concerns one app`, async () => {
    const app = await anApp(what === 'a restart' ? { next_at: `aegis.now() + interval '5 s'` } : {})
    const touched = await touchedRows(owner, tables, () => db.control((tx) => work(tx, app)))
    assert.ok(touched.every((row) => row['app'] === app))
  })
}

test('a timetable is moved where nothing is booked past the time given, and not a moment later', async () => {
  const app = await anApp()
  const move = (before: number) => db.control((tx) => table.moveRow(tx, app, { costMs: 70, before }))
  assert.deepEqual([await move(now - 1), await move(now)], [false, true])
  assert.equal((await read(app)).next_at, now + 70)
})

for (const [title, given, request, expected] of [
  ['begins now', {}, {}, { first: 0, next: 200 }],
  ['begins where the last one ended', { next_at: `aegis.now() + interval '50 ms'` }, {}, { first: 50, next: 250 }],
  ['begins after a pause', { paused_until: `aegis.now() + interval '60 ms'` }, {}, { first: 60, next: 260 }],
  ['begins no sooner than it can be used', {}, { leadMs: 40 }, { first: 40, next: 240 }],
  ['leaves the pause behind it that it needs', {}, { pauseMs: 30 }, { first: 0, next: 230 }],
  ['reaches as far ahead as asked', { next_at: `aegis.now() + interval '1 s'` }, {}, { first: 1_000, next: 1_200 }],
  ['reaches no further', { next_at: `aegis.now() + interval '1001 ms'` }, {}, false],
  ['waits for the end of a pause', { paused_until: `aegis.now() + interval '1001 ms'` }, {}, false],
  ['spaces as widely as it was taught', { margin_ms: '50', margin_at: 'aegis.now()' }, {}, { first: 0, next: 210 }],
  [
    'forgets half of it in an hour',
    { margin_ms: '50', margin_at: `aegis.now() - interval '1 hour'` },
    {},
    { first: 0, next: 205 },
  ],
  [
    'was taught nothing in the future',
    { margin_ms: '50', margin_at: `aegis.now() + interval '1 hour'` },
    {},
    { first: 0, next: 210 },
  ],
] as const) {
  test(`a booking ${title}`, async () => {
    const app = await anApp(given)
    const booked = await book(app, request)
    const row = await read(app)
    const isBooked = booked?.first_at != null
    const found = isBooked && { first: Math.round(Number(booked.first_at) - now), next: Math.round(row.next_at - now) }
    assert.deepEqual(found, expected)
    if (!isBooked) assert.equal(row.minute_calls, 0)
    if (!isBooked) assert.deepEqual([booked?.next_at, booked?.now_at], [row.next_at, now])
  })
}

for (const [title, seenMsAgo, holder, intervalMs] of [
  ['calls', 7_999, 'other', 100],
  ['is there', 10_000, 'other', 100],
  ['may be cut off', 10_001, 'other', 1_000 / 9],
  ['may still be cut off', 59_999, 'other', 1_000 / 9],
  ['is gone for good', 60_000, 'other', 100],
  ['is this one itself', 20_000, 'me', 100],
] as const) {
  test(`another process that ${title} is ${intervalMs > 100 ? '' : 'not '}left a call a second`, async () => {
    const app = await anApp()
    for (const name of [app, `${app}-other`]) {
      await owner.rows(
        'insert into control.quota_holder (app, holder, seen_at) values ($1, $2, to_timestamp($3::float8 / 1000))',
        [name, name === app ? holder : 'other', name === app ? now - seenMsAgo : now - 20_000],
      )
    }
    const booked = await book(app)
    assert.ok(Math.abs((booked?.interval_ms ?? 0) - intervalMs) < 0.01, `every ${booked?.interval_ms} ms`)
    const seen = await db.control((tx) => table.seenRow(tx, { app, holder: 'me' }, times))
    const isKnown = holder === 'other' && seenMsAgo < times.lapsedUntilMs
    const others = isKnown && seenMsAgo < times.idleAfterMs ? 1 : 0
    assert.deepEqual(seen, { holders: isKnown ? 2 : 1, others })
    const kept = await owner.rows<{ app: string; holder: string }>(
      'select app, holder from control.quota_holder where app like $1 order by app, holder',
      [`${app}%`],
    )
    const known = isKnown ? ['me', 'other', 'other'] : ['me', 'other']
    assert.deepEqual(
      kept.map((row) => row.holder),
      known,
      'who is gone for good is forgotten',
    )
  })
}

for (const [title, minuteMsAgo, expected] of [
  ['within the minute', 59_999, { at: 59_999, calls: 7, before: 3 }],
  ['in the next minute', 60_000, { at: 0, calls: 2, before: 5 }],
  ['at the end of the next minute', 119_999, { at: 59_999, calls: 2, before: 5 }],
  ['later', 120_000, { at: 0, calls: 2, before: 0 }],
] as const) {
  test(`calls are counted by the minute: ${title}`, async () => {
    const app = await anApp({
      minute_at: `aegis.now() - interval '${minuteMsAgo} ms'`,
      minute_calls: '5',
      minute_before: '3',
    })
    await book(app)
    const row = await read(app)
    assert.deepEqual(
      { at: Math.round(now - row.minute_at), calls: row.minute_calls, before: row.minute_before },
      expected,
    )
  })
}

for (const [title, given, expected] of [
  ['as far ahead as can be stays', { next_at: `aegis.now() + interval '60 s'` }, { next: 60_000, paused: undefined }],
  ['further ahead begins anew', { next_at: `aegis.now() + interval '60001 ms'` }, { next: 1_000, paused: undefined }],
  ['as long paused as can be stays', { paused_until: `aegis.now() + interval '90 s'` }, { next: 0, paused: 90_000 }],
  ['longer paused begins anew', { paused_until: `aegis.now() + interval '90001 ms'` }, { next: 0, paused: undefined }],
  [
    'too far ahead keeps a pause that can be',
    { next_at: `aegis.now() + interval '2 hours'`, paused_until: `aegis.now() + interval '90 s'` },
    { next: 1_000, paused: 90_000 },
  ],
] as const) {
  test(`a timetable that is ${title}`, async () => {
    const app = await anApp({ ...given, minute_at: `aegis.now() + interval '1 hour'` })
    await db.control((tx) => table.restartRow(tx, app, { aheadMs: 60_000, pausedMs: 90_000 }))
    const row = await read(app)
    const paused = Number.isFinite(row.paused_until) ? Math.round(row.paused_until - now) : undefined
    assert.deepEqual({ next: Math.round(row.next_at - now), paused }, expected)
    const isAnew = !title.endsWith('stays')
    assert.equal(row.minute_at, isAnew ? now : now + 3_600_000)
  })
}

for (const [title, nextAt, aheadMs, expected] of [
  ['that is free waits for as long as the clock was set', '-5 s', 200, 200],
  ['that is booked goes on after what is booked', '3 s', 200, 3_200],
  ['waits at most for what can be booked', '-5 s', 9_000_000, 16_000],
  ['that waits already waits no longer', '16 s', 9_000_000, 16_000],
  ['that is booked beyond that stays', '40 s', 9_000_000, 40_000],
] as const) {
  test(`after the database's clock was set ahead a timetable ${title}`, async () => {
    const app = await anApp({ next_at: `aegis.now() + interval '${nextAt}'` })
    for (const name of [app, `${app}-other`]) {
      const next = `aegis.now() + interval '${nextAt}'`
      await owner.rows(`insert into control.quota_practice values ($1, 1, ${next}), ($1, 2, ${next})`, [name])
    }
    const touched = await touchedRows(owner, tables, () =>
      db.control(async (tx) => {
        await table.delayPracticeRows(tx, app, { aheadMs, mostMs: 16_000 })
        await table.delayRow(tx, app, { aheadMs, mostMs: 16_000 })
      }),
    )
    assert.ok(touched.every((row) => row['app'] === app))
    assert.equal(Math.round((await read(app)).next_at - now), expected)
    const practices = await db.control((tx) => table.lockPracticeRows(tx, app, [1, 2]))
    assert.deepEqual(
      practices.map(({ next_at }) => Math.round(next_at - now)),
      [expected, expected],
    )
  })
}

for (const [title, nextAt, bookedAt, expected] of [
  ['that was booked by the clock as it was goes back with it, and a second less', '9200 ms', '8900 ms', 1_200],
  ['that had been free is free in a second', '5 s', '4900 ms', 1_000],
  ['that was booked since stays', '16 s', '0 s', 16_000],
  ['that is further ahead than can be goes back', '16001 ms', '-1 s', 8_001],
  ['that is free stays', '-5 s', '-6 s', -5_000],
] as const) {
  test(`after the database's clock was set back a timetable ${title}`, async () => {
    const next = `aegis.now() + interval '${nextAt}'`
    const app = await anApp({ next_at: next, booked_at: `aegis.now() + interval '${bookedAt}'` })
    await owner.rows(`insert into control.quota_practice values ($1, 1, ${next})`, [app])
    await db.control((tx) => table.setBackRows(tx, 9_000))
    assert.equal(Math.round((await read(app)).next_at - now), expected)
    const [practice] = await db.control((tx) => table.lockPracticeRows(tx, app, [1]))
    assert.equal(Math.round((practice?.next_at ?? 0) - now), expected)
    await db.control((tx) => table.setBackRows(tx, 0))
    assert.ok((await read(app)).booked_at <= now, 'once')
  })
}

for (const [title, pausedMs, expected] of [
  ['that is over', -5_000, -5_000],
  ['of a second, set back by minutes', 841_000, 2_000],
  ['that would be over', 600_000, 1_000],
] as const) {
  test(`after the database's clock was set back a pause ${title} ends when it should`, async () => {
    const app = await anApp({ paused_until: `aegis.now() + interval '${pausedMs} ms'` })
    await db.control((tx) => table.setBackRows(tx, 840_000))
    assert.equal(Math.round((await read(app)).paused_until - now), expected)
  })
}

test('practices have timetables of their own in each app, which begin in a second', async () => {
  const app = await anApp()
  const lock = (name: string, practices: number[]) => db.control((tx) => table.lockPracticeRows(tx, name, practices))
  assert.deepEqual(await lock(app, [2, 1]), [
    { practice_id: 1, next_at: now + 1_000, now_at: now },
    { practice_id: 2, next_at: now + 1_000, now_at: now },
  ])
  await lock(`${app}-other`, [1, 2])
  const touched = await touchedRows(owner, tables, () =>
    db.control((tx) => table.movePracticeRows(tx, app, [{ practice: 2, next_at: now + 9_000 }])),
  )
  assert.deepEqual(
    touched.map((row) => [row['app'], row['practice_id']]),
    [
      [app, 2],
      [app, 2],
    ],
  )
  assert.deepEqual(
    (await lock(app, [2, 3])).map(({ next_at }) => next_at - now),
    [9_000, 1_000],
  )
})

test('a process that is gone is gone from one app', async () => {
  const app = await anApp()
  for (const name of [app, `${app}-other`]) {
    for (const holder of ['me', 'other']) await db.control((tx) => table.seenRow(tx, { app: name, holder }, times))
  }
  const touched = await touchedRows(owner, tables, () => db.control((tx) => table.goneRow(tx, { app, holder: 'me' })))
  assert.deepEqual(
    touched.map((row) => [row['app'], row['holder']]),
    [[app, 'me']],
  )
})

test('a new timetable begins in a second, one that is there stays', async () => {
  const app = `app-${apps++}`
  await db.control((tx) => table.ensureApp(tx, app))
  const row = await db.control((tx) => table.timetableRow(tx, app))
  assert.deepEqual(row, { next_at: now + 1_000, paused_until: row?.paused_until, now_at: now })
  await db.control((tx) => table.moveRow(tx, app, { costMs: 5_000, before: now + 1_000 }))
  await db.control((tx) => table.ensureApp(tx, app))
  assert.equal((await read(app)).next_at, now + 6_000)
})

/** Until a connection to this file's own database waits for another, or what should wait is through without. */
async function untilSomebodyWaits(isThrough: () => boolean): Promise<void> {
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  for (let looks = 0; looks < 2_000 && !isThrough(); looks += 1) if ((await owner.rows(waiting)).length > 0) return
}

test('who books for a practice waits for who is booking for it, and goes on from there', async () => {
  const app = await anApp()
  const lock = (tx: Tx) => table.lockPracticeRows(tx, app, [1])
  await db.control(lock)
  let second: Promise<table.PracticeRow[]> | undefined
  await db.control(async (tx) => {
    await lock(tx)
    let isThrough = false
    second = db.control(lock).finally(() => {
      isThrough = true
    })
    await untilSomebodyWaits(() => isThrough)
    await table.movePracticeRows(tx, app, [{ practice: 1, next_at: now + 9_000 }])
  })
  assert.deepEqual(
    (await second)?.map(({ next_at }) => next_at - now),
    [9_000],
  )
})

test('the first rows of practices are made in one order: two processes never wait for each other', async () => {
  const app = await anApp()
  let other: Promise<unknown> = Promise.resolve()
  await db.control(async (tx) => {
    await table.lockPracticeRows(tx, app, [7])
    let isThrough = false
    other = db
      .control((theirs) => table.lockPracticeRows(theirs, app, [9, 7]))
      .finally(() => {
        isThrough = true
      })
    await untilSomebodyWaits(() => isThrough)
    await table.lockPracticeRows(tx, app, [9])
  })
  await other
})
