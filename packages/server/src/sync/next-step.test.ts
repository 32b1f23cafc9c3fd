import assert from 'node:assert/strict'
import test from 'node:test'
import type { FeedStateRow } from './feed-state.sql.ts'
import { type FeedPicture, nextStep, type Step } from './next-step.ts'
import { defaultSyncSettings as settings } from './sync-settings.ts'

const now = Date.UTC(2026, 2, 2, 15)
const minute = 60_000

const nothingYet: FeedStateRow = {
  feed: 'appointments',
  state: 'new',
  state_since: now,
  subscribed_at: null,
  active_at: null,
  provisional_at: null,
  snapshot_at: null,
  resnapshot_wanted_at: null,
  checkpoint: null,
  drain_started_at: null,
  drain_ended_at: null,
  subscription_checked_at: null,
  unclear_since: null,
  departments: null,
  subscribed_departments: null,
  added_departments: null,
  resubscribed_at: null,
  partial_since: null,
  partial_events: null,
  seen_active_at: null,
  subscription_refused: false,
  foreign_checked_at: null,
  look_put_off_until: null,
  subscription_put_off_until: null,
  snapshot_failures: 0,
  snapshot_failure_code: null,
  snapshot_failing_since: null,
  last_change_at: null,
  failures: 0,
  failure_code: null,
  retry_at: null,
  calls_limit: null,
  calls_until: null,
}

function picture(state: Partial<FeedStateRow>, rest: Partial<FeedPicture> = {}): FeedPicture {
  const base = {
    hasFeed: true,
    readByPatient: false,
    ready: true,
    waitingPages: 0,
    isRefetchDue: false,
    checkDue: Infinity,
    doubtedAt: undefined,
  }
  return { ...base, state: { ...nothingYet, ...state }, ...rest }
}

const live = {
  state: 'live',
  drain_started_at: now - minute,
  subscription_checked_at: now,
  foreign_checked_at: now,
} satisfies Partial<FeedStateRow>

/** A read was refused, and the pause after it is over. */
const refused = { ...live, failure_code: 'forbidden', retry_at: now, subscription_checked_at: now - 1 } as const
const hour = 60 * minute
const between = (rest: Partial<FeedPicture>) => picture({ ...live, drain_started_at: now - 1_000 }, rest)
const settling: Step = { do: 'wait', until: now + settings.settleMs }

