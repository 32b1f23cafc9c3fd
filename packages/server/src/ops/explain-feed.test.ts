import assert from 'node:assert/strict'
import test from 'node:test'
import type { GapCause } from '../sync/gap.sql.ts'
import type { FeedSummary } from '../sync/read-practice-status.ts'
import { defaultSyncSettings as settings } from '../sync/sync-settings.ts'
import { judgedChecks } from './explain-checks.ts'
import { explainFeed, feedAlarms, type FeedView, gapInWords, inWords, readEveryMs } from './explain-feed.ts'

const now = Date.UTC(2026, 2, 2, 15)
const minute = 60_000
const day = 86_400_000

const live: FeedSummary = {
  feed: 'appointments',
  state: 'live',
  state_since: now,
  subscribed_at: now,
  active_at: now,
  provisional_at: now,
  snapshot_at: now,
  resnapshot_wanted_at: null,
  checkpoint: now,
  drain_started_at: now,
  drain_ended_at: now,
  subscription_checked_at: now,
  unclear_since: null,
  departments: null,
  subscribed_departments: null,
  added_departments: null,
  resubscribed_at: null,
  partial_since: null,
  partial_events: null,
  seen_active_at: null,
  subscription_refused: false,
  foreign_checked_at: now,
  look_put_off_until: null,
  subscription_put_off_until: null,
  snapshot_failures: 0,
  snapshot_failure_code: null,
  snapshot_failing_since: null,
  last_change_at: now,
  failures: 0,
  failure_code: null,
  retry_at: null,
  calls_limit: null,
  calls_until: null,
  present: 10,
  openIntents: 0,
  unfound: undefined,
  unclear: undefined,
  unsettled: undefined,
  gaps: [],
  checks: [],
}

const nightly: FeedSummary['checks'][number] = {
  feed: 'appointments',
  task: 'nightly',
  due_at: now,
  turn: 3,
  pages_left: null,
  done_at: now - day,
  failures: 0,
  failure_code: null,
  read_at: now - day,
  compared: '1000',
  missing_here: 3,
  differing: 0,
  gone_there: 0,
  explained: 3,
  unexplained: 0,
}
const lost = { ...nightly, explained: 1, unexplained: 2 }

const alike = { everyMs: minute, of: () => undefined }
const view = (feed: Partial<FeedSummary>, paces: FeedView['paces'] = alike): FeedView => {
  return { practice: 195900, feed: { ...live, ...feed }, now, settings, paces }
}

const words: readonly [title: string, feed: Partial<FeedSummary>, says: RegExp][] = [
  ['a live feed is live', {}, /^live$/],
  ['a list that is read once a day says so', { feed: 'departments' }, /^live, read every 24 h$/],
  ['a feed in doubt says that it replays', { openIntents: 1 }, /replayed/],
  [
    'a failed feed says for how long it waits and why',
    { failure_code: 'network', retry_at: now + 30_000 },
    /^waiting 30 s: athenahealth cannot be reached \(network\)$/,
  ],
  [
    'also where it is Aegis that does not let it',
    { failure_code: 'quota.day-exhausted', retry_at: now + 180 * minute },
    /^waiting 3 h: Today's athenahealth calls are used up .*\(quota\.day-exhausted\)$/,
  ],
  ['a settling feed says for how long', { state: 'settling' }, /^subscription active; settling 15 min more$/],
  [
    'and that it is partial',
    { state: 'settling', partial_since: now },
    /^subscription active in part; settling 15 min/,
  ],
  ['a contested feed says who stopped it', { state: 'contested' }, /another deployment/],
  ['a feed that is read again says so', { resnapshot_wanted_at: now }, /again/],
  ['also while it is put off', { resnapshot_wanted_at: now + 360_000 }, /everything again in 6 min$/],
  [
    'and what it failed with',
    { resnapshot_wanted_at: now + 60_000, snapshot_failures: 1, snapshot_failure_code: 'network' },
    /again in 60 s, after failing: athenahealth cannot be reached \(network\)$/,
  ],
]
for (const [title, feed, says] of words) test(title, () => assert.match(explainFeed(view(feed)), says))

