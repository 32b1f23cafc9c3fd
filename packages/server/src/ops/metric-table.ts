import type { RefusalFigures } from '../audit/refusal-counter.ts'
import { priorities } from '../quota/priorities.ts'
import type { WaitFigures } from '../quota/wait-figures.ts'
import type { CheckStatus, FeedStatus, PracticeStatus, StatusReport } from './status-report.ts'

/** What the metrics are made from: the facts of `aegis status`, and what only machines look at. */
export interface MetricFacts {
  readonly status: StatusReport
  /** Of this process. */
  readonly waits: WaitFigures
  /** By this process. */
  readonly refused: Pick<RefusalFigures, 'sinceStart'>
  /** Until the token of the app expires, ms; undefined while there is none. */
  readonly tokenLeftMs: number | undefined
  /** Leases that somebody holds. */
  readonly leases: number
  /** Feeds that wait for a worker. */
  readonly queued: number
}

export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** One family of metrics. Labels are ids of practices, names from the code and states: never anything of a patient. */
export interface Metric {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly labels: readonly string[]
  samples(facts: MetricFacts): readonly Sample[]
}

/** Every metric, in the order of the page: docs/reference/metrics.md is made from it. */
export const metricTable: readonly Metric[] = [
  one('aegis_up_info', 'Which release runs here, in which environment and role; always 1.', ({ status }) => ({
    labels: { version: status.version, environment: status.environment, role: status.role },
    value: 1,
  })),
  {
    name: 'aegis_alarms',
    type: 'gauge',
    help: 'Alarms of `aegis status`, by level and code.',
    labels: ['level', 'code'],
    samples: ({ status }) => counted(status.alarms, ({ level, code }) => ({ level, code })),
  },
  {
    name: 'aegis_replicas',
    type: 'gauge',
    help: 'Processes on this database that live, and that have been silent for less than an hour; none on the embedded one.',
    labels: ['live'],
    samples: ({ status }) => counted(status.replicas, ({ live }) => ({ live: String(live) })),
  },
  perFeed(
    'aegis_feed_lag_seconds',
    'How far the mirror of a feed is behind at most; absent before the first snapshot.',
    (feed) => (feed.lagMs === null ? undefined : feed.lagMs / 1_000),
  ),
  perFeed(
    'aegis_feed_read_interval_seconds',
    'Between two readings of a feed, as chosen after the last one, or of a list that has none; absent where all feeds are read alike.',
    (feed) => (feed.readEveryMs === null ? undefined : feed.readEveryMs / 1_000),
  ),
  perFeed(
    'aegis_feed_expected_wait_seconds',
    'How long a change is expected to wait for the next reading of its feed; absent where all feeds are read alike.',
    (feed) => (feed.expectedWaitMs === null ? undefined : feed.expectedWaitMs / 1_000),
  ),
  {
    name: 'aegis_feeds',
    type: 'gauge',
    help: 'Feeds of all practices by state.',
    labels: ['state'],
    samples: ({ status }) =>
      counted(
        status.practices.flatMap(({ feeds }) => feeds),
        ({ state }) => ({ state }),
      ),
  },
  perFeed(
    'aegis_feed_failures',
    'Failures of a feed in a row; absent while it works.',
    ({ failure }) => failure?.count,
  ),
  perFeed('aegis_gaps', 'Open gaps of a feed, in which changes may be missing; absent without any.', ({ gaps }) =>
    gaps.length > 0 ? gaps.length : undefined,
  ),
  {
    name: 'aegis_gap_seconds',
    type: 'gauge',
    help: 'For how long a gap has been open, by its cause; absent without any.',
    labels: ['practice', 'feed', 'cause'],
    samples: ({ status }) => gapSamples(status),
  },
  perFeed(
    'aegis_unexplained_differences',
    'What the last checks of the mirror found different and nothing explains; 0 is the target, absent before the first.',
    ({ unexplained }) => unexplained ?? undefined,
  ),
  {
    name: 'aegis_check_age_seconds',
    type: 'gauge',
    help: 'How long ago the last check of the mirror that was judged was read to its end, in the practice where that is longest. Absent before the first; the alarm sync.check-late tells also of one that never was.',
    labels: ['feed', 'task'],
    samples: ({ status }) =>
      checkSamples(status, (checks) =>
        Math.max(...checks.map(({ readAt }) => (Date.parse(status.now) - Date.parse(readAt)) / 1_000)),
      ),
  },
  {
    name: 'aegis_check_compared_records',
    type: 'gauge',
    help: 'Records that these checks compared, over all practices.',
    labels: ['feed', 'task'],
    samples: ({ status }) => checkSamples(status, (checks) => checks.reduce((sum, { compared }) => sum + compared, 0)),
  },
  perPractice(
    'aegis_open_intents',
    'Consuming reads without a clear answer, to be replayed.',
    ({ openIntents }) => openIntents,
  ),
  perPractice(
    'aegis_inbox_pages',
    'Pages that were received and wait to be applied.',
    ({ waitingPages }) => waitingPages,
  ),
  perPractice('aegis_records_in_doubt', 'Records to be asked for by id.', ({ inDoubt }) => inDoubt),
  perPractice(
    'aegis_quarantined_records',
    'Records set aside because they could not be applied.',
    ({ quarantined }) => quarantined,
  ),
  perPractice(
    'aegis_changes_last_hour',
    'Differences applied in the last hour.',
    ({ changesLastHour }) => changesLastHour,
  ),
  {
    name: 'aegis_records',
    type: 'gauge',
    help: 'Records that the mirror holds, by kind, over all practices.',
    labels: ['kind'],
    samples: ({ status }) => recordSums(status.practices),
  },
  one('aegis_quota_day_limit', 'Calls a day that are allowed.', ({ status }) => plain(status.quota.dayLimit)),
  one('aegis_quota_day_used', 'Calls of the day that are used, by whomever.', ({ status }) =>
    plain(status.quota.usedToday),
  ),
  one('aegis_quota_day_foreign', 'Of these, calls that this installation did not make.', ({ status }) =>
    plain(status.quota.foreignToday),
  ),
  one('aegis_quota_day_left', 'Calls of the day that are left.', ({ status }) => plain(status.quota.leftToday)),
  {
    name: 'aegis_quota_forecast_left',
    type: 'gauge',
    help: 'Calls expected to be left at midnight GMT: low and high hold on eight of ten days.',
    labels: ['bound'],
    samples: ({ status }) =>
      (['low', 'mid', 'high'] as const).map((bound) => ({
        labels: { bound },
        value: status.quota.forecast.leftAtMidnight[bound],
      })),
  },
  {
    name: 'aegis_quota_stop_seconds',
    type: 'gauge',
    help: 'Until calls of a priority are expected to have to stop; absent where they are not.',
    labels: ['priority'],
    samples: ({ status }) => stopSamples(status),
  },
  one('aegis_quota_second_limit', 'Calls a second that are allowed.', ({ status }) =>
    plain(status.quota.perSecondLimit),
  ),
  one('aegis_calls_last_minute', 'Calls of the last minute, of all processes.', ({ status }) =>
    plain(status.quota.callsLastMinute),
  ),
  one(
    'aegis_poll_interval_seconds',
    'Between two polls of a feed, on average; more than configured where the day does not do or feeds hardly change.',
    ({ status }) => plain(status.quota.pollIntervalMs / 1_000),
  ),
  {
    name: 'aegis_limiter_waiting',
    type: 'gauge',
    help: 'Calls of this process that wait for a permission.',
    labels: ['priority'],
    samples: ({ waits }) => priorities.map((priority) => ({ labels: { priority }, value: waits[priority].waiting })),
  },
  {
    name: 'aegis_limiter_permissions_total',
    type: 'counter',
    help: 'Permissions that calls of this process got since its start.',
    labels: ['priority'],
    samples: ({ waits }) => priorities.map((priority) => ({ labels: { priority }, value: waits[priority].served })),
  },
  {
    name: 'aegis_limiter_wait_seconds_total',
    type: 'counter',
    help: 'What they waited for them, together.',
    labels: ['priority'],
    samples: ({ waits }) =>
      priorities.map((priority) => ({ labels: { priority }, value: waits[priority].waitedMs / 1_000 })),
  },
  {
    name: 'aegis_token_left_seconds',
    type: 'gauge',
    help: "Until athenahealth's token expires; absent while there is none. It is renewed before a tenth of its life is left.",
    labels: [],
    samples: ({ tokenLeftMs }) => (tokenLeftMs === undefined ? [] : [plain(tokenLeftMs / 1_000)]),
  },
  {
    name: 'aegis_credentials',
    type: 'gauge',
    help: 'Credentials of the app that are not over, by kind and state: live, waiting for its time, or refused by athenahealth.',
    labels: ['kind', 'state'],
    samples: ({ status }) => counted(status.credentials, ({ kind, state }) => ({ kind, state })),
  },
  {
    name: 'aegis_credential_left_seconds',
    type: 'gauge',
    help: 'Until a credential expires, by its number; absent for one without an end.',
    labels: ['credential'],
    samples: ({ status }) =>
      status.credentials.flatMap(({ number, expiresAt }) =>
        expiresAt === null
          ? []
          : [{ labels: { credential: number }, value: (Date.parse(expiresAt) - Date.parse(status.now)) / 1_000 }],
      ),
  },
  {
    name: 'aegis_certificate_left_seconds',
    type: 'gauge',
    help: 'Until a certificate of this process for the way to or from the key server expires: its own, or that of the authority; or that of the authority of its vault.',
    labels: ['of'],
    samples: ({ status }) => status.certificates.map(({ of, leftMs }) => ({ labels: { of }, value: leftMs / 1_000 })),
  },
  {
    name: 'aegis_vault_login_left_seconds',
    type: 'gauge',
    help: 'Until what this process logs in to its vault with expires, as of when the vault was asked last; it runs on while the vault does not answer. Absent for what has no end, and where the vault does not tell.',
    labels: ['of'],
    samples: ({ status: { vaultLogin } }) =>
      vaultLogin && vaultLogin.leftMs !== null
        ? [{ labels: { of: vaultLogin.of }, value: vaultLogin.leftMs / 1_000 }]
        : [],
  },
  {
    name: 'aegis_refused_requests_total',
    type: 'counter',
    help: 'Requests that this process refused since its start, and connections without a certificate, by error code; absent before the first.',
    labels: ['code'],
    samples: ({ refused }) => [...refused.sinceStart].map(([code, value]) => ({ labels: { code }, value })),
  },
  one('aegis_leases_held', 'Leases that processes hold: feeds that are being worked on.', ({ leases }) =>
    plain(leases),
  ),
  one('aegis_queued_feeds', 'Feeds that are due and wait for a worker.', ({ queued }) => plain(queued)),
]

