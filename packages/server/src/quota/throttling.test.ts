/** athenahealth throttles calls: who is pushed back, by how much, and what is learnt from it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import type { Db, Tx } from '../db/db.ts'
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

test('what is booked while a pause is being written does not write it, too: the pause still doubles', async () => {
  const { time, app } = await setUp()
  const booked = Promise.withResolvers<void>()
  let isThrottling = false
  let pauses = 0
  const noting = (tx: Tx): Tx => ({
    async rows<R extends object>(...[statement, ...given]: Parameters<Tx['rows']>) {
      if (statement.name === 'quota.pause_timetable') pauses += 1
      return tx.rows<R>(statement, ...given).finally(() => {
        if (statement.name === 'quota.book_instants') booked.resolve()
      })
    },
  })
  const db: Db = {
    ...time.db,
    async control(work) {
      if (isThrottling) await time.during(booked.promise)
      return time.db.control((tx) => work(noting(tx)))
    },
  }
  const limits = { perSecond: 100, perDay: 500_000, tokensPerMinute: 5 }
  const [quota, other] = [db, time.db].map((its, i) =>
    createQuota({ db: its, clock: time.clock, log: silentLog, holder: `booking-${i}` }, limits),
  )
  assert.ok(quota && other)
  await time.run(other.throttled(app))
  await time.run(other.permission({ app, practice: 1, priority: 'interactive' }))
  const throttledAt = time.clock.now()
  isThrottling = true
  const throttled = quota.throttled(app)
  isThrottling = false
  await time.run(Promise.all([throttled, quota.permission({ app, practice: 1, priority: 'interactive' })]), 60_000)
  const pausedMs = time.clock.now() - throttledAt
  assert.equal(pauses, 1)
  assert.ok(pausedMs >= 2_000 && pausedMs < 2_100, `${pausedMs} ms`)
  await Promise.all([quota.stop(), other.stop()])
})

test('a pause that could not be told while another is told late is told as well, though its call was sent earlier', async () => {
  const { time, app, instance } = await setUp()
  const [telling, failed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let pauses = 0
  const failing = (tx: Tx): Tx => ({
    async rows<R extends object>(...[statement, ...given]: Parameters<Tx['rows']>) {
      if (statement.name !== 'quota.pause_timetable') return tx.rows<R>(statement, ...given)
      pauses += 1
      if (pauses === 1 || pauses === 3) throw new Error('no connection')
      if (pauses === 2) {
        telling.resolve()
        await failed.promise
      }
      return tx.rows<R>(statement, ...given)
    },
  })
  const db: Db = { ...time.db, control: (work) => time.db.control((tx) => work(failing(tx))) }
  const limits = { perSecond: 100, perDay: 500_000, tokensPerMinute: 5 }
  const [quota, other] = [createQuota({ db, clock: time.clock, log: silentLog, holder: 'owing' }, limits), instance()]
  const call = (its: Quota) => its.permission({ app, practice: 1, priority: 'interactive' })
  await time.run(call(other))
  await assert.rejects(time.run(quota.throttled(app, { retryAfterMs: 5_000 })))
  const asked = call(quota)
  await telling.promise
  await assert.rejects(quota.throttled(app, { retryAfterMs: 60_000, sentMsAgo: 10 }))
  failed.resolve()
  await time.advance(6_000)
  const from = time.clock.now()
  await time.run(call(other))
  const waitedMs = time.clock.now() - from
  await time.run(asked)
  assert.ok(waitedMs >= 53_000 && waitedMs < 55_000, `${waitedMs} ms`)
  await Promise.all([quota.stop(), other.stop()])
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
