import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { defaultPacingSettings } from '../pacing/pacing-settings.ts'
import { claimPlan, storePlan } from '../pacing/plan.sql.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import type { Priority } from '../quota/priorities.ts'
import { createQuota } from '../quota/quota.ts'
import { HOUR_MS } from '../quota/use-rhythm.ts'
import { addPractices } from '../sync/schedule.sql.ts'
import { defaultSyncSettings } from '../sync/sync-settings.ts'
import { quotaStatus } from './build-status.ts'
import { buildQuotaReport, createForecaster, type QuotaReportDeps } from './build-quota-report.ts'

const noon = Date.UTC(2026, 1, 25, 12)
const limits = { perSecond: 5, perDay: 20_000, tokensPerMinute: 5 }

/** An app that has made 600 polls an hour for so many days, and its report. */
async function anApp(
  test: { after(work: () => Promise<void>): void },
  { days = 0, foreign = 0, settings = defaultSyncSettings } = {},
) {
  const database = await scratchDatabase(test)
  const time = await lockstep(database, noon)
  const app = 'preview/demo-client'
  await database.owner.rows(
    `insert into control.quota_hour (app, at, priority, work, calls)
     select $1, at, 'feeds', 'sync.drain', 600
     from generate_series(aegis.now() - make_interval(days => $2), aegis.now() - interval '1 hour', interval '1 hour') at`,
    [app, days],
  )
  if (days > 0) {
    await database.owner.rows(
      `insert into control.quota_day (app, day, reserved, foreign_calls) values ($1, '2026-02-25', 7200, $2)`,
      [app, foreign],
    )
    await database.owner.rows(
      `insert into control.quota_use (app, day, practice_id, priority, work, calls)
       values ($1, '2026-02-25', 1, 'feeds', 'sync.drain', 7000), ($1, '2026-02-25', 2, 'feeds', 'sync.drain', 200),
         ($1, '2026-02-24', 1, 'feeds', 'sync.drain', 14400)`,
      [app],
    )
  }
  await time.db.control((tx) => addPractices(tx, [1, 2], 'preview'))
  const quota = createQuota({ db: time.db, clock: time.clock, log: silentLog, holder: 'here' }, limits)
  test.after(() => time.run(quota.stop()))
  const deps: QuotaReportDeps = {
    db: time.db,
    clock: time.clock,
    quota,
    app,
    settings,
    fixed: { environment: 'preview' },
  }
  return {
    time,
    quota,
    app,
    deps,
    report: (practice?: number) => time.run(buildQuotaReport(deps, practice === undefined ? {} : { practice })),
  }
}

test('a day like the past ones is compared with them and lasts', async (context) => {
  const { report } = await anApp(context, { days: 20 })
  const { day, forecast, compared, spent, advice } = await report()
  assert.deepEqual([day.used, day.left, day.resetsAt], [7_200, 12_800, '2026-02-26T00:02:00.000Z'])
  assert.deepEqual(compared, {
    today: 7_200,
    yesterday: { byNow: 7_200, total: 14_400 },
    weekBefore: { byNow: 7_200, total: 14_400 },
  })
  assert.equal(forecast.outlook, 'lasts')
  assert.equal(forecast.explanation, "Today's calls do: 28 % are left at midnight GMT.")
  assert.match(forecast.restsOn, /same hours of past weeks.* 14 past days/)
  assert.deepEqual(spent.practices, [
    { practice: 1, today: 7_000, yesterday: 14_400 },
    { practice: 2, today: 200, yesterday: 0 },
  ])
  assert.deepEqual(spent.works, [{ priority: 'feeds', work: 'sync.drain', today: 7_200, yesterday: 14_400 }])
  assert.deepEqual(advice, [])
})

const alike = { ...defaultSyncSettings, pacing: { ...defaultPacingSettings, isAdaptive: false } }