const cases: readonly [title: string, picture: FeedPicture, step: Step][] = [
  ['a new feed subscribes first', picture({}), { do: 'subscribe' }],
  ['a feed waits for the departments it needs', picture({}, { ready: false }), { do: 'wait', until: now + 1_000 }],
  [
    'people see data before the subscription is active',
    picture({ state: 'activating' }),
    { do: 'snapshot', phase: 'provisional' },
  ],
  ['then the activation is watched', picture({ state: 'activating', provisional_at: now }), { do: 'check-activation' }],
  [
    'but not more often than asked',
    picture({ state: 'activating', provisional_at: now, subscription_checked_at: now }),
    { do: 'wait', until: now + settings.activationCheckMs },
  ],
  [
    'the more seldom the longer it takes',
    picture({ state: 'activating', provisional_at: now, state_since: now - 20 * minute, subscription_checked_at: now }),
    { do: 'wait', until: now + 5 * minute },
  ],
  [
    'but no more seldom than one that is active',
    picture({ state: 'activating', provisional_at: now, state_since: now - 9 * hour, subscription_checked_at: now }),
    { do: 'wait', until: now + settings.subscriptionCheckMs },
  ],
  [
    'an active subscription settles before the snapshot that counts',
    picture({ state: 'settling', active_at: now }),
    { do: 'wait', until: now + settings.settleMs },
  ],
  [
    'a settled feed looks for another consumer',
    picture({ state: 'settling', active_at: now - settings.settleMs }),
    { do: 'check-foreign' },
  ],
  [
    'and then takes the authoritative snapshot',
    picture({ state: 'settling', active_at: now - settings.settleMs, foreign_checked_at: now }),
    { do: 'snapshot', phase: 'authoritative' },
  ],
  ['a live feed drains once a minute', picture(live), { do: 'drain' }],
  ['also one whose subscription is partial', picture({ ...live, partial_since: now - minute }), { do: 'drain' }],
  [
    'which is looked at again soon at first',
    picture({ ...live, partial_since: now - minute, subscription_checked_at: now - settings.activationCheckMs }),
    { do: 'check-subscription' },
  ],
  [
    'and later as seldom as any',
    picture({ ...live, partial_since: now - 9 * hour, subscription_checked_at: now - 14 * minute }),
    { do: 'drain' },
  ],
  [
    'and not sooner',
    picture({ ...live, drain_started_at: now - 1 }),
    { do: 'wait', until: now - 1 + settings.pollIntervalMs },
  ],
  [
    'what it last read is so old that athenahealth may have let go of changes',
    picture({ ...live, checkpoint: now - settings.unreadRetentionMs - 1 }),
    { do: 'open-gap' },
  ],
  [
    'which is said once',
    picture({ ...live, checkpoint: now - settings.unreadRetentionMs - 2 }, { forgottenAt: now - 1 }),
    { do: 'drain' },
  ],
  [
    'but said though a snapshot is wished for, which does not read what changed outside of its window',
    picture({ ...live, checkpoint: now - settings.unreadRetentionMs - 1, resnapshot_wanted_at: now - 1 }),
    { do: 'open-gap' },
  ],
  [
    'and said after a snapshot that took so long: what it read first may have changed, and been forgotten',
    picture({ ...live, checkpoint: now - settings.unreadRetentionMs - 1, snapshot_at: now }),
    { do: 'open-gap' },
  ],
  [
    'pages in the inbox come before everything',
    picture({ ...live, retry_at: now + minute }, { waitingPages: 1 }),
    { do: 'apply-inbox' },
  ],
  ['a failed feed waits out its pause', picture({ ...live, retry_at: now + 5 }), { do: 'wait', until: now + 5 }],
  ['an open intent is cleared before the next drain', picture(live, { doubtedAt: now - minute }), { do: 'recover' }],
  [
    'but not while its request may still be under way',
    picture(live, { doubtedAt: now - 1 }),
    { do: 'wait', until: now - 1 + settings.pollIntervalMs },
  ],
  [
    'records in doubt are asked for',
    picture({ ...live, drain_started_at: now }, { isRefetchDue: true }),
    { do: 'refetch', waitMs: minute },
  ],
  ['but thousands of them do not hold up a drain', picture(live, { isRefetchDue: true }), { do: 'drain' }],
  [
    'a wanted snapshot runs between drains, and waits for a permission until the next one',
    picture({ ...live, drain_started_at: now - 20_000, resnapshot_wanted_at: now }),
    { do: 'snapshot', phase: 'authoritative', waitMs: 40_000 },
  ],
  [
    'for longer where drains are put off',
    picture(
      { ...live, drain_started_at: now - 2 * minute, resnapshot_wanted_at: now },
      { pace: { feeds: 9_000, stretch: 3, until: now + hour } },
    ),
    { do: 'snapshot', phase: 'authoritative', waitMs: minute },
  ],
  [
    'also where that is chosen for the feed alone, but for five minutes at most',
    picture({ ...live, drain_started_at: now - 2 * minute, resnapshot_wanted_at: now }, { drainDue: now + hour }),
    { do: 'snapshot', phase: 'authoritative', waitMs: 5 * minute },
  ],
  [
    'and for a second where the next one is about to be due',
    picture({ ...live, drain_started_at: now - minute + 1, resnapshot_wanted_at: now }),
    { do: 'snapshot', phase: 'authoritative', waitMs: 1_000 },
  ],
  [
    'not before departments that were added have taken hold',
    picture({
      ...live,
      drain_started_at: now,
      resnapshot_wanted_at: now,
      resubscribed_at: now - settings.settleMs + 9,
    }),
    { do: 'wait', until: now + 9 },
  ],
  [
    'nor is the mirror checked before: all that is there of them would be missing',
    picture(
      { ...live, drain_started_at: now, resnapshot_wanted_at: now, resubscribed_at: now - settings.settleMs + 9 },
      { checkDue: now - 1 },
    ),
    { do: 'wait', until: now + 9 },
  ],
  [
    'though it is while a snapshot of departments that were read before is put off',
    picture(
      {
        ...live,
        drain_started_at: now,
        resnapshot_wanted_at: now + hour,
        resubscribed_at: now - 9,
        snapshot_at: now - 8,
      },
      { checkDue: now - 1 },
    ),
    { do: 'reconcile', waitMs: minute },
  ],
  ['other departments are asked for while it is live', picture({ ...live, departments: ['1'] }), { do: 'resubscribe' }],
  [
    'but not while it is unclear whether there is a subscription',
    picture({ ...live, departments: ['1'], unclear_since: now }),
    { do: 'drain' },
  ],
  [
    'unless a gap tells of that',
    picture({ ...live, departments: ['1'], unclear_since: now, partial_since: now }),
    { do: 'resubscribe' },
  ],
  [
    'before that it begins anew with them',
    picture({ state: 'settling', active_at: now, departments: ['1', '21'], subscribed_departments: ['1'] }),
    { do: 'subscribe' },
  ],
  ['and gives way to a drain that falls due', picture({ ...live, resnapshot_wanted_at: now }), { do: 'drain' }],
  [
    'the subscription of a live feed is looked at now and then',
    picture({ ...live, subscription_checked_at: 0 }),
    { do: 'check-subscription' },
  ],
  ['so are other consumers', picture({ ...live, foreign_checked_at: 0 }), { do: 'check-foreign' }],
  [
    'but not twice without a drain',
    picture({
      ...live,
      drain_started_at: now - 2 * hour,
      foreign_checked_at: now - hour,
      subscription_checked_at: now,
    }),
    { do: 'drain' },
  ],
  [
    'a look for them that was put off keeps no drain waiting',
    picture({ ...live, foreign_checked_at: 0, look_put_off_until: now + 1 }),
    { do: 'drain' },
  ],
  [
    'where the day does not do for more, polls are put off',
    picture(live, { pace: { feeds: 9_000, stretch: 30, until: now + 60 * minute } }),
    { do: 'wait', until: now + 29 * minute },
  ],
  [
    'until the calls are counted anew, if that is sooner',
    picture(live, { pace: { feeds: 9_000, stretch: 30, until: now + 5 * minute } }),
    { do: 'wait', until: now + 5 * minute },
  ],
  [
    'and looks at the subscription with them',
    picture(
      { ...live, drain_started_at: 0, subscription_checked_at: now - settings.subscriptionCheckMs },
      { pace: { feeds: 9_000, stretch: 30, until: now } },
    ),
    { do: 'drain' },
  ],
  ['a contested feed waits', picture({ state: 'contested' }), { do: 'wait', until: now + settings.foreignWindowMs }],
  [
    'and looks again later',
    picture({ state: 'contested', state_since: now - settings.foreignWindowMs }),
    { do: 'subscribe' },
  ],
  ['a kind without feed is read', picture({}, { hasFeed: false }), { do: 'snapshot', phase: 'authoritative' }],
  [
    'and read again a day later',
    picture({ snapshot_at: now }, { hasFeed: false }),
    { do: 'wait', until: now + settings.refreshMs },
  ],
  [
    'a check of the mirror that is due comes between two drains',
    between({ checkDue: now }),
    { do: 'reconcile', waitMs: 59_000 },
  ],
  [
    'the calendar of checks is made where there is none',
    between({ checkDue: null }),
    { do: 'reconcile', waitMs: 59_000 },
  ],
  ['a drain that is due goes before a check', picture(live, { checkDue: now - hour }), { do: 'drain' }],
  [
    'records in doubt go before a check',
    between({ checkDue: now, isRefetchDue: true }),
    { do: 'refetch', waitMs: 59_000 },
  ],
  [
    'a check that is due later is waited for, if no drain comes first',
    between({ checkDue: now + 10_000 }),
    { do: 'wait', until: now + 10_000 },
  ],
  [
    'a feed that is not live is not checked',
    picture({ state: 'settling', active_at: now }, { checkDue: now }),
    settling,
  ],
  [
    'a subscription that athenahealth knows nothing of is asked for again soon',
    picture({ ...live, unclear_since: now - minute, subscription_checked_at: now - settings.activationCheckMs }),
    { do: 'check-subscription' },
  ],
  [
    'one whose read was refused in words that nobody understands is looked at before the next',
    picture(refused),
    { do: 'check-subscription' },
  ],
  ['in a doubt too', picture(refused, { doubtedAt: now - minute }), { do: 'check-subscription' }],
  ['and while it settles', picture({ ...refused, state: 'settling' }), { do: 'check-subscription' }],
  ['but once', picture({ ...refused, subscription_checked_at: now }), { do: 'drain' }],
  ['nor where that could not be asked', picture({ ...refused, subscription_put_off_until: now + 1 }), { do: 'drain' }],
  [
    'so that a doubt is cleared, though it is not live yet',
    picture({ ...refused, state: 'settling', subscription_put_off_until: now + 1 }, { doubtedAt: now - minute }),
    { do: 'recover' },
  ],
  [
    'and it settles',
    picture({
      ...refused,
      state: 'settling',
      active_at: now - settings.settleMs,
      subscription_put_off_until: now + 1,
      foreign_checked_at: null,
    }),
    { do: 'check-foreign' },
  ],
  ['not for a failure of another kind', picture({ ...refused, failure_code: 'server-error' }), { do: 'drain' }],
  [
    'nor before it can have taken hold',
    picture({ ...refused, state: 'activating', provisional_at: now, subscription_checked_at: now - 1 }),
    { do: 'wait', until: now - 1 + settings.activationCheckMs },
  ],
]

for (const [title, given, expected] of cases) {
  test(title, () => assert.deepEqual(nextStep(given, now, settings), expected))
}
