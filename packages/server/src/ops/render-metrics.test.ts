import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WaitFigures } from '../quota/wait-figures.ts'
import { type MetricFacts, metricTable } from './metric-table.ts'
import { renderMetrics } from './render-metrics.ts'
import type { FeedStatus, StatusReport } from './status-report.ts'

const feed: FeedStatus = {
  feed: 'patients',
  state: 'live',
  departments: null,
  explanation: 'live',
  records: 3,
  lastChangeAt: null,
  lagMs: 14_500,
  readEveryMs: 240_000,
  expectedWaitMs: 121_500,
  openIntents: 1,
  checks: [
    { task: 'nightly', readAt: '2026-11-22T06:00:00.000Z', compared: 300, differences: 4, unexplained: 2 },
    { task: 'rolling', readAt: '2026-11-02T09:00:00.000Z', compared: 900, differences: 0, unexplained: 0 },
  ],
  unexplained: 2,
  gaps: [{ cause: 'unreadable', title: '', from: '2026-11-21T09:00:00.000Z', openedAt: '2026-11-22T08:59:30.000Z' }],
  failure: { code: 'network', title: '', count: 4, retryAt: '' },
}

const quiet: FeedStatus = {
  ...feed,
  feed: 'providers',
  lagMs: null,
  checks: [],
  readEveryMs: null,
  expectedWaitMs: null,
  unexplained: null,
  gaps: [],
  failure: null,
}

/** In another practice, after those of above. */
const checkedSince = {
  task: 'nightly',
  readAt: '2026-11-22T07:00:00.000Z',
  compared: 50,
  differences: 0,
  unexplained: 0,
} as const

const status: StatusReport = {
  version: '0.1.0',
  environment: 'local',
  baseUrl: 'http://127.0.0.1:1',
  clock: 'system',
  now: '2026-11-22T09:00:00.000Z',
  startedAt: '2026-11-22T08:00:00.000Z',
  urls: { api: 'http://127.0.0.1:2', database: 'embedded' },
  home: '/srv/"aegis"',
  pid: 1,
  role: 'worker',
  replicas: [
    { role: 'all', place: 'a:/srv', version: '0.1.0', startedAt: '', live: true, practices: 2 },
    { role: 'worker', place: 'b:/srv', version: '0.1.0', startedAt: '', live: false, practices: 2 },
  ],
  certificates: [{ of: 'authority', leftMs: 90_000 }],
  vaultLogin: { of: 'secret-id', leftMs: 60_000, lifeMs: null },
  credentials: [
    {
      number: 3,
      kind: 'private-key',
      origin: 'operator',
      state: 'live',
      next: true,
      kid: 'k',
      alg: 'RS384',
      audience: null,
      addedAt: '',
      usedFrom: null,
      expiresAt: '2026-11-23T09:00:00.000Z',
      revokedAt: null,
      refusedAt: null,
      endsAfter: null,
      usedAt: null,
    },
  ],
  quota: {
    perSecondLimit: 100,
    dayLimit: 500_000,
    usedToday: 100_000,
    foreignToday: 2_500,
    leftToday: 400_000,
    resetsAt: '',
    polledFeeds: 9_000,
    pollIntervalMs: 1_950_000,
    callsLastMinute: 37,
    forecast: {
      outlook: 'lasts',
      explanation: "Today's calls do: 92 % are left at midnight GMT (90 to 94 %).",
      restsOn: 'It rests on the last hours alone.',
      endsAt: '2026-11-24T00:00:00.000Z',
      basis: 'hours',
      judgedDays: 0,
      wanted: { low: 2_000, mid: 3_000, high: 4_000 },
      leftAtMidnight: { low: 45_000, mid: 46_000, high: 47_000 },
      stops: [
        { priority: 'bulk', at: '2026-11-22T10:00:00.000Z', earliest: '2026-11-22T09:30:00.000Z', latest: null },
        { priority: 'reconciliation', at: null, earliest: '2026-11-22T12:00:00.000Z', latest: null },
      ],
      feedsServed: { low: 1, mid: 1, high: 1 },
    },
  },
  practices: [7, 8].map((practice) => ({
    practice,
    departments: null,
    feeds: [practice === 7 ? feed : { ...feed, checks: [checkedSince] }, quiet],
    records: { patient: 3, provider: 1 },
    deleted: 0,
    merged: 0,
    changesLastMinute: 1,
    changesLastHour: 5,
    openIntents: 1,
    quarantined: 6,
    waitingPages: 9,
    inDoubt: 2,
  })),
  alarms: [
    { level: 'error', code: 'sync.gap', practice: 7, message: '', remedy: '' },
    { level: 'error', code: 'sync.gap', practice: 8, message: '', remedy: '' },
  ],
}