for (const [what, settings, knob] of [
  // Two practices with three feeds, a call a minute each and looks: half of 8,640 drains.
  ['all feeds are read alike', alike, ['sync.pollInterval', 5_760]],
  // Feeds slow down of themselves; at night, where hardly anything changes, a call may be worth more.
  ['each feed has its pace', defaultSyncSettings, ['sync.callWorth', 5_630]],
] as const) {
  test(`where others use up the day and ${what}, it is said what would help and what it saves`, async (context) => {
    const { report } = await anApp(context, { days: 20, foreign: 6_000, settings })
    const { day, forecast, advice } = await report()
    assert.deepEqual([day.foreign, day.left], [6_000, 6_800])
    assert.equal(forecast.outlook, 'does-not-last')
    assert.match(forecast.explanation, /^Today's calls do not do: .*feeds are read at 6\d % of their pace\.$/)
    assert.deepEqual(
      advice.map(({ setting, saves }) => [setting, saves]),
      [[null, 6_000], knob, ['sync.subscriptionCheck', 864]],
    )
  })
}

test('where not even the bounds of feeds can be kept a longer one is advised, although the day is expected to last', async (context) => {
  const { time, report } = await anApp(context, { days: 20 })
  await time.db.control(async (tx) => {
    await claimPlan(tx, 1)
    await storePlan(tx, { price: Number.POSITIVE_INFINITY, stretch: 3, feeds: 6, endsAt: '2026-02-26T00:00:00Z' })
    await addPractices(
      tx,
      Array.from({ length: 500 }, (_, id) => id + 1),
      'preview',
    )
  })
  const { forecast, advice } = await report()
  assert.equal(forecast.outlook, 'lasts')
  assert.equal(advice[0]?.setting, 'sync.latest')
  assert.match(advice[0]?.change ?? '', /^\d+h instead of 1h/)
})

test('it is told that calls wait and are spaced more widely since some were throttled, and for how long', async (context) => {
  const { time, quota, app, deps, report } = await anApp(context)
  const throttling = async () => {
    const told = (await report()).day.throttling
    const usage = await time.run(quota.usage(app))
    const forecast = await time.run(createForecaster(deps)(usage))
    assert.equal(quotaStatus(usage, { paces: { feeds: 2, everyMs: 60_000 }, forecast }).throttling, told)
    return told
  }
  assert.equal(await throttling(), undefined)
  await time.run(quota.throttled(app, { retryAfterMs: 5_000 }))
  for (let more = 0; more < 4; more++) {
    await time.advance(5_000)
    await time.run(quota.throttled(app, { retryAfterMs: 5_000 }))
  }
  const spaced = (by: number, perSecond: string) =>
    `they are spaced ${by} % wider than planned, ${perSecond} a second now; half of that is taken back each hour, and they are as planned from 17:14 GMT on`
  assert.equal(
    await throttling(),
    `athenahealth throttled calls: none is made until 12:00:25 GMT, and ${spaced(38, '3.45')}.`,
  )
  await time.advance(2 * HOUR_MS)
  assert.equal(await throttling(), `athenahealth throttled calls: ${spaced(9, '4.34')}.`)
  await time.advance(3.3 * HOUR_MS)
  assert.equal(await throttling(), undefined)
})

test('status, too, says who spends a day that does not do, and what would help most', async (context) => {
  const spending = async (facts: { days: number; foreign?: number }) => {
    const { time, quota, app, deps } = await anApp(context, facts)
    const usage = await time.run(quota.usage(app))
    const forecast = await time.run(createForecaster(deps)(usage))
    return quotaStatus(usage, { paces: { feeds: 2, everyMs: 60_000 }, forecast }).spending
  }
  assert.equal(await spending({ days: 20 }), undefined)
  assert.match(
    (await spending({ days: 20, foreign: 6_000 })) ?? '',
    /^Spent so far by feeds 55 %, and others with the same app 45 %\. What would help most: give the other .*\. More: aegis quota\.$/,
  )
})

test('one practice is told by what its calls were for', async (context) => {
  const { report } = await anApp(context, { days: 1 })
  const { spent } = await report(2)
  assert.deepEqual(spent.works, [{ priority: 'feeds', work: 'sync.drain', today: 200, yesterday: 0 }])
  assert.deepEqual(spent.practices, [{ practice: 2, today: 200, yesterday: 0 }])
})

test('calls are told apart by work and caller as soon as they are made', async (context) => {
  const { time, quota, app, report } = await anApp(context)
  const call = (priority: Priority, work: string, caller?: string) =>
    quota.permission({ app, practice: 1, priority, work, ...(caller !== undefined && { caller }) })
  await time.run(call('feeds', 'sync.drain'))
  const unused = await time.run(call('feeds', 'sync.drain'))
  await time.run(call('interactive', 'gateway.read', 'portal'))
  quota.unused(unused)
  await time.advance(6_000)
  const { spent } = await report()
  assert.deepEqual(spent.works, [
    { priority: 'feeds', work: 'sync.drain', today: 1, yesterday: 0 },
    { priority: 'interactive', work: 'gateway.read', caller: 'portal', today: 1, yesterday: 0 },
  ])
})

test('a forecast serves for a minute, and not beyond the day', async (context) => {
  const { time, deps, quota, app } = await anApp(context, { days: 20 })
  const forecast = createForecaster(deps)
  const made = async () => forecast(await quota.usage(app))
  const first = await time.run(made())
  await time.advance(50_000)
  assert.equal(await time.run(made()), first)
  await time.advance(15_000)
  assert.notEqual(await time.run(made()), first)
  await time.advance(12 * HOUR_MS - 70_000)
  const before = await time.run(made())
  await time.advance(10_000)
  const after = await time.run(made())
  assert.deepEqual([before.endsAt, after.endsAt], [Date.UTC(2026, 1, 26), Date.UTC(2026, 1, 27)])
})
