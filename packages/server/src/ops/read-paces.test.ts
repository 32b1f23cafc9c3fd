import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { defaultPacingSettings } from '../pacing/pacing-settings.ts'
import { claimPlan, storePlan } from '../pacing/plan.sql.ts'
import { createQuota } from '../quota/quota.ts'
import { addPractices, ensureScheduled } from '../sync/schedule.sql.ts'
import { defaultSyncSettings } from '../sync/sync-settings.ts'
import { readPaces } from './read-paces.ts'

const hour = 3_600_000
/** When the calls are counted anew. */
const resumesAt = Date.UTC(2026, 0, 6, 0, 2)

/** What status says of three feeds whose calls are as scarce as told. */
async function told(
  context: Parameters<typeof scratchDatabase>[0],
  { isAdaptive, stretch, used, hours = 9 }: { isAdaptive: boolean; stretch: number; used: number; hours?: number },
) {
  const database = await scratchDatabase(context)
  const { db, clock } = await lockstep(database, resumesAt - hours * hour)
  const app = 'preview/clinic'
  await db.control(async (tx) => {
    await addPractices(tx, [1], 'preview')
    await ensureScheduled(tx, [1], ['patients', 'providers', 'appointments'])
    await claimPlan(tx, 1)
    await storePlan(tx, { price: Number.POSITIVE_INFINITY, stretch, feeds: 3, endsAt: '2026-01-06T00:02:00Z' })
  })
  await database.owner.rows(`insert into control.quota_day (app, day, reserved) values ($1, '2026-01-05', $2)`, [
    app,
    used,
  ])
  const quota = createQuota(
    { db, clock, log: silentLog, holder: 'here' },
    { perSecond: 5, perDay: 1_000, tokensPerMinute: 5 },
  )
  const settings = { ...defaultSyncSettings, pacing: { ...defaultPacingSettings, isAdaptive } }
  const { alarms, everyMs } = await readPaces({ db, clock, settings }, await quota.usage(app), {})
  return { said: alarms.map(({ message }) => message), everyMs }
}

const cases: readonly (Parameters<typeof told>[1] & { readonly what: string; readonly says: RegExp })[] = [
  {
    what: 'bounds are stretched, by how much',
    isAdaptive: true,
    stretch: 3,
    used: 0,
    says: /^There are not enough calls for reading each of 3 feeds every 60 min at least \(sync\.latest\): it may take 3 h\.$/,
  },
  {
    what: 'hardly any call is left, when there are some again, and no time that is longer than that',
    isAdaptive: true,
    stretch: 240,
    used: 1_000,
    says: /^There are not enough calls for .* every 60 min at least \(sync\.latest\): some wait until the calls are counted anew in 9 h\.$/,
  },
  {
    what: 'all are read alike, how often',
    isAdaptive: false,
    stretch: 1,
    used: 500,
    says: /^There are not enough calls for reading each of 3 feeds every 60 s \(sync\.pollInterval\): it takes \d+ min\.$/,
  },
  {
    what: 'all are read alike and no call is left, when there are some again',
    isAdaptive: false,
    stretch: 1,
    used: 1_000,
    says: /every 60 s \(sync\.pollInterval\): some wait until the calls are counted anew in 9 h\.$/,
  },
]

for (const { what, says, ...facts } of cases) {
  test(`status says where ${what}`, async (context) => {
    const { said } = await told(context, facts)
    assert.equal(said.length, 1)
    assert.match(said[0] ?? '', says)
  })
}

test('feeds that are read alike wait no longer than for the new day of calls', async (context) => {
  const { everyMs } = await told(context, { isAdaptive: false, stretch: 1, used: 1_000, hours: 2 })
  assert.equal(everyMs, 2 * hour)
})

test('status says nothing where bounds are kept', async (context) => {
  assert.deepEqual((await told(context, { isAdaptive: true, stretch: 1.04, used: 500 })).said, [])
})
