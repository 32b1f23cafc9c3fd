import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Alarm, FeedStatus, StatusReport } from '@aegis/server'
import { sampleFeed, samplePractice, sampleReport } from '../../testing/sample-report.ts'
import { describeChanges } from './describe-changes.ts'

const withFeed = (feed: Partial<FeedStatus>, changes: Partial<StatusReport> = {}) =>
  sampleReport({ practices: [samplePractice({ feeds: [sampleFeed(feed)] })], ...changes })

const alarm: Alarm = {
  level: 'error',
  code: 'sync.gap',
  practice: 195900,
  feed: 'patients',
  message: 'Changes may be missing.',
  remedy: 'Nothing to do.',
}
const failure = {
  code: 'network',
  title: 'athenahealth cannot be reached',
  count: 1,
  retryAt: '2026-11-23T15:43:00.000Z',
}
const gap = {
  cause: 'retention-passed',
  title: 'they were kept too short',
  from: '2026-11-23T11:00:00.000Z',
  openedAt: '2026-11-23T15:42:00.000Z',
}
const quota = (usedToday: number) => ({ quota: { ...sampleReport().quota, usedToday } })

const changes: [title: string, before: StatusReport, now: StatusReport, said: string[]][] = [
  ['nothing', withFeed({}), withFeed({}), []],
  [
    'counts, times and words that move all the time',
    withFeed({ state: 'settling', explanation: 'settling 40 s more' }),
    withFeed({ state: 'settling', explanation: 'settling 39 s more', records: 9, lagMs: 1, lastChangeAt: null }),
    [],
  ],
  [
    'a new state',
    withFeed({ state: 'settling' }),
    withFeed({ state: 'snapshot' }),
    ['practice 195900 patients: snapshot, 1,000 records'],
  ],
  [
    'a failure',
    withFeed({}),
    withFeed({ failure }),
    [
      'practice 195900 patients: failed: athenahealth cannot be reached (network), tried again at 2026-11-23 15:43:00 UTC',
    ],
  ],
  ['the same failure again', withFeed({ failure }), withFeed({ failure: { ...failure, count: 2 } }), []],
  ['a failure that is over', withFeed({ failure }), withFeed({}), ['practice 195900 patients: works again']],
  [
    'a gap',
    withFeed({}),
    withFeed({ gaps: [gap] }),
    ['practice 195900 patients: gap since 2026-11-23 11:00:00 UTC: they were kept too short'],
  ],
  [
    'a gap that was closed',
    withFeed({ gaps: [gap] }),
    withFeed({}),
    ['practice 195900 patients: gap since 2026-11-23 11:00:00 UTC closed'],
  ],
  [
    'an alarm',
    withFeed({}),
    withFeed({}, { alarms: [alarm] }),
    ['ERROR sync.gap (practice 195900 patients): Changes may be missing. Remedy: Nothing to do.'],
  ],
  [
    'an alarm that is over',
    withFeed({}, { alarms: [alarm] }),
    withFeed({}),
    ['over: sync.gap (practice 195900 patients)'],
  ],
  [
    'a tenth of the quota',
    withFeed({}, quota(9_999)),
    withFeed({}, quota(10_001)),
    ["20 % of today's 50,000 calls are used, anew at 2026-11-24 00:00:00 UTC"],
  ],
  ['a new day of the quota', withFeed({}, quota(40_000)), withFeed({}, quota(3)), []],
]

describe('one line for', () => {
  for (const [title, before, now, said] of changes) {
    test(title, () => {
      const prefix = '2026-11-23 15:42:17 UTC local '
      assert.deepEqual(
        describeChanges(before, now),
        said.map((text) => `${prefix}${text}`),
      )
    })
  }
})

test('the first report tells where everything is and how every feed stands', () => {
  assert.deepEqual(describeChanges(undefined, sampleReport()), [
    '2026-11-23 15:42:17 UTC local Aegis 0.1.0 is up: API http://127.0.0.1:7420, simulator http://127.0.0.1:43121, home /srv/clinic/.aegis, process 4711',
    '2026-11-23 15:42:17 UTC local practice 195900 departments: live, 12 records',
    '2026-11-23 15:42:17 UTC local practice 195900 patients: live, 1,000 records',
    '2026-11-23 15:42:17 UTC local practice 195900 appointments: settling, 3,412 records',
  ])
})
