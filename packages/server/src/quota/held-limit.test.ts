/** Processes that are configured with different limits: those of one of them hold for all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { mostInOneSecond } from '../../testing/most-in-one-second.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import type { Priority } from './priorities.ts'
import { createQuota, type Quota } from './quota.ts'
import type { QuotaLimits } from './quota-limits.ts'

const database = await scratchDatabase()
let apps = 0

async function setUp() {
  const time = await lockstep(database)
  const app = `held/${apps++}`
  /** A process with its own limit; `holds`: it starts to work, and does not only look. */
  const process = async (perDay: number, { holds }: { holds: boolean } = { holds: true }) => {
    const limits = { perSecond: 100, perDay, tokensPerMinute: 5, dayBlock: 1 }
    const quota = createQuota({ db: time.db, clock: time.clock, log: silentLog, holder: `host-${perDay}` }, limits)
    if (holds) await quota.holdLimits(app)
    return quota
  }
  /** Calls until it is refused: how many there were, and how many a day the refusal names. */
  const spend = async (quota: Quota, priority: Priority = 'interactive', dayPriority = priority) => {
    for (let calls = 0; ; calls += 1) {
      const refused = await time.run(
        quota.permission({ app, practice: 1, priority, dayPriority }).then(
          () => undefined,
          (error: unknown) => error,
        ),
      )
      if (refused === undefined) continue
      assert.ok(isAegisError(refused, 'quota.day-exhausted'), String(refused))
      return { calls, limit: refused.detail['limit'] }
    }
  }
  return { time, app, process, spend }
}

test('the limit of the process started last holds for all, be it more or fewer, and no call more is made', async () => {
  const { time, app, process, spend } = await setUp()
  const one = await process(20)
  assert.deepEqual(await spend(one), { calls: 20, limit: 20 })
  const more = await process(50)
  await time.advance(31_000)
  // It was refused: what it knows is old, and it looks again.
  await spend(one)
  assert.deepEqual(await spend(one), { calls: 30, limit: 50 })
  assert.deepEqual(await spend(more), { calls: 0, limit: 50 })
  const { own, held } = one.limits(app)
  assert.deepEqual([own.perDay, held.perDay], [20, 50])
  const fewer = await process(40)
  assert.equal((await time.run(one.usage(app))).perDayLimit, 40)
  for (const quota of [one, more, fewer]) {
    await time.advance(31_000)
    await spend(quota)
    assert.deepEqual(await spend(quota), { calls: 0, limit: 40 })
  }
  await time.run(Promise.all([one, more, fewer].map((quota) => quota.stop())))
})

test('each priority stops at its floor of the limit that holds', async () => {
  const { time, process, spend } = await setUp()
  const one = await process(40)
  const other = await process(100)
  assert.deepEqual(await spend(one, 'bulk'), { calls: 85, limit: 100 })
  assert.deepEqual(await spend(other, 'feeds'), { calls: 4, limit: 100 })
  assert.deepEqual(await spend(one), { calls: 11, limit: 100 })
  await time.run(Promise.all([one.stop(), other.stop()]))
})

test('what is urgent in the line alone stops where its part of the day ends, and counts as that', async () => {
  const { time, app, process, spend } = await setUp()
  const one = await process(100)
  const asked = { app, practice: 1, priority: 'feeds', dayPriority: 'reconciliation' } as const
  const { priority } = await time.run(one.permission(asked))
  assert.equal(priority, 'reconciliation')
  assert.deepEqual(await spend(one, 'feeds', 'reconciliation'), { calls: 86, limit: 100 })
  // Known to be over it is refused at once, and does not wait for a turn.
  const atOnce = Promise.race([one.permission(asked), new Promise(setImmediate)])
  await assert.rejects(atOnce, { code: 'quota.day-exhausted' })
  assert.deepEqual(await spend(one, 'feeds'), { calls: 2, limit: 100 })
  await time.run(one.stop())
})

test('a program that only looks changes nothing for the others', async () => {
  const { time, app, process } = await setUp()
  const one = await process(20)
  const looking = await process(50, { holds: false })
  assert.equal((await time.run(one.usage(app))).perDayLimit, 20)
  assert.equal((await time.run(looking.usage(app))).perDayLimit, 20)
  await time.run(Promise.all([one.stop(), looking.stop()]))
})

