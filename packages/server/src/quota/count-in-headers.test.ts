/** What athenahealth's headers say of the day: when it holds, and what of it concerns us. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import type { Db } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { Priority } from './priorities.ts'
import { createQuota } from './quota.ts'

const database = await scratchDatabase()
let apps = 0

async function setUp(perDay: number) {
  const time = await lockstep(database)
  const app = `headers/${apps++}`
  const wire = { cut: false }
  const db: Db = {
    ...time.db,
    control: (work) => (wire.cut ? Promise.reject(new AegisError('db.unavailable')) : time.db.control(work)),
  }
  const limits = { perSecond: 100, perDay, tokensPerMinute: 5, dayBlock: 10 }
  const instance = (holder: string) => createQuota({ db, clock: time.clock, log: silentLog, holder }, limits)
  const quota = instance('one')
  const call = async (count: number, by = quota) => {
    for (let i = 0; i < count; i += 1) await time.run(by.permission({ app, practice: 1, priority: 'interactive' }))
  }
  const observe = (remaining: number, limit?: number) =>
    quota.observe({ app, at: time.clock.now(), remaining, ...(limit === undefined ? {} : { limit }) })
  const check = (priority: Priority = 'interactive') => quota.check({ app, priority })
  return { time, app, wire, quota, instance, call, observe, check }
}

test('a count that leaves nothing holds at once, and is written when the database can be reached again', async () => {
  const { time, app, wire, quota, call, observe, check } = await setUp(1_000)
  await call(5)
  wire.cut = true
  observe(0, 1_000)
  assert.throws(check, { code: 'quota.day-exhausted' })
  await time.advance(4_000)
  assert.throws(check, { code: 'quota.day-exhausted' })
  wire.cut = false
  await time.advance(10_000)
  const { foreignToday, leftToday } = await time.run(quota.usage(app))
  assert.deepEqual([foreignToday, leftToday], [995, 0])
  await time.run(quota.stop())
})

test('a lower limit holds at once', async () => {
  const { time, app, quota, call, observe, check } = await setUp(1_000)
  await call(5)
  observe(5, 10)
  assert.equal(quota.standing({ app, priority: 'interactive' }).day?.left, 5)
  observe(0, 5)
  assert.throws(check, { code: 'quota.day-exhausted' })
  await time.run(quota.stop())
})

test('calls of another process of ours are not taken for somebody else’s once its reservations are known', async () => {
  const { time, app, quota, instance, call, observe } = await setUp(1_000)
  const other = instance('other')
  await call(1)
  await call(200, other)
  observe(799, 1_000)
  await time.advance(1_000)
  assert.equal((await time.run(quota.usage(app))).foreignToday, 0)
  const left = quota.standing({ app, priority: 'interactive' }).day?.left ?? 0
  assert.ok(left > 780 && left <= 799, `${left} left`)
  await time.run(Promise.all([quota.stop(), other.stop()]))
})

test('what others may use beside the configured limit takes nothing of it', async () => {
  const { time, app, quota, call, observe, check } = await setUp(300)
  await call(100)
  observe(200, 500)
  await time.advance(1_000)
  check('bulk')
  assert.equal((await time.run(quota.usage(app))).foreignToday, 0)
  observe(150, 500)
  await time.advance(1_000)
  const { foreignToday } = await time.run(quota.usage(app))
  assert.ok(foreignToday >= 40 && foreignToday <= 50, `${foreignToday} are what ours do not leave to others`)
  assert.equal(quota.standing({ app, priority: 'interactive' }).day?.left, 150)
  await time.run(quota.stop())
})