function plain(value: number): Sample {
  return { labels: {}, value }
}

function one(name: string, help: string, sample: (facts: MetricFacts) => Sample): Metric {
  const labels = name.endsWith('_info') ? ['version', 'environment', 'role'] : []
  return { name, type: 'gauge', help, labels, samples: (facts) => [sample(facts)] }
}

function perPractice(name: string, help: string, value: (status: PracticeStatus) => number): Metric {
  const samples = ({ status }: MetricFacts) =>
    status.practices.map((each) => ({ labels: { practice: each.practice }, value: value(each) }))
  return { name, type: 'gauge', help, labels: ['practice'], samples }
}

function perFeed(name: string, help: string, value: (feed: FeedStatus) => number | undefined): Metric {
  const samples = ({ status }: MetricFacts) =>
    status.practices.flatMap(({ practice, feeds }) =>
      feeds.flatMap((feed) => {
        const found = value(feed)
        return found === undefined ? [] : [{ labels: { practice, feed: feed.feed }, value: found }]
      }),
    )
  return { name, type: 'gauge', help, labels: ['practice', 'feed'], samples }
}

function counted<T>(items: readonly T[], labelsOf: (item: T) => Record<string, string>): Sample[] {
  const groups = Map.groupBy(items, (item) => JSON.stringify(labelsOf(item)))
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    return first === undefined ? [] : [{ labels: labelsOf(first), value: group.length }]
  })
}