const none = { waiting: 0, served: 0, waitedMs: 0 }
const waits: WaitFigures = {
  interactive: none,
  notifications: none,
  feeds: { waiting: 12, served: 90, waitedMs: 4_500 },
  reconciliation: none,
  bulk: none,
}
const refused = { sinceStart: new Map([['http.unauthorized', 12] as const]) }
const facts: MetricFacts = { status, waits, refused, tokenLeftMs: 1_800_000, leases: 5, queued: 31 }

const lines = renderMetrics(facts).split('\n')

const told: readonly string[] = [
  'aegis_up_info{version="0.1.0",environment="local",role="worker"} 1',
  'aegis_alarms{level="error",code="sync.gap"} 2',
  'aegis_replicas{live="false"} 1',
  'aegis_feed_lag_seconds{practice="7",feed="patients"} 14.5',
  'aegis_feeds{state="live"} 4',
  'aegis_feed_failures{practice="8",feed="patients"} 4',
  'aegis_gaps{practice="7",feed="patients"} 1',
  'aegis_gap_seconds{practice="8",feed="patients",cause="unreadable"} 30',
  'aegis_unexplained_differences{practice="7",feed="patients"} 2',
  'aegis_check_age_seconds{feed="patients",task="nightly"} 10800',
  'aegis_check_age_seconds{feed="patients",task="rolling"} 1728000',
  'aegis_check_compared_records{feed="patients",task="nightly"} 350',
  'aegis_inbox_pages{practice="7"} 9',
  'aegis_quarantined_records{practice="8"} 6',
  'aegis_records{kind="patient"} 6',
  'aegis_quota_day_left 400000',
  'aegis_quota_forecast_left{bound="low"} 45000',
  'aegis_quota_stop_seconds{priority="bulk"} 3600',
  'aegis_poll_interval_seconds 1950',
  'aegis_limiter_waiting{priority="feeds"} 12',
  'aegis_limiter_permissions_total{priority="feeds"} 90',
  'aegis_limiter_wait_seconds_total{priority="feeds"} 4.5',
  'aegis_token_left_seconds 1800',
  'aegis_refused_requests_total{code="http.unauthorized"} 12',
  'aegis_leases_held 5',
  'aegis_queued_feeds 31',
]
for (const line of told) test(`it tells ${line}`, () => assert.ok(lines.includes(line), lines.join('\n')))

test('what is not there is left out, not called 0', () => {
  const without = renderMetrics({ ...facts, tokenLeftMs: undefined })
  assert.doesNotMatch(without, /aegis_token_left_seconds \d/)
  assert.doesNotMatch(without, /feed_lag_seconds\{[^}]*providers/)
})

test('every line is of a family in the table, in its order and with its labels, and the text ends as it should', () => {
  const names = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => /^[a-z_]+/.exec(line)?.[0])
  assert.deepEqual(
    [...new Set(names)],
    metricTable.map(({ name }) => name),
  )
  for (const { name, labels } of metricTable) {
    const sample = lines.find((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `)) ?? ''
    assert.deepEqual(
      [...sample.matchAll(/([a-z]+)="/g)].map(([, label]) => label),
      labels,
      sample,
    )
  }
  assert.deepEqual(lines.slice(-2), ['# EOF', ''])
})

test('each family is announced once, by a name without the ending of its samples', () => {
  const types = lines.filter((line) => line.startsWith('# TYPE '))
  assert.equal(types.length, metricTable.length)
  assert.ok(types.includes('# TYPE aegis_limiter_wait_seconds counter'))
  assert.ok(types.includes('# TYPE aegis_up info'))
})

test('no place, address or message of the status gets into a label', () => {
  assert.doesNotMatch(lines.join('\n'), /srv|127\.0\.0\.1/)
})
