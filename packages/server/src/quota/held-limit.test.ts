/** Processes that are configured with different limits of a day: one limit holds for all of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import type { Priority } from './priorities.ts'
import { createQuota, type Quota } from './quota.ts'

const database = await scratchDatabase()
let apps = 0

async function setUp() {
  const time = await lockstep(database)
  const app = `held/${apps++}`
  /** A process with its own limit; `holds`: it starts to work, and does not only look. */
  const process = async (perDay: number, { holds }: { holds: boolean } = { holds: true }) => {
    const limits = { perSecond: 100, perDay, tokensPerMinute: 5, dayBlock: 1 }
    const quota = createQuota({ db: time.db, clock: time.clock, log: silentLog, holder: `host-${perDay}` }, limits)
    if (holds) await quota.holdLimit(app)
    return quota
  }
  /** Calls until it is refused: how many there were, and how many a day the refusal names. */
  const spend = async (quota: Quota, priority: Priority = 'interactive') => {
    for (let calls = 0; ; calls += 1) {
      const refused = await time.run(
        quota.permission({ app, practice: 1, priority }).then(
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
  assert.deepEqual(one.dayLimits(app), { own: 20, held: 50 })
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
