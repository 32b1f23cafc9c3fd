/** A process whose configuration names something else than what the one started last has left to be mirrored. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { migrationsDirectory, readMigrations } from '../db/migration-files.ts'
import { createQuota } from '../quota/quota.ts'
import { coreFeeds, type FeedName } from '../sync/feed-name.ts'
import { registerPractices } from '../sync/register-practices.ts'
import { defaultSyncSettings, type SyncSettings } from '../sync/sync-settings.ts'
import { createForecaster } from './build-quota-report.ts'
import { buildStatus, type StatusDeps } from './build-status.ts'
import type { StatusFilter } from './operations.ts'
import type { StatusReport } from './status-report.ts'

interface Configured {
  readonly practices: readonly number[]
  readonly feeds?: readonly FeedName[]
  readonly departments?: Readonly<Record<string, readonly string[]>>
  readonly role?: StatusReport['role']
}

/** What is beside the point here. */
const shown: Omit<StatusDeps['fixed'], 'role'> = {
  version: '1',
  environment: 'local',
  baseUrl: 'http://127.0.0.1:9',
  clock: 'system',
  startedAt: '2026-01-05T12:00:00.000Z',
  urls: { api: '', database: '' },
  home: '/srv',
  pid: 1,
}

function settingsOf({ feeds = coreFeeds, departments = {} }: Configured): SyncSettings {
  return { ...defaultSyncSettings, feeds, departments }
}

async function installation(t: TestContext) {
  const time = await lockstep(await scratchDatabase(t))
  const { db, clock } = time
  const app = 'local/clinic'
  const held = { perSecond: 5, perPracticePerSecond: undefined, perDay: 500_000, tokensPerMinute: 5 }
  const { perPracticePerSecond: _, ...limits } = held
  const quota = createQuota({ db, clock, log: silentLog, holder: 'here' }, limits)
  t.after(() => time.run(quota.stop()))
  const statusDeps = (own: Configured): StatusDeps => {
    const settings = settingsOf(own)
    return {
      db,
      clock,
      quota,
      app,
      credentialsOf: { environment: 'local', clientId: 'clinic' },
      practices: own.practices,
      settings,
      forecast: createForecaster({ db, clock, app, settings }),
      sharedMs: 30_000,
      dataPath: undefined,
      certainSkewMs: () => 0,
      machineOffMs: () => 0,
      standing: () => [],
      certificates: () => [],
      vaultLogin: () => null,
      refused: () => ({ sinceStart: new Map(), lastHour: new Map() }),
      limits: () => ({ own: held, held }),
      knownMigrations: readMigrations(migrationsDirectory).map(({ number }) => number),
      homeId: '',
      fixed: { ...shown, role: own.role ?? 'worker' },
    }
  }
  return {
    start: (of: Configured) =>
      registerPractices({ db, log: silentLog, settings: settingsOf(of) }, { ...of, environment: 'local' }),
    async told(own: Configured, only?: StatusFilter) {
      const { alarms } = await time.run(buildStatus(statusDeps(own), only))
      return alarms
        .filter(({ code }) => code === 'ops.practices-differ')
        .map(({ level, message }) => `${level}: ${message}`)
    },
  }
}

const begins =
  'It is configured to mirror something else than the process that was started last, whose configuration counts for all.'
const missing = `error: ${begins} Not mirrored though configured here:`

test('practices, feeds and departments that a process now gone has taken out are told of by the one that is left', async (t) => {
  const { start, told } = await installation(t)
  const own: Configured = {
    practices: [1, 2, 3],
    feeds: [...coreFeeds, 'claims'],
    departments: { 3: ['7', '8'] },
  }
  await start(own)
  assert.deepEqual(await told(own), [])
  await start({ ...own, practices: [1], departments: {} })
  assert.deepEqual(await told(own), [`${missing} practices 2, 3.`])
  assert.deepEqual(
    await told(own, { practice: 2 }),
    [`${missing} practices 2, 3.`],
    'it is missing where one looks for it',
  )
  await start({ ...own, feeds: coreFeeds })
  assert.deepEqual(await told(own), [`${missing} feeds claims.`])
  await start({ ...own, departments: { 3: ['7'] } })
  assert.deepEqual(await told(own), [`${missing} departments of the practices 3.`])
  await start({ ...own, departments: { ...own.departments, 1: ['4'] } })
  assert.deepEqual(await told(own), [`${missing} departments of the practices 1.`])
  await start(own)
  assert.deepEqual(await told(own), [])
})

test('what was added is told of as well, and is no error', async (t) => {
  const { start, told } = await installation(t)
  const own: Configured = { practices: [1, 2], departments: { 2: ['7'] } }
  await start({ practices: [1, 2, 3], feeds: [...coreFeeds, 'claims'] })
  assert.deepEqual(await told(own), [
    `warning: ${begins} Mirrored though not configured here: practices 3; feeds claims; departments of the practices 2.`,
  ])
})

test('a key server mirrors nothing, whatever practices it names', async (t) => {
  const { start, told } = await installation(t)
  await start({ practices: [1], feeds: [...coreFeeds, 'claims'] })
  assert.deepEqual(await told({ practices: [1, 2], role: 'key-server' }), [])
})

test('of many practices the first ten are named', async (t) => {
  const { start, told } = await installation(t)
  await start({ practices: [1] })
  const practices = Array.from({ length: 13 }, (_, index) => index + 1)
  assert.deepEqual(await told({ practices }), [`${missing} practices 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more.`])
})