function gapSamples({ now, practices }: StatusReport): Sample[] {
  return practices.flatMap(({ practice, feeds }) =>
    feeds.flatMap(({ feed, gaps }) =>
      gaps.map(({ cause, openedAt }) => ({
        labels: { practice, feed, cause },
        value: (Date.parse(now) - Date.parse(openedAt)) / 1_000,
      })),
    ),
  )
}

/** Of the last checks of each kind of all practices together: one for each practice would be many thousands. */
function checkSamples({ practices }: StatusReport, valueOf: (checks: readonly CheckStatus[]) => number): Sample[] {
  const all = practices.flatMap(({ feeds }) =>
    feeds.flatMap(({ feed, checks }) => checks.map((check) => ({ feed, check }))),
  )
  const groups = Map.groupBy(all, ({ feed, check }) => `${feed} ${check.task}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const labels = { feed: first.feed, task: first.check.task }
    return [{ labels, value: valueOf(group.map(({ check }) => check)) }]
  })
}

function stopSamples({ now, quota }: StatusReport): Sample[] {
  return quota.forecast.stops.flatMap(({ priority, at }) =>
    at === null ? [] : [{ labels: { priority }, value: (Date.parse(at) - Date.parse(now)) / 1_000 }],
  )
}

function recordSums(practices: readonly PracticeStatus[]): Sample[] {
  const sums = new Map<string, number>()
  for (const { records } of practices)
    for (const [kind, present] of Object.entries(records)) sums.set(kind, (sums.get(kind) ?? 0) + present)
  return [...sums].map(([kind, value]) => ({ labels: { kind }, value }))
}
