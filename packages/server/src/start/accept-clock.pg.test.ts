import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { memoryLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { slaveSqlClock } from '../db/sql-clock.sql.ts'
import { acquireLease } from '../leases/acquire-lease.ts'
import { systemClock } from '../clock/clock.ts'
import { judgeClocks } from '../ops/clock-alarms.ts'
import { readClockWatch } from '../db/clock-watch.sql.ts'
import { addFeeds, boundSyncTimes } from '../sync/many-practices.sql.ts'
import { addPractices, ensureScheduled } from '../sync/schedule.sql.ts'
import { acceptedClock } from './accept-clock.ts'

const { db, owner } = await scratchDatabase()
const practice = 195900
const hour = 3_600_000
const at = Date.UTC(2026, 2, 2, 15)
let log = memoryLog()

/** What the database's clock shows; it stands still there. */
const set = (nowMs: number) => db.control((tx) => slaveSqlClock(tx, { nowMs, speed: 1e-9 }))

beforeEach(async () => {
  log = memoryLog()
  await set(at)
  await owner.rows("update control.clock_watch set seen_at = '-infinity', set_back_at = null, set_back_ms = null")
  await owner.rows('delete from control.lease')
  await owner.rows('delete from control.schedule')
  await owner.rows('delete from pgboss.job_common')
})

test('a clock that goes on as it should is read, and nothing else', async () => {
  assert.equal(await acceptedClock({ db, log }), at)
  await set(at + 1_000)
  assert.equal(await acceptedClock({ db, log }), at + 1_000)
  await set(at)
  assert.equal(await acceptedClock({ db, log }), at, 'a second back is a clock that is brought into step')
  assert.deepEqual(log.events(), [])
})

test('after it was set back nothing waits for what it showed before', async () => {
  await db.control(async (tx) => {
    await addPractices(tx, [practice], 'local')
    await ensureScheduled(tx, [practice], ['appointments'])
  })
  await db.practice(0, (tx) => addFeeds(tx, [practice], ['appointments']))
  await acceptedClock({ db, log })
  await owner.rows(`update aegis.feed_state set drain_started_at = aegis.now(), drain_ended_at = aegis.now(),
    checkpoint = aegis.now(), retry_at = aegis.now() + interval '1 minute',
    refetch_put_off_at = aegis.now(), refetch_put_off_until = aegis.now() + interval '1 minute', snapshot_at = null`)
  await owner.rows("update control.schedule set due_at = aegis.now() + interval '1 minute'")
  await acquireLease({ db, clock: systemClock, log }, { name: 'test', holder: 'dead', ttlMs: 30_000 })
  await owner.rows(`insert into pgboss.queue (name, policy, retry_limit, retry_delay, retry_backoff, expire_seconds,
    retention_seconds, deletion_seconds, partition, table_name) values ('test', 'standard', 0, 0, false, 60, 60, 60, false,
    'job_common') on conflict do nothing`)
  await owner.rows(`insert into pgboss.job_common (name, start_after, created_on)
    values ('test', clock_timestamp() + interval '1 hour', clock_timestamp() + interval '1 hour')`)
  await set(at - hour)
  assert.equal(await acceptedClock({ db, log }), at - hour)
  const [feed] = await owner.rows<Record<string, number>>('select * from aegis.feed_state')
  const names = ['drain_started_at', 'drain_ended_at', 'retry_at', 'refetch_put_off_at', 'state_since']
  const shown = names.map((name) => feed?.[name])
  assert.deepEqual([...shown, feed?.['refetch_put_off_until']], Array(6).fill(at - hour))
  assert.equal(feed?.checkpoint, at - 25 * hour, 'what it vouches for is not known any more')
  const [due] = await owner.rows<{ due: boolean }>('select due_at <= aegis.now() as due from control.schedule')
  assert.equal(due?.due, true)
  const [lease] = await owner.rows<{ at: number }>('select expires_at as at from control.lease')
  assert.ok((lease?.at ?? 0) <= at - hour + 300_000)
  const [job] = await owner.rows<{ due: boolean }>(
    'select start_after <= clock_timestamp() as due from pgboss.job_common',
  )
  assert.equal(job?.due, true)
  assert.deepEqual(log.events(), ['clock.set-back'])
})

test('it is alarmed for a day, once, whichever process noticed it', async () => {
  await acceptedClock({ db, log })
  await set(at - hour)
  await Promise.all([acceptedClock({ db, log }), acceptedClock({ db, log })])
  await acceptedClock({ db, log })
  const alarms = async () =>
    judgeClocks(
      { fixed: { clock: 'system' }, certainSkewMs: () => 0, machineOffMs: () => 0 },
      await db.control(readClockWatch),
    )
  const [alarm, ...others] = await alarms()
  assert.equal(alarm?.code, 'clock.set-back')
  assert.match(alarm?.message ?? '', /by 60 min or more/)
  assert.deepEqual(others, [])
  await set(at + 24 * hour)
  assert.deepEqual(await alarms(), [])
})

test('what is noted for later on purpose stays, where no clock was set', async () => {
  await db.practice(0, (tx) => addFeeds(tx, [practice], ['patients']))
  await owner.rows('update aegis.feed_state set drain_started_at = aegis.now()')
  await owner.rows(
    `insert into aegis.reconciliation_task (practice_id, feed, task, due_at)
    values ($1, 'patients', 'weekly', aegis.now() + interval '7 days')`,
    [practice],
  )
  await db.practice(0, (tx) => boundSyncTimes(tx, [practice]))
  const [task] = await owner.rows<{ at: number }>('select due_at as at from aegis.reconciliation_task')
  assert.equal(task?.at, at + 7 * 24 * hour)
})