/** A snapshot that has failed three times, first so long ago. */
function failingSnapshot(ms: number): Partial<FeedSummary> {
  const last = { snapshot_failures: 3, snapshot_failure_code: 'forbidden', resnapshot_wanted_at: now + minute }
  return { ...last, snapshot_failing_since: now - ms }
}

const alarms: readonly [title: string, feed: Partial<FeedSummary>, codes: string[]][] = [
  ['a live feed raises no alarm', {}, []],
  ['a feed that fell behind raises one', { checkpoint: now - 6 * minute }, ['sync.lagging']],
  ['a kind that is read once a day may be hours old', { feed: 'departments', checkpoint: now - 600 * minute }, []],
  [
    'a gap is an error until it is closed',
    { gaps: [{ feed: 'appointments', cause: 'subscription-lost', from_at: now, opened_at: now }] },
    ['sync.gap'],
  ],
  ['a subscription may take half an hour to be activated', { state: 'activating', state_since: now - 30 * minute }, []],
  [
    'longer is one, however recently it was asked for again',
    { state: 'activating', state_since: now - 31 * minute, subscribed_at: now },
    ['sync.not-activated'],
  ],
  ['a contested feed is an error', { state: 'contested' }, ['sync.contested']],
  ['one failure is none yet', { failures: 1, failure_code: 'network' }, []],
  ['the third in a row is one', { failures: 3, failure_code: 'network' }, ['sync.failing']],
  ['a subscription of which nothing is known is one', { unclear_since: now - minute }, ['sync.subscription-unclear']],
  ['a look that failed once or twice is none', { foreign_checked_at: now - 50 * minute, look_put_off_until: now }, []],
  [
    'that no look has succeeded for hours is one',
    { foreign_checked_at: now - 70 * minute, look_put_off_until: now + minute },
    ['sync.look-failing'],
  ],
  [
    'a subscription that could not be asked about once or twice is none',
    { subscription_checked_at: now - 50 * minute, subscription_put_off_until: now },
    [],
  ],
  [
    'one that could not be asked about for hours is one',
    { subscription_checked_at: now - 70 * minute, subscription_put_off_until: now + minute },
    ['sync.subscription-failing'],
  ],
  ['a look that is due for hours and has not failed is none', { foreign_checked_at: now - 600 * minute }, []],
  [
    'nor is one that waits for calls',
    { foreign_checked_at: now - 600 * minute, look_put_off_until: now + minute, calls_until: now + minute },
    [],
  ],
  ['a snapshot that fails for minutes is none', failingSnapshot(20 * minute), []],
  ['one that has failed for longer is one', failingSnapshot(21 * minute), ['sync.snapshot-failing']],
  ['not where it waits since it has failed twice', { ...failingSnapshot(600 * minute), snapshot_failures: 2 }, []],
  ['nor where it is over', { ...failingSnapshot(21 * minute), resnapshot_wanted_at: null }, []],
  ['a record that is not found twice is none', { unfound: { count: 1, since: now - 2 * minute } }, []],
  ['that no record is found by id is one', { unfound: { count: 3, since: now - 25 * minute } }, ['sync.finds-nothing']],
  [
    'that it is not known for minutes whether a patient is shown is none',
    { unclear: { count: 1, since: now - 12 * minute } },
    [],
  ],
  ['that it stays so is one', { unclear: { count: 3, since: now - 25 * minute } }, ['sync.patients-unclear']],
  ['that records are not settled is one', { unsettled: { count: 2, since: now - 2 * day } }, ['sync.unsettled']],
  ['differences that are explained raise none', { checks: [nightly] }, []],
  ['one that nothing explains is an error', { checks: [lost] }, ['sync.unexplained-differences']],
  [
    'a nightly check may miss two nights',
    { state_since: now - 30 * day, checks: [{ ...nightly, done_at: now - 3 * day }] },
    [],
  ],
  [
    'and the fourth raises one',
    { state_since: now - 30 * day, checks: [{ ...nightly, done_at: now - 4 * day }] },
    ['sync.check-late'],
  ],
  ['a check of a new feed is not late yet', { checks: [{ ...nightly, done_at: null, unexplained: null }] }, []],
]
for (const [title, feed, codes] of alarms) {
  test(title, () => {
    const raised = feedAlarms(view(feed))
    assert.deepEqual(
      raised.map((alarm) => alarm.code),
      codes,
    )
    for (const { remedy } of raised) assert.ok(remedy.length > 10)
  })
}