test('a lower limit that athenahealth named today goes before any that holds', async () => {
  const { time, app, process, spend } = await setUp()
  const one = await process(60)
  await time.run(one.permission({ app, practice: 1, priority: 'feeds' }))
  one.observe({ app, at: time.clock.now(), limit: 30, remaining: 29 })
  await time.advance(1_000)
  const other = await process(90)
  assert.equal((await time.run(other.usage(app))).perDayLimit, 30)
  assert.deepEqual(await spend(other), { calls: 29, limit: 30 })
  await time.run(Promise.all([one.stop(), other.stop()]))
})

/** Processes of one app that start one after another, each with limits of its own; all of them call as fast as they may. */
async function racing() {
  const time = await lockstep(database)
  const app = `held/${apps++}`
  const quotas: Quota[] = []
  const sends: { at: number; practice: number }[] = []
  let ended = false
  const busy = async (quota: Quota, practice: number) => {
    while (!ended) {
      await quota.permission({ app, practice, priority: 'feeds' })
      sends.push({ at: time.clock.now(), practice })
    }
  }
  const callers: Promise<void>[] = []
  const start = async (limits: Partial<QuotaLimits>) => {
    const all = { perSecond: 50, perDay: 500_000, tokensPerMinute: 5, dayBlock: 20, ...limits }
    const deps = { db: time.db, clock: time.clock, log: silentLog, holder: `host-${quotas.length}` }
    const quota = createQuota(deps, all)
    quotas.push(quota)
    await time.run(quota.holdLimits(app))
    for (const practice of [1, 1, 2, 2, 3, 3]) callers.push(busy(quota, practice))
    return quota
  }
  const most = (from: number, of: (send: { practice: number }) => boolean = () => true) => {
    return mostInOneSecond(sends.filter((send) => send.at >= from && of(send)).map(({ at }) => at))
  }
  const end = async () => {
    ended = true
    await time.run(Promise.all(callers))
    await time.run(Promise.all(quotas.map((quota) => quota.stop())))
  }
  return { time, app, start, most, end }
}

for (const [title, before, after, most] of [
  ['fewer', { perSecond: 50 }, { perSecond: 20 }, 20],
  ['more', { perSecond: 20 }, { perSecond: 50 }, 50],
  ['not even one in each', { perSecond: 50 }, { perSecond: 0.5 }, 1],
] as const) {
  test(`of a second, too, the calls of the process started last hold for all: ${title}`, async () => {
    const { time, app, start, most: mostSince, end } = await racing()
    const one = await start(before)
    await time.advance(2_000)
    await start(after)
    await time.advance(4_000)
    const from = time.clock.now()
    await time.advance(5_000)
    const found = mostSince(from)
    assert.ok(found <= most && found >= 0.9 * most, `${found} in a second`)
    assert.equal((await time.run(one.usage(app))).perSecondLimit, after.perSecond)
    assert.equal(one.standing({ app, priority: 'feeds' }).perSecond, after.perSecond)
    await end()
  })
}

test('a limit per practice of the process started last holds for all, and so does that it has none', async () => {
  const { time, app, start, most, end } = await racing()
  const one = await start({})
  await time.advance(2_000)
  await start({ perPracticePerSecond: 4 })
  await time.advance(4_000)
  const from = time.clock.now()
  await time.advance(5_000)
  for (const practice of [1, 2, 3]) {
    const found = most(from, (send) => send.practice === practice)
    assert.ok(found >= 3 && found <= 4, `practice ${practice}: ${found} in a second`)
  }
  await start({})
  await time.advance(4_000)
  const freeFrom = time.clock.now()
  await time.advance(3_000)
  assert.ok(most(freeFrom) > 40, `${most(freeFrom)} in a second`)
  assert.equal(one.limits(app).held.perPracticePerSecond, undefined)
  await end()
})

test('a process learns of every limit that is not its own', async () => {
  const { time, app, start, end } = await racing()
  const one = await start({ tokensPerMinute: 50 })
  await time.advance(1_000)
  await start({ perSecond: 20, perDay: 400_000, perPracticePerSecond: 5.5 })
  await time.advance(8_000)
  const { own, held } = one.limits(app)
  assert.deepEqual(own, { perDay: 500_000, perSecond: 50, perPracticePerSecond: undefined, tokensPerMinute: 50 })
  assert.deepEqual(held, { perDay: 400_000, perSecond: 20, perPracticePerSecond: 5.5, tokensPerMinute: 5 })
  await end()
})
