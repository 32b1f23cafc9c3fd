/** What a caller is told that gets no permission: why, when to ask again, and how it stands. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import type { PermissionRequest } from './permission.ts'
import { createQuota } from './quota.ts'
import type { QuotaLimits } from './quota-limits.ts'
import { rateLimitFields } from '../http/rate-limit-fields.ts'

const database = await scratchDatabase()
let apps = 0

async function setUp(limits: Partial<QuotaLimits> = {}) {
  const time = await lockstep(database)
  const app = `refusals/${apps++}`
  const all = { perSecond: 5, perDay: 50_000, tokensPerMinute: 5, ...limits }
  const instance = (holder: string) => createQuota({ db: time.db, clock: time.clock, log: silentLog, holder }, all)
  const quota = instance('one')
  const ask = (request: Pick<PermissionRequest, 'priority'> & Partial<PermissionRequest>) =>
    quota.permission({ app, practice: 1, ...request }).then(
      () => 'sent',
      (error: unknown) => (isAegisError(error) ? { code: error.code, ...error.detail } : error),
    )
  return { time, app, quota, instance, ask }
}

test('in a full line the least urgent gives way to the more urgent, newest first, and is told when to come back', async () => {
  const { time, quota, ask } = await setUp({ waitingMax: 4 })
  const asked = [
    ask({ priority: 'feeds' }),
    ask({ priority: 'bulk' }),
    ask({ priority: 'bulk' }),
    ask({ priority: 'bulk' }),
    ask({ priority: 'interactive' }),
    ask({ priority: 'reconciliation' }),
    ask({ priority: 'bulk' }),
  ]
  const tooMany = { code: 'quota.too-many-waiting', retryAfterMs: 1_000 }
  const answers = await time.run(Promise.all(asked))
  assert.deepEqual(answers, ['sent', 'sent', tooMany, tooMany, 'sent', 'sent', tooMany])
  await time.run(quota.stop())
})

test('in a line full of one program’s calls its newest gives way to another program of the same priority', async () => {
  const { time, quota, ask } = await setUp({ waitingMax: 3 })
  const asked = ['flood', 'flood', 'flood', 'other', 'flood', 'other', 'third'].map((caller) =>
    ask({ priority: 'interactive', caller }),
  )
  const answers = await time.run(Promise.all(asked))
  assert.deepEqual(
    answers.map((answer) => (answer === 'sent' ? 'sent' : 'refused')),
    ['sent', 'refused', 'refused', 'sent', 'refused', 'refused', 'sent'],
  )
  await time.run(quota.stop())
})

test('who waited in vain, or found the line full, is told how long it is', async () => {
  const { time, quota, ask } = await setUp({ waitingMax: 51 })
  const crowd = Array.from({ length: 50 }, () => ask({ priority: 'feeds' }))
  const late = ask({ priority: 'feeds', deadlineMs: 1_500 })
  assert.deepEqual(await ask({ priority: 'feeds' }), { code: 'quota.too-many-waiting', retryAfterMs: 10_737 })
  const refused = await time.run(late)
  assert.ok(typeof refused === 'object' && refused !== null && 'code' in refused && 'retryAfterMs' in refused)
  assert.equal(refused.code, 'quota.timeout')
  // 47 or 48 calls are left of the 50, at 4.75 a second.
  assert.ok(Number(refused.retryAfterMs) > 9_000 && Number(refused.retryAfterMs) < 10_800, String(refused.retryAfterMs))
  await time.run(Promise.all(crowd))
  await time.run(quota.stop())
  assert.deepEqual(await ask({ priority: 'feeds' }), { code: 'quota.stopping', retryAfterMs: 5_000 })
})

test('who names no deadline waits for ten minutes at most', async () => {
  const { time, app, quota, ask } = await setUp()
  await time.run(quota.throttled(app, { retryAfterMs: 900_000 }))
  const askedAt = time.clock.now()
  const refused = await time.run(ask({ priority: 'feeds' }))
  assert.deepEqual([refused, time.clock.now() - askedAt], [{ code: 'quota.timeout', retryAfterMs: 300_211 }, 600_000])
  await time.run(quota.stop())
})

test('of a used-up day one is told until when and of how many calls, and each priority what is left to it', async () => {
  const { time, app, quota, ask } = await setUp({ perDay: 100, dayBlock: 1 })
  assert.deepEqual(rateLimitFields(quota.standing({ app, priority: 'bulk' })), {
    'ratelimit-policy': '"second";q=5;w=1',
  })
  const until = Date.parse('2026-01-06T00:02:00Z')
  const answers = await time.run(Promise.all(Array.from({ length: 90 }, () => ask({ priority: 'bulk' }))))
  assert.equal(answers.filter((answer) => answer === 'sent').length, 85)
  const now = time.clock.now()
  const refused = await time.run(ask({ priority: 'bulk' }))
  assert.deepEqual(refused, { code: 'quota.day-exhausted', until, limit: 100, retryAfterMs: until - now })
  const left = (priority: PermissionRequest['priority']) => quota.standing({ app, priority }).day?.left
  assert.deepEqual([left('interactive'), left('notifications'), left('feeds'), left('bulk')], [15, 5, 4, 0])
  const seconds = Math.ceil((until - now) / 1_000)
  assert.equal(rateLimitFields(quota.standing({ app, priority: 'bulk' })).ratelimit, `"day";r=0;t=${seconds}`)
  await time.run(quota.stop())
})

test('what a process that stops gives back others use within half a minute', async () => {
  const { time, app, quota, instance, ask } = await setUp({ perSecond: 100, perDay: 400, dayBlock: 40 })
  const other = instance('other')
  for (let made = 0; made < 20; made += 1)
    await time.run(other.permission({ app, practice: 1, priority: 'interactive' }))
  const answers = await time.run(Promise.all(Array.from({ length: 400 }, () => ask({ priority: 'interactive' }))))
  assert.equal(answers.filter((answer) => answer === 'sent').length, 400 - 31)
  await time.advance(31_000)
  assert.notEqual(await time.run(ask({ priority: 'interactive' })), 'sent')
  await time.run(other.stop())
  const from = time.clock.now()
  while ((await time.run(ask({ priority: 'interactive' }))) !== 'sent') {
    assert.ok(time.clock.now() - from <= 31_000, `${time.clock.now() - from} ms`)
    await time.advance(1_000)
  }
  await time.run(quota.stop())
})

test('a program with one call is not held up by one with hundreds for many practices', async () => {
  const { time, quota, ask } = await setUp()
  let served = 0
  const crowd = Array.from({ length: 60 }, async (_, practice) => {
    await ask({ priority: 'interactive', practice, caller: 'reports' })
    served += 1
  })
  await time.advance(2_500)
  const before = served
  await time.run(ask({ priority: 'interactive', practice: 100, caller: 'portal' }))
  assert.ok(served - before <= 3, `${served - before} calls went before it`)
  await time.run(Promise.all(crowd))
  await time.run(quota.stop())
})
