/** How long a throttled call pauses the app, and what it teaches. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { pauseRow } from './timetable.sql.ts'

const database = await scratchDatabase()
const { db, owner } = database
const now = Date.UTC(2026, 0, 5, 12)
await lockstep(database, now)
const anHourAgo = `aegis.now() - interval '1 hour'`
let apps = 0

for (const [title, given, pauseMs, expected, sentMsAgo = 0] of [
  ['the first', {}, undefined, { pausedMs: 1_000, pauses: 0, margin: 25 }],
  ['of a length that was named', {}, 7_000, { pausedMs: 7_000, pauses: 0, margin: 25 }],
  [
    'soon after the last',
    { paused_until: `aegis.now() - interval '59999 ms'`, pauses: '1', margin_ms: '100', margin_at: 'aegis.now()' },
    undefined,
    { pausedMs: 4_000, pauses: 2, margin: 200 },
  ],
  [
    'long after the last',
    { paused_until: `aegis.now() - interval '60 s'`, pauses: '4' },
    undefined,
    { pausedMs: 1_000, pauses: 0, margin: 25 },
  ],
  [
    'at the end of the last',
    { paused_until: 'aegis.now()', pauses: '1' },
    undefined,
    { pausedMs: 4_000, pauses: 2, margin: 25 },
  ],
  [
    'many times in a row',
    { paused_until: `aegis.now() - interval '1 s'`, pauses: '6' },
    undefined,
    { pausedMs: 64_000, pauses: 6, margin: 25 },
  ],
  [
    'while it lasts, by an older answer',
    { paused_until: `aegis.now() + interval '9 s'`, pauses: '3', margin_ms: '100', margin_at: anHourAgo },
    undefined,
    { pausedMs: 9_000, pauses: 3, margin: 100 },
  ],
  [
    'while it lasts, but longer',
    { paused_until: `aegis.now() + interval '9 s'`, pauses: '3' },
    20_000,
    { pausedMs: 20_000, pauses: 3, margin: 0 },
  ],
  [
    'by an answer to a call that was sent before the end of the last',
    { paused_until: `aegis.now() - interval '2 s'`, pauses: '3', margin_ms: '100', margin_at: anHourAgo },
    undefined,
    { pausedMs: 1_000, pauses: 3, margin: 100 },
    2_001,
  ],
  [
    'by an answer to such a call that says how long',
    { paused_until: `aegis.now() - interval '2 s'`, pauses: '3', margin_ms: '100', margin_at: anHourAgo },
    7_000,
    { pausedMs: 7_000, pauses: 3, margin: 100 },
    2_001,
  ],
  [
    'by an answer to a call that was sent at the end of the last',
    { paused_until: `aegis.now() - interval '2 s'`, pauses: '3', margin_ms: '100', margin_at: 'aegis.now()' },
    undefined,
    { pausedMs: 16_000, pauses: 4, margin: 200 },
    2_000,
  ],
  [
    'while it lasts, by a clock that is ahead',
    { paused_until: `aegis.now() + interval '9 s'`, pauses: '3', margin_ms: '100', margin_at: anHourAgo },
    undefined,
    { pausedMs: 9_000, pauses: 3, margin: 100 },
    -20_000,
  ],
  [
    'an hour after the margin was learnt',
    { margin_ms: '400', margin_at: anHourAgo },
    undefined,
    { pausedMs: 1_000, pauses: 0, margin: 400 },
  ],
  [
    'with a margin from the future',
    { margin_ms: '400', margin_at: `aegis.now() + interval '1 hour'` },
    undefined,
    { pausedMs: 1_000, pauses: 0, margin: 800 },
  ],
  [
    'with the largest margin',
    { margin_ms: '1500', margin_at: 'aegis.now()' },
    undefined,
    { pausedMs: 1_000, pauses: 0, margin: 2_000 },
  ],
] as const) {
  test(`a pause ${title} lasts ${expected.pausedMs} ms`, async () => {
    const app = `app-${apps++}`
    const columns = { next_at: 'aegis.now()', minute_at: 'aegis.now()', ...given }
    await owner.rows(
      `insert into control.quota_app (app, ${Object.keys(columns).join(', ')})
       values ($1, ${Object.values(columns).join(', ')})`,
      [app],
    )
    const paused = await db.control((tx) => pauseRow(tx, app, { pauseMs, sentAt: now - sentMsAgo }))
    const [row] = await owner.rows<{ paused_until: number; pauses: number; margin_ms: number; margin_at: number }>(
      'select paused_until, pauses, margin_ms, margin_at from control.quota_app where app = $1',
      [app],
    )
    assert.ok(row)
    assert.equal(Math.round((paused?.paused_until ?? 0) - now), expected.pausedMs)
    assert.deepEqual(
      { pausedMs: Math.round(row.paused_until - now), pauses: row.pauses, margin: Math.round(row.margin_ms) },
      expected,
    )
    // Only another throttling teaches anything.
    const isAnother = !title.startsWith('while') && sentMsAgo <= 2_000
    if (isAnother || 'margin_at' in given) assert.equal(row.margin_at, isAnother ? now : now - 3_600_000)
  })
}
