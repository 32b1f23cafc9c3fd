/** Several processes look at the same day of calls, each with a limit of its own in its configuration. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { readPlan, storePlan } from '../pacing/plan.sql.ts'
import { createQuota } from '../quota/quota.ts'
import { type CallsOutlook, lookAtCalls, wakeWaiting } from './calls-outlook.ts'
import { judgeFailure } from './judge-failure.ts'
import { addPractices, claimDue, ensureScheduled, setDue } from './schedule.sql.ts'
import { defaultSyncSettings } from './sync-settings.ts'

const app = 'local/outlook'
const feed = { practice: 1, feed: 'patients' } as const

async function installation(t: Parameters<typeof scratchDatabase>[0]) {
  const database = await scratchDatabase(t)
  const time = await lockstep(database)
  const { db, clock } = time
  await db.control(async (tx) => {
    await addPractices(tx, [1], 'local')
    await ensureScheduled(tx, [1], [feed.feed])
  })
  /** A process that starts, and what it does from time to time. */
  const process = async (perDay: number) => {
    const limits = { perSecond: 100, perDay, tokensPerMinute: 5, dayBlock: 1 }
    const quota = createQuota({ db, clock, log: silentLog, holder: `host-${perDay}` }, limits)
    await quota.holdLimits(app)
    let outlook: CallsOutlook = {}
    return {
      quota,
      async look() {
        const before = outlook.dayLimit
        outlook = await lookAtCalls(
          {
            sync: { db, clock, settings: defaultSyncSettings },
            dayUsage: () => quota.usage(app),
            keepForFeeds: (needed) => quota.keepForFeeds(app, needed),
          },
          outlook,
        )
        return wakeWaiting({ db, log: silentLog }, { before, now: outlook.dayLimit })
      },
      /** Takes the feed if it is due, and calls for it until it is refused; how many calls there were, or that it was not due. */
      async work(): Promise<number | 'not due'> {
        const [due] = await db.control((tx) => claimDue(tx, { most: 1, holdSeconds: 60 }))
        if (!due) return 'not due'
        for (let calls = 0; ; calls += 1) {
          const asked = quota.permission({ app, practice: 1, priority: 'feeds' })
          const refused = await time.run(
            asked.then(
              () => undefined,
              (error: unknown) => error ?? 'refused',
            ),
          )
          if (refused === undefined) continue
          const { retryInMs, callsLimit } = judgeFailure(refused, { failures: 0, now: clock.now() })
          await db.control((tx) => setDue(tx, feed, { until: clock.now() + retryInMs, callsLimit: callsLimit ?? null }))
          return calls
        }
      },
      stop: () => time.run(quota.stop()),
    }
  }
  return { time, process }
}

test('processes with different limits do not wake one another for ever, and use what the last of them brought', async (t) => {
  const { time, process } = await installation(t)
  const few = await process(100)
  await few.look()
  // The last 11 are not for feeds.
  assert.equal(await few.work(), 89)
  const many = await process(200)
  const worked: (number | 'not due')[] = []
  for (let passed = 0; passed < 60; passed += 1) {
    for (const one of [few, many]) {
      await one.look()
      worked.push(await one.work())
    }
    await time.advance(30_000)
  }
  const calls = worked.filter((each) => each !== 'not due')
  assert.equal(
    calls.reduce((sum, each) => sum + each, 0),
    178 - 89,
  )
  assert.ok(calls.length <= 4, `taken up ${calls.length} times`)
  assert.ok(!worked.slice(10).some((each) => each !== 'not due'), 'after minutes nothing wakes any more')
  // A process that comes with fewer: nothing is taken up for it.
  const fewer = await process(150)
  for (let passed = 0; passed < 6; passed += 1) {
    for (const one of [few, many, fewer]) {
      await one.look()
      assert.equal(await one.work(), 'not due')
    }
    await time.advance(30_000)
  }
  for (const one of [few, many, fewer]) await one.stop()
})

test('with another limit the plan of polls is made anew at once, and else not within its minute', async (t) => {
  const { time, process } = await installation(t)
  const { db } = time
  const plannedAt = async () => (await db.control((tx) => readPlan(tx)))?.ends_at
  const one = await process(100)
  await one.look()
  assert.ok(await plannedAt())
  const forget = () =>
    time.db.control((tx) => storePlan(tx, { price: 7, stretch: 1, feeds: 1, endsAt: new Date(0).toISOString() }))
  await forget()
  await one.look()
  assert.equal(await plannedAt(), 0, 'no other limit')
  const other = await process(200)
  await one.look()
  assert.notEqual(await plannedAt(), 0)
  await Promise.all([one.stop(), other.stop()])
})

test('who learns of more calls wakes what a plan of as many put off too, who learns of no more what there were fewer for', async (t) => {
  const { db } = (await installation(t)).time
  const log = silentLog
  const putOff = async (callsLimit: number) => {
    await db.control((tx) => claimDue(tx, { most: 1, holdSeconds: 60 }))
    await db.control((tx) => setDue(tx, feed, { until: Date.UTC(2999, 0, 1), callsLimit }))
  }
  const isWoken = async (limits: { before: number | undefined; now: number | undefined }) => {
    await wakeWaiting({ db, log }, limits)
    return (await db.control((tx) => claimDue(tx, { most: 1, holdSeconds: 60 }))).length === 1
  }
  await putOff(200)
  assert.equal(await isWoken({ before: undefined, now: undefined }), false)
  for (const before of [undefined, 200, 300]) assert.equal(await isWoken({ before, now: 200 }), false, `${before}`)
  assert.equal(await isWoken({ before: 100, now: 200 }), true)
  await putOff(199)
  assert.equal(await isWoken({ before: 200, now: 200 }), true)
})
