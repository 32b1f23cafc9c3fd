/** athenahealth throttles calls: who is pushed back, by how much, and what is learnt from it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { createQuota, type Quota } from './quota.ts'
import type { QuotaLimits } from './quota-limits.ts'

const database = await scratchDatabase()
let apps = 0

async function setUp(limits: Partial<QuotaLimits> = {}) {
  const time = await lockstep(database)
  const name = `throttled/${apps++}`
  const all = { perSecond: 100, perDay: 500_000, tokensPerMinute: 5, ...limits }
  let holders = 0
  const instance = () =>
    createQuota({ db: time.db, clock: time.clock, log: silentLog, holder: `host-${holders++}` }, all)
  return { time, app: name, instance }
}

test('a throttling answer pushes every process back, longer each time', async () => {
  const { time, app: name, instance } = await setUp()
  const [one, other] = [instance(), instance()]
  const firstAfter = async (quota: Quota) => {
    const askedAt = time.clock.now()
    await time.run(quota.permission({ app: name, practice: 1, priority: 'interactive' }))
    return time.clock.now() - askedAt
  }
  await firstAfter(one)
  await firstAfter(other)
  await time.run(one.throttled(name, { retryAfterMs: 5_000 }))
  assert.ok((await firstAfter(other)) >= 5_000)
  assert.ok((await firstAfter(one)) < 100)
  for (const expected of [2_000, 4_000, 8_000]) {
    await time.run(Promise.all([one.throttled(name), one.throttled(name), other.throttled(name)]))
    const waited = await firstAfter(other)
    assert.ok(waited >= expected && waited < expected + 100, `${waited} ms after ${expected}`)
    await firstAfter(one)
  }
  await time.run(one.throttled(name, { retryAfterMs: 86_400_000 }))
  const pausedMs = ((await time.run(one.usage(name))).pausedUntil ?? 0) - time.clock.now()
  assert.ok(pausedMs > 0 && pausedMs <= 900_000, 'no pause is longer than 15 minutes')
  await Promise.all([one.stop(), other.stop()])
})

test('calls that are under way when one is throttled are no further throttling, whenever their answers come', async () => {
  const { time, app: name, instance } = await setUp()
  const [one, other] = [instance(), instance()]
  const asked = [one, other].flatMap((quota) => Array.from({ length: 20 }, () => quota))
  const call = async (quota: Quota, index: number) => {
    await quota.permission({ app: name, practice: 1, priority: 'feeds' })
    const answerMs = 500 + 100 * index
    await time.clock.sleep(answerMs)
    await quota.throttled(name, { sentMsAgo: answerMs })
    return time.clock.now()
  }
  const answeredAt = await time.run(Promise.all(asked.map(call)))
  assert.ok(Math.max(...answeredAt) - Math.min(...answeredAt) > 3_000, 'many come long after the pause')
  const [row] = await database.owner.rows<{ paused_until: number; margin_ms: number; pauses: number }>(
    'select paused_until, margin_ms, pauses from control.quota_app where app = $1',
    [name],
  )
  assert.deepEqual([row?.margin_ms, row?.pauses], [25, 0])
  assert.ok(Math.abs((row?.paused_until ?? 0) - Math.max(...answeredAt) - 1_000) < 10, 'a second after each')
  const askedAt = time.clock.now()
  await time.run(one.permission({ app: name, practice: 1, priority: 'interactive' }))
  assert.ok(time.clock.now() - askedAt < 1_100, 'and no more than that')
  await Promise.all([one.stop(), other.stop()])
})

test('throttled although it kept to the timetable, the app spaces its calls more widely for some hours', async () => {
  const { time, app: name, instance } = await setUp({ perSecond: 5 })
  const quota = instance()
  const rate = async () => {
    const sends: number[] = []
    const call = async () => {
      await quota.permission({ app: name, practice: 1, priority: 'feeds' })
      sends.push(time.clock.now())
    }
    await time.run(Promise.all(Array.from({ length: 20 }, call)))
    return ((sends.length - 1) * 1_000) / (Math.max(...sends) - Math.min(...sends))
  }
  const before = await rate()
  for (let i = 0; i < 5; i++) {
    await time.run(quota.throttled(name))
    await rate()
  }
  const taught = await rate()
  const { usablePerSecond: planned } = await time.run(quota.usage(name))
  await time.advance(6 * 3_600_000)
  const after = await rate()
  assert.ok(before > 4.7 && taught < 3.6 && after > 4.6 && planned < 3.6, [before, taught, planned, after].join())
  await quota.stop()
})