test('a feed that is read seldom on purpose says how often, and is not behind before that is long over', () => {
  const paces = { everyMs: minute, of: () => ({ everyMs: 20 * minute, waitMs: 10 * minute }) }
  assert.equal(explainFeed(view({}, paces)), 'live, read every 20 min')
  assert.deepEqual(feedAlarms(view({ checkpoint: now - 40 * minute }, paces)), [])
  const late = feedAlarms(view({ checkpoint: now - 45 * minute }, paces))
  assert.deepEqual(
    late.map(({ code }) => code),
    ['sync.lagging'],
  )
})

test('what is between two readings is known of lists and of feeds that have a pace of their own', () => {
  const paces = { everyMs: minute, of: () => ({ everyMs: 20 * minute, waitMs: 10 * minute }) }
  assert.deepEqual(
    [readEveryMs(view({ feed: 'departments' })), readEveryMs(view({}, paces)), readEveryMs(view({}))],
    [day, 20 * minute, null],
  )
})

test('a feed that is read as often as it can be does not say so', () => {
  const paces = { everyMs: minute, of: () => ({ everyMs: minute + 1, waitMs: minute / 2 }) }
  assert.equal(explainFeed(view({}, paces)), 'live')
})

test('what nothing explains is told with all its figures and how to look at it', () => {
  const [alarm] = feedAlarms(view({ checks: [lost] }))
  assert.match(alarm?.message ?? '', /1000 records.*3 missing here.*nothing explains 2/)
  assert.match(alarm?.remedy ?? '', /select \* from difference/)
})

/** The one alarm that it raises. */
function only(feed: Partial<FeedSummary>): { message: string; remedy: string } {
  const [alarm, ...more] = feedAlarms(view(feed))
  assert.ok(alarm && more.length === 0)
  return alarm
}

for (const cause of Object.keys(gapInWords) as GapCause[]) {
  test(`why there is a gap is said in words: ${cause}`, () => {
    const { message, remedy } = only({ gaps: [{ feed: 'appointments', cause, from_at: now, opened_at: now }] })
    assert.match(message, /^Changes since .* may be missing: [a-z, ]+\.$/)
    assert.match(remedy, /closes the gap/)
  })
}

const heldUp: readonly [title: string, feed: Partial<FeedSummary>, says: RegExp, advises: RegExp][] = [
  ['a snapshot that fails', failingSnapshot(25 * minute), /held up: .* \(forbidden\)\.$/, /^Ask athenahealth/],
  ['a feed that fails', { failures: 3, failure_code: 'timeout' }, /held up: .* \(timeout\)\.$/, /^Check the network/],
  [
    'calls that are used up',
    { resnapshot_wanted_at: now + minute, calls_until: now + minute },
    /held up: .* \(quota\.day-exhausted\)\.$/,
    /"aegis quota"/,
  ],
]
for (const [title, feed, says, advises] of heldUp) {
  test(`a gap says what holds up the snapshot that is to close it: ${title}`, () => {
    const gap = { feed: 'appointments', cause: 'unreadable', from_at: now, opened_at: now } as const
    const [first] = feedAlarms(view({ ...feed, gaps: [gap] }))
    assert.equal(first?.code, 'sync.gap')
    assert.match(first.message, /cannot be read\. The snapshot/)
    assert.match(first.message, says)
    assert.match(first.remedy, advises)
    assert.match(first.remedy, /closes the gap\.$/)
    const [other] = feedAlarms(view({ ...feed, gaps: [{ ...gap, cause: 'foreign-consumer' }] }))
    assert.match(other?.remedy ?? '', /^Stop the other deployment/)
  })
}

