/** What keeps a mirror true over months: losses that nobody noticed are found, told and mended. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { mirroredPractice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { damage, found, passDays, reports, unexplained } from '../../testing/reconciled-practice.ts'
import { sql } from '../db/db.ts'
import { coreFeeds } from './feed-name.ts'

/** A day in the middle of the coming week's bookings, and patients of the beginning and the end. */
const losses: readonly [what: string, statement: string][] = [
  [
    'appointments missing-here',
    `delete from aegis.record where (kind, key) in (select kind, key from aegis.record
       where kind = 'appointment' and clear ->> 'status' = 'f' order by clear ->> 'localDate' desc, key limit 1)`,
  ],
  [
    'appointments differing (clear)',
    `update aegis.record set clear = jsonb_set(clear, '{status}', '"x"') where (kind, key) in (select kind, key
       from aegis.record where kind = 'appointment' and clear ->> 'status' = 'f' order by clear ->> 'localDate', key limit 1)`,
  ],
  [
    'appointments gone-there',
    `insert into aegis.record select practice_id, kind, '99999999', state, patient, clear, sealed, digest,
       last_modified_at, fetch_seq, first_seen_at, changed_at
     from aegis.record where kind = 'appointment' and clear ->> 'status' = 'f' order by clear ->> 'localDate' desc limit 1`,
  ],
  [
    'patients missing-here',
    `delete from aegis.record where (kind, key) in
       (select kind, key from aegis.record where kind = 'patient' order by key limit 1)`,
  ],
  [
    'patients missing-here',
    `update aegis.record set state = 'deleted' where (kind, key) in
       (select kind, key from aegis.record where kind = 'patient' order by key desc limit 1)`,
  ],
  [
    'providers missing-here',
    `delete from aegis.record where kind = 'provider' and key = (select min(key) from aegis.record where kind = 'provider')`,
  ],
  [
    'referringproviders missing-here',
    `delete from aegis.record where (kind, key) in
       (select kind, key from aegis.record where kind = 'referringprovider' order by key limit 1)`,
  ],
  [
    'claims missing-here',
    `delete from aegis.record where (kind, key) in
       (select kind, key from aegis.record where kind = 'claim' order by key desc limit 1)`,
  ],
]

test('losses that nobody noticed are each found, told and mended within the month', async (t) => {
  const feeds = [...coreFeeds, 'referringproviders', 'claims'] as const
  const mirrored = await mirroredPractice(t, { settings: { feeds, rereadDays: 6, snapshotPageSize: 20 } })
  await mirrored.bringUp()
  for (const [index, [, statement]] of losses.entries()) await damage(mirrored, sql(`test.loss_${index}`, statement))
  await passDays(mirrored, 8)
  const told = (await unexplained(mirrored)).map((line) => line.replace(/ [0-9a-f-]+( |$)/, '$1'))
  assert.deepEqual(told.sort(), losses.map(([what]) => what).sort())
  const counted = (await reports(mirrored)).reduce((sum, report) => sum + report.unexplained, 0)
  assert.equal(counted, losses.length)
  // The row that never was is marked as gone; it was sealed for another.
  const gone = `delete from aegis.record where key = '99999999' and state = 'deleted'`
  await damage(mirrored, sql('test.gone', gone))
  await assertEqualsTruth(mirrored)
})

test('of a mirror that lost nothing no check finds anything unexplained, through the change of the clocks', async (t) => {
  const mirrored = await mirroredPractice(t, {
    patients: 100,
    startAt: Date.UTC(2026, 2, 5, 15),
    settings: { rereadDays: 4 },
    simulator: { day: { ratePerHour: 12, nightShare: 0.5 } },
  })
  await mirrored.bringUp()
  await passDays(mirrored, 9)
  assert.deepEqual(await unexplained(mirrored), [])
  const done = await reports(mirrored)
  const times = (task: string, feed: string) => done.filter((row) => row.task === task && row.feed === feed).length
  assert.deepEqual([times('nightly', 'appointments'), times('nightly', 'providers')], [9, 9])
  assert.ok(times('rolling', 'patients') >= 1)
  assert.ok(times('weekly', 'appointments') >= 1)
  assert.deepEqual(
    done.filter((row) => row.judged_at === null),
    [],
  )
  assert.ok((await found(mirrored)).every((row) => row.explanation !== null))
  mirrored.simulator.days.pause()
  await mirrored.run(2)
  await assertEqualsTruth(mirrored)
})
