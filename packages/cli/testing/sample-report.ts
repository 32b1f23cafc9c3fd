import type { FeedStatus, PracticeStatus, StatusReport } from '@aegis/server'
import { sampleForecast } from './sample-quota.ts'

/** A feed that is well. */
export function sampleFeed(changes: Partial<FeedStatus> = {}): FeedStatus {
  return {
    feed: 'patients',
    state: 'live',
    departments: null,
    explanation: 'live',
    records: 1000,
    lastChangeAt: '2026-11-23T15:41:59.000Z',
    lagMs: 14_000,
    readEveryMs: null,
    expectedWaitMs: null,
    openIntents: 0,
    checks: [],
    unexplained: null,
    gaps: [],
    failure: null,
    ...changes,
  }
}

/** A practice in the middle of its first load. */
export function samplePractice(changes: Partial<PracticeStatus> = {}): PracticeStatus {
  const settling = 'subscription active; settling 40 s more'
  return {
    practice: 195900,
    departments: null,
    feeds: [
      sampleFeed({ feed: 'departments', records: 12, lastChangeAt: null, lagMs: 60_000 }),
      sampleFeed(),
      sampleFeed({ feed: 'appointments', state: 'settling', explanation: settling, records: 3412, lagMs: null }),
    ],
    records: { department: 12, provider: 24, patient: 1000, appointment: 3412 },
    deleted: 3,
    merged: 1,
    changesLastMinute: 37,
    changesLastHour: 1204,
    openIntents: 0,
    quarantined: 0,
    waitingPages: 0,
    inDoubt: 0,
    ...changes,
  }
}

/** What a running instance reports, with one practice and no alarms. */
export function sampleReport(changes: Partial<StatusReport> = {}): StatusReport {
  return {
    version: '0.1.0',
    environment: 'local',
    baseUrl: 'http://127.0.0.1:43121',
    clock: 'simulator',
    now: '2026-11-23T15:42:17.120Z',
    startedAt: '2026-11-23T15:40:02.000Z',
    urls: { api: 'http://127.0.0.1:7420', simulator: 'http://127.0.0.1:43121', database: 'embedded' },
    home: '/srv/clinic/.aegis',
    pid: 4711,
    role: 'all',
    certificates: [],
    vaultLogin: null,
    replicas: [],
    credentials: [],
    quota: {
      perSecondLimit: 5,
      dayLimit: 50_000,
      usedToday: 1234,
      foreignToday: 0,
      leftToday: 48_766,
      resetsAt: '2026-11-24T00:00:00.000Z',
      polledFeeds: 3,
      pollIntervalMs: 60_000,
      callsLastMinute: 37,
      forecast: sampleForecast(),
    },
    practices: [samplePractice()],
    alarms: [],
    ...changes,
  }
}
