/** What athenahealth's headers say of the day: when it holds, and what of it concerns us. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import type { Db } from '../db/db.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { Priority } from './priorities.ts'
import { createQuota } from './quota.ts'

const quarter = 15 * 60_000
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

for (const [title, limit] of [
  ['that leaves nothing', 1_000],
  ['of a limit that is none', 5],
  ['without its limit', undefined],
] as const) {
  test(`a count ${title} is asked about after a quarter of an hour, by one call, and taken back when it was wrong`, async () => {
    const { time, app, quota, instance, call, observe, check } = await setUp(1_000)
    const other = instance('other')
    await call(5)
    await call(5, other)
    observe(0, limit)
    await time.advance(1_000)
    const until = time.clock.now() + quarter
    assert.throws(
      check,
      (error) => isAegisError(error, 'quota.day-exhausted') && Number(error.detail['until']) <= until,
    )
    await time.advance(quarter - 61_000)
    assert.throws(check, { code: 'quota.day-exhausted' })
    // The other one hears of it when it has made those that it had reserved.
    await assert.rejects(call(10, other), { code: 'quota.day-exhausted' })
    await time.advance(62_000)
    const ask = (by: typeof quota) => by.permission({ app, practice: 1, priority: 'feeds' })
    const asked = [quota, other, quota, other].map(ask)
    const answers = await time.run(Promise.allSettled(asked))
    assert.deepEqual(answers.filter(({ status }) => status === 'fulfilled').length, 1)
    const asking = answers.findIndex(({ status }) => status === 'fulfilled') % 2 === 0 ? quota : other
    const late = time.clock.now() - 60_000
    asking.observe({ app, at: late, remaining: 989, ...(limit === undefined ? {} : { limit: 1_000 }) })
    await time.advance(1_000)
    assert.ok((await time.run(quota.usage(app))).leftToday <= 0, 'an answer from before says nothing')
    asking.observe({ app, at: time.clock.now(), remaining: 989, ...(limit === undefined ? {} : { limit: 1_000 }) })
    await time.advance(1_000)
    const { foreignToday, perDayLimit, leftToday } = await time.run(quota.usage(app))
    assert.deepEqual([foreignToday, perDayLimit], [0, 1_000])
    assert.ok(leftToday > 950, `${leftToday} left`)
    await call(20, asking)
    // The other one hears of that when it looks again.
    const [behind = quota] = [quota, other].filter((each) => each !== asking)
    assert.throws(() => behind.check({ app, priority: 'interactive' }), { code: 'quota.day-exhausted' })
    await time.advance(1_000)
    await call(20, behind)
    await time.run(Promise.all([quota.stop(), other.stop()]))
  })
}

test('a call that was to ask about a count and was not sent asks with its next permission', async () => {
  const { time, app, quota, call, observe } = await setUp(1_000)
  await call(5)
  observe(0, 1_000)
  await time.advance(quarter + 1_000)
  const ask = () => time.run(quota.permission({ app, practice: 1, priority: 'interactive' }))
  const permission = await ask()
  quota.unused(permission)
  await ask()
  await assert.rejects(ask(), { code: 'quota.day-exhausted' })
  await time.run(quota.stop())
})

test('a count that was right leaves none for another quarter of an hour', async () => {
  const { time, app, quota, call, observe, check } = await setUp(1_000)
  await call(5)
  observe(0, 1_000)
  await time.advance(quarter + 1_000)
  await call(1)
  observe(0, 1_000)
  await time.advance(1_000)
  assert.throws(check, { code: 'quota.day-exhausted' })
  await time.advance(quarter - 10_000)
  assert.throws(check, { code: 'quota.day-exhausted' })
  await time.advance(10_000)
  await call(1)
  assert.equal((await time.run(quota.usage(app))).leftToday, 0)
  await time.run(quota.stop())
})