for (const [title, events, says] of [
  ['which', ['CheckIn', 'CheckOut'], /subscribed only in part, for CheckIn, CheckOut\.$/],
  ['none that is known', [], /subscribed only in part\.$/],
] as const) {
  test(`of a partial subscription it is told what is subscribed and whom to ask: ${title}`, () => {
    const gaps = [{ feed: 'appointments', cause: 'subscription-lost', from_at: now, opened_at: now }] as const
    const { message, remedy } = only({ gaps, partial_since: now, partial_events: events })
    assert.match(message, says)
    assert.match(remedy, /^Ask athenahealth which events .* closes the gap\.$/)
  })
}

const failures: readonly [code: string, says: RegExp, advises: RegExp][] = [
  ['timeout', /no complete answer in time \(timeout\)/, /network/],
  ['server-error', /fails to answer \(server-error\)/, /status page/],
  ['throttled', /slower \(throttled\)/, /another program/],
  ['malformed-response', /cannot be read \(malformed-response\)/, /athena\.baseUrl/],
  ['forbidden', /\(forbidden\)/, /Ask athenahealth/],
  ['key-server.unreachable', /The key server does not answer \(key-server\.unreachable\)/, /^Start it/],
  ['of-a-later-release', /does not know \(of-a-later-release\)/, /log/],
]
for (const [code, says, advises] of failures) {
  test(`a failure is told with what it is and what to do: ${code}`, () => {
    const { message, remedy } = only({ failures: 3, failure_code: code })
    assert.match(message, /^The last 3 attempts failed: /)
    assert.match(message, says)
    assert.match(remedy, advises)
  })
}

const behind = { checkpoint: now - 6 * minute, drain_started_at: now - 6 * minute, drain_ended_at: now - 6 * minute }
const lags: readonly [title: string, feed: Partial<FeedSummary>, says: RegExp, advises: RegExp][] = [
  ['a failure', { failures: 1, failure_code: 'network' }, /6 min behind: athenahealth cannot/, /Check the network/],
  ['a doubt', { openIntents: 1 }, /behind: a read got no clear answer/, /replayed/],
  ['a long reading', { drain_started_at: now - 5 * minute }, /a reading began 5 min ago/, /aegis quota/],
  ['nobody who reads', {}, /not been read for 6 min, and no failure is known/, /No process comes/],
]
for (const [title, feed, says, advises] of lags) {
  test(`why a feed is behind is said: ${title}`, () => {
    const { message, remedy } = only({ ...behind, ...feed })
    assert.match(message, says)
    assert.match(remedy, advises)
  })
}

test('a check that is late for a failure says which and what to do', () => {
  const check = { ...nightly, done_at: now - 4 * day, failures: 2, failure_code: 'forbidden' }
  const { message, remedy } = only({ state_since: now - 30 * day, checks: [check] })
  assert.match(message, /for 4 days\. The last 2 attempts failed: .* \(forbidden\)\.$/)
  assert.match(remedy, /^Ask athenahealth .* the check then goes on by itself/i)
})

test('a check that found nothing is told as one that ran, and one that is not judged yet is not', () => {
  const checks = [nightly, { ...lost, task: 'weekly' as const }, { ...nightly, unexplained: null }]
  const readAt = '2026-03-01T15:00:00.000Z'
  assert.deepEqual(judgedChecks(checks), [
    { task: 'nightly', readAt, compared: 1000, differences: 3, unexplained: 0 },
    { task: 'weekly', readAt, compared: 1000, differences: 3, unexplained: 2 },
  ])
})

test('a duration is told in the largest unit that fits', () => {
  assert.deepEqual(
    [inWords(-5), inWords(89_400), inWords(5 * minute), inWords(300 * minute)],
    ['0 s', '89 s', '5 min', '5 h'],
  )
})
