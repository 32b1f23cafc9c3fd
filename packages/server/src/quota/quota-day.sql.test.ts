import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { touchedRows } from '../../testing/touched-rows.ts'
import type { Tx } from '../db/db.ts'
import * as table from './quota-day.sql.ts'
import { usageRow, useRows } from './quota-usage.sql.ts'

const database = await scratchDatabase()
const { db, owner } = database
await lockstep(database, Date.UTC(2026, 0, 5, 12))
const tables = ['control.quota_day', 'control.quota_use']
const hour = Date.UTC(2026, 0, 5, 11)
const [before, day, after] = ['2026-01-04', '2026-01-05', '2026-01-06']
const use = { day, hour, practice: 1, priority: 'bulk', work: 'sync.snapshot', caller: '', calls: 3 }
let apps = 0

/** An app with three days, and one more like it. */
async function anApp(): Promise<string> {
  const app = `app-${apps++}`
  for (const name of [app, `${app}-other`]) {
    await db.control(async (tx) => {
      await table.lockDayRows(tx, name, [before, day, after])
      for (const each of [before, day, after]) {
        await table.addReserved(tx, name, { day: each, calls: each === day ? 10 : 20 })
        await table.addUseRows(tx, name, [
          { ...use, day: each },
          { ...use, day: each, practice: 2 },
        ])
      }
    })
  }
  return app
}

const seen = { day, calls: 30, unused: 4, limit: 900 }
const verbs: readonly [what: string, days: readonly string[], work: (tx: Tx, app: string) => Promise<unknown>][] = [
  ['a reservation', [day], (tx, app) => table.addReserved(tx, app, { day, calls: 1 })],
  ['an observation', [day], (tx, app) => table.observeDayRow(tx, app, seen)],
  ['keeping calls', [day], (tx, app) => table.keepDayCalls(tx, app, { day, calls: 7 })],
  ['a count of use', [day], (tx, app) => table.addUseRows(tx, app, [use])],
  ['forgetting', [before], (tx, app) => table.deleteUseBefore(tx, app, day)],
]

for (const [what, days, work] of verbs) {
  test(`${what} concerns one app and ${days.join()}`, async () => {
    const app = await anApp()
    const touched = await touchedRows(owner, tables, () => db.control((tx) => work(tx, app)))
    assert.deepEqual(
      [...new Set(touched.map((row) => `${String(row['app'])} ${String(row['day'])}`))],
      [`${app} ${days.join()}`],
    )
  })
}

test('what is reserved of a day is added to, given back, and never less than nothing', async () => {
  const app = await anApp()
  const add = async (calls: number) => (await db.control((tx) => table.addReserved(tx, app, { day, calls }))).reserved
  assert.deepEqual([await add(5), await add(-3), await add(-99)], [15, 12, 0])
})

test('days are locked in order, as they stand', async () => {
  const app = await anApp()
  const rows = await db.control((tx) => table.lockDayRows(tx, app, [after, day]))
  assert.deepEqual(
    rows.map((row) => [row.day, row.reserved, row.foreign, row.upstreamLimit]),
    [
      [day, 10, 0, null],
      [after, 20, 0, null],
    ],
  )
})

test('of athenahealth’s count what we cannot have sent is foreign; it grows, and the lowest limit is kept', async () => {
  const app = await anApp()
  const observe = async (change: object) => {
    const row = await db.control((tx) => table.observeDayRow(tx, app, { ...seen, ...change }))
    return [row?.foreign, row?.upstreamLimit]
  }
  assert.deepEqual(await observe({ limit: undefined }), [24, null])
  assert.deepEqual(await observe({ calls: 20, limit: 900 }), [24, 900])
  assert.deepEqual(await observe({ calls: 40, limit: 1_000 }), [34, 900])
  assert.deepEqual(await observe({ limit: 800 }), [34, 800])
  assert.equal(await db.control((tx) => table.observeDayRow(tx, app, { ...seen, day: '2026-02-01' })), undefined)
})

test('who spent what is added up by practice and priority, and read for today', async () => {
  const app = await anApp()
  await db.control((tx) => table.addUseRows(tx, app, [use, { ...use, priority: 'feeds', calls: 5 }]))
  const rows = await db.control((tx) => useRows(tx, app))
  assert.deepEqual(
    rows
      .map((row) => [row.practice_id, row.priority, row.calls])
      .toSorted((a, b) => String(a).localeCompare(String(b))),
    [
      [1, 'bulk', 6],
      [1, 'feeds', 5],
      [2, 'bulk', 3],
    ],
  )
})

for (const [msAgo, expected] of [
  [0, 72],
  [30_000, 66],
  [59_999, 60],
  [60_000, 60],
  [90_000, 30],
  [119_999, 0],
  [120_000, 0],
] as const) {
  test(`of the last minute's calls, ${expected} are told ${msAgo} ms after a minute began`, async () => {
    const app = await anApp()
    for (const [name, calls] of [
      [app, 60],
      [`${app}-other`, 600],
    ] as const) {
      await owner.rows(
        `insert into control.quota_app (app, next_at, minute_at, minute_calls, minute_before)
         values ($1, aegis.now(), aegis.now() - make_interval(secs => $2::float8 / 1000), $3, 12)`,
        [name, msAgo, calls],
      )
    }
    await db.control((tx) => table.observeDayRow(tx, app, seen))
    const row = await db.control((tx) => usageRow(tx, app))
    assert.equal(Math.round(row.calls_last_minute), expected)
    assert.deepEqual([row.reserved, row.foreign_calls, row.upstream_limit], [10, 24, 900])
  })
}

test('an app that never called has spent nothing', async () => {
  const row = await db.control((tx) => usageRow(tx, 'nobody'))
  assert.deepEqual([row.reserved, row.foreign_calls, row.calls_last_minute, row.paused_until], [0, 0, 0, null])
})

test('what is spent is added up by the hour too, the calls of others among it, and forgotten with its day', async () => {
  const app = await anApp()
  const hours = () =>
    owner.rows(
      `select extract(epoch from at)::integer / 3600 % 24 as at, priority, work, calls from control.quota_hour
       where app = $1 order by at, priority`,
      [app],
    )
  await db.control(async (tx) => {
    await table.addUseRows(tx, app, [
      { ...use, hour: hour + 3_600_000 },
      { ...use, practice: 9, hour: hour + 3_600_000, caller: 'portal' },
    ])
    await table.observeDayRow(tx, app, seen)
    await table.observeDayRow(tx, app, { ...seen, calls: 40 })
  })
  assert.deepEqual(await hours(), [
    { at: 11, priority: 'bulk', work: 'sync.snapshot', calls: 18 },
    { at: 12, priority: 'bulk', work: 'sync.snapshot', calls: 6 },
    { at: 12, priority: 'foreign', work: '', calls: 34 },
  ])
  await db.control((tx) => table.deleteUseBefore(tx, app, after))
  assert.deepEqual(await hours(), [])
})
