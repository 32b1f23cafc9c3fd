import type { GapCause } from '../sync/gap.sql.ts'
import { alarmTable } from './alarm-table.ts'
import { checkAlarms } from './explain-checks.ts'
import { explainFailure, failureInWords } from './explain-failure.ts'
import type { CountSince, FeedSummary } from '../sync/read-practice-status.ts'
import type { Paces } from './read-paces.ts'
import type { SyncSettings } from '../sync/sync-settings.ts'
import type { Alarm } from './status-report.ts'
import { hasChangedFeed } from '../sync/feed-table.ts'
import { toWaitFor } from '../sync/judge-failure.ts'

/** What explanations and alarms of a feed rest on. */
export interface FeedView {
  readonly practice: number
  readonly feed: FeedSummary
  readonly now: number
  readonly settings: SyncSettings
  readonly paces: Pick<Paces, 'everyMs' | 'of'>
}

/** Says in words where a feed stands (pure). */
export function explainFeed(view: FeedView): string {
  const { feed, now } = view
  if (feed.failure_code && feed.retry_at !== null && feed.retry_at > now) {
    return `waiting ${inWords(feed.retry_at - now)}: ${failureInWords(feed.failure_code)}`
  }
  if (feed.openIntents > 0) return 'a read got no clear answer; its window is replayed before the next one'
  if (feed.resnapshot_wanted_at !== null) {
    const what =
      feed.added_departments === null ? 'reading everything again' : 'reading the departments that were added'
    // Put off by a failure: until then the mirror may lack what it is for.
    const why = feed.snapshot_failure_code
    const after = why === null || toWaitFor.has(why) ? '' : `, after failing: ${failureInWords(why)}`
    return feed.resnapshot_wanted_at > now ? `${what} in ${inWords(feed.resnapshot_wanted_at - now)}${after}` : what
  }
  return explanations[feed.state](view)
}

const explanations: Readonly<Record<FeedSummary['state'], (view: FeedView) => string>> = {
  new: ({ feed }) =>
    feed.snapshot_at === null ? 'starting' : feed.subscribed_at === null ? 'up to date' : 'subscribing again',
  activating: ({ feed }) =>
    feed.provisional_at === null
      ? 'first look at the records'
      : 'waiting for athenahealth to activate the subscription',
  settling: ({ feed, now, settings }) =>
    `subscription active${feed.partial_since === null ? '' : ' in part'}; settling ${inWords((feed.active_at ?? now) + settings.settleMs - now)} more`,
  snapshot: () => 'taking the snapshot that counts',
  contested: () => 'stopped: another deployment consumes this feed',
  live: livePace,
}

/** How often it is read is worth a word where that is less often than it could be. */
function livePace(view: FeedView): string {
  const live = view.feed.partial_since === null ? 'live' : `live, ${partInWords(view.feed)}`
  const everyMs = readEveryMs(view) ?? 0
  return everyMs > seldomFrom * view.settings.pollIntervalMs ? `${live}, read every ${inWords(everyMs)}` : live
}

/** Between two readings of a feed, as chosen for it, or of a list that has none; null where all feeds are read alike (pure). */
export function readEveryMs({ practice, feed, paces, settings }: FeedView): number | null {
  return hasChangedFeed(feed.feed) ? (paces.of(practice, feed.feed)?.everyMs ?? null) : settings.refreshMs
}

function partInWords({ unclear_since: since, subscription_refused: isRefused }: FeedSummary): string {
  if (since !== null) return 'though athenahealth does not say whether it is subscribed'
  return isRefused ? 'by a subscription that is not known to be ours' : 'of some events only'
}

const seldomFrom = 1.05

/** What wants a person about a feed (pure). */
export function feedAlarms(view: FeedView): Alarm[] {
  const { practice, feed, now, settings } = view
  const at = { practice, feed: feed.feed }
  const liveSince = feed.snapshot_at === null ? null : feed.state_since
  return [
    ...subscriptionAlarms(view, at),
    ...feed.gaps.map((gap) => gapAlarm(view, gap, at)),
    ...snapshotAlarms(view, at),
    ...lookAlarms(view, at),
    ...progressAlarms(view, at),
    ...feed.checks.flatMap((check) => checkAlarms({ at, check, liveSince, now, settings })),
  ]
}

type Where = Pick<Alarm, 'practice' | 'feed'>

function subscriptionAlarms(view: FeedView, at: Where): Alarm[] {
  const { feed, now } = view
  const alarms: Alarm[] = []
  if (feed.state === 'contested') alarms.push({ level: 'error', code: 'sync.contested', ...at, ...contested })
  if (feed.state === 'activating' && now - feed.state_since > activationMaxMs)
    alarms.push({ level: 'warning', code: 'sync.not-activated', ...at, ...notActivated })
  if (feed.unclear_since !== null)
    alarms.push({ level: 'warning', code: 'sync.subscription-unclear', ...at, ...unclear(now - feed.unclear_since) })
  return [...alarms, ...subscriptionFailing(view, at)]
}

/** As of a look, see `lookAlarms`. */
function subscriptionFailing({ feed, now, settings }: FeedView, at: Where): Alarm[] {
  const { subscription_checked_at: askedAt, subscription_put_off_until: putOffUntil, calls_until: callsUntil } = feed
  if (askedAt === null || putOffUntil === null || (callsUntil ?? 0) > now) return []
  const sinceMs = now - askedAt
  if (sinceMs <= looksMissedMax * settings.subscriptionCheckMs) return []
  const message = `For ${inWords(sinceMs)} athenahealth could not be asked about the subscription of this feed, or has refused it with other departments.`
  const { remedy } = alarmTable['sync.subscription-failing']
  return [{ level: 'warning', code: 'sync.subscription-failing', ...at, message, remedy }]
}

/** A look is due every `sync.subscriptionCheck`. */
const looksMissedMax = 4

/** One that waits for calls has not failed, and is told of with the day's calls. */
function lookAlarms({ feed, now, settings }: FeedView, at: Where): Alarm[] {
  const { foreign_checked_at: lookedAt, look_put_off_until: putOffUntil, calls_until: callsUntil } = feed
  if (lookedAt === null || putOffUntil === null || (callsUntil ?? 0) > now) return []
  const sinceMs = now - lookedAt
  if (sinceMs <= looksMissedMax * settings.subscriptionCheckMs) return []
  return [{ level: 'warning', code: 'sync.look-failing', ...at, ...lookFailing(sinceMs) }]
}

function gapAlarm(view: FeedView, { cause, from_at: from }: FeedSummary['gaps'][number], at: Where): Alarm {
  const since = `Changes since ${new Date(from).toISOString()} may be missing`
  if (cause === 'subscription-lost' && view.feed.partial_since !== null)
    return {
      level: 'error',
      code: 'sync.gap',
      ...at,
      message: `${since}: ${inPart(view.feed)}.`,
      remedy: inPartRemedy(view.feed),
    }
  const message = `${since}: ${gapInWords[cause]}.`
  const heldUpBy = whatHoldsUpSnapshot(view)
  if (heldUpBy === undefined) return { level: 'error', code: 'sync.gap', ...at, message, remedy: gapRemedy[cause] }
  const others = cause === 'foreign-consumer' ? `${contested.remedy} ` : ''
  return {
    level: 'error',
    code: 'sync.gap',
    ...at,
    message: `${message} The snapshot that is to close the gap is held up: ${failureInWords(heldUpBy)}.`,
    remedy: `${others}${explainFailure(heldUpBy).remedy} The snapshot then goes on by itself and closes the gap.`,
  }
}

/** The code of why a snapshot that is wanted does not come; undefined while it is taken, or a failure of it may pass. */
function whatHoldsUpSnapshot({ feed, now }: FeedView): string | undefined {
  if (isSnapshotFailing(feed, now)) return feed.snapshot_failure_code ?? undefined
  if (isFailing(feed)) return feed.failure_code ?? undefined
  const isPutOff = (feed.resnapshot_wanted_at ?? 0) > now && (feed.calls_until ?? 0) > now
  return isPutOff ? 'quota.day-exhausted' : undefined
}

/** A snapshot of a live feed that fails holds up no drain: nothing else tells of it. */
function snapshotAlarms({ feed, now }: FeedView, at: Where): Alarm[] {
  const { snapshot_failures: failures, snapshot_failure_code: code, snapshot_failing_since: since } = feed
  if (code === null || since === null || !isSnapshotFailing(feed, now)) return []
  const message = `For ${inWords(now - since)} the new snapshot has not got on; the last ${failures} attempts failed: ${failureInWords(code)}.`
  const remedy = `${explainFailure(code).remedy} The snapshot then goes on by itself.`
  return [{ level: 'warning', code: 'sync.snapshot-failing', ...at, message, remedy }]
}

function isSnapshotFailing(feed: FeedSummary, now: number): boolean {
  const { resnapshot_wanted_at: wantedAt, snapshot_failures: failures, snapshot_failing_since: since } = feed
  const { snapshot_failure_code: code } = feed
  const mostMs = toWaitFor.has(code ?? '') ? snapshotWaitsMaxMs : snapshotFailsMaxMs
  return wantedAt !== null && failures >= failuresMany && since !== null && now - since > mostMs
}

/** Its attempts are a minute apart, or five. */
const snapshotFailsMaxMs = 20 * 60_000

/** Nothing of it was read: not even in a night. */
const snapshotWaitsMaxMs = 48 * 3_600_000

const failuresMany = 3

function isFailing({ failures }: FeedSummary): boolean {
  return failures >= failuresMany
}

/** Which events, where athenahealth names any that are known. */
function inPart({ partial_events: events, unclear_since: unclearSince, ...feed }: FeedSummary): string {
  if (unclearSince !== null) return 'athenahealth does not say whether the feed is subscribed'
  if (feed.subscription_refused)
    return 'athenahealth has not accepted our subscription; one that was there before may lack events or departments'
  const which = events && events.length > 0 ? `, for ${events.join(', ')}` : ''
  return `the feed is subscribed only in part${which}`
}

function inPartRemedy({ unclear_since: unclearSince, subscription_refused: isRefused }: FeedSummary): string {
  if (unclearSince !== null) return alarmTable['sync.subscription-unclear'].remedy
  return isRefused ? refusedRemedy : partialRemedy
}

const refusedRemedy =
  'Ask athenahealth to let the app subscribe to this feed in this practice; the log says how it was refused ("sync.step-failed"). What the feed brings is read, and the subscription is asked for again at least every hour; once it is accepted, a new snapshot closes the gap.'

const partialRemedy =
  'Ask athenahealth which events of this feed the app may have in this practice, and for all others. What the feed brings is read, and the subscription is asked for again at least every hour; once it is whole, a new snapshot closes the gap.'

function progressAlarms(view: FeedView, at: Where): Alarm[] {
  const { feed, now } = view
  const alarms: Alarm[] = []
  const lag = feed.checkpoint === null ? 0 : now - feed.checkpoint
  if (feed.state === 'live' && lag > lagMax(view)) {
    const { why, remedy } = lagging(feed, now)
    const message = `The mirror is ${inWords(lag)} behind: ${why}.`
    alarms.push({ level: 'warning', code: 'sync.lagging', ...at, message, remedy })
  }
  if (feed.unfound && now - feed.unfound.since > unfoundMaxMs)
    alarms.push({ level: 'warning', code: 'sync.finds-nothing', ...at, ...unfound(feed.unfound, now) })
  if (feed.unclear && now - feed.unclear.since > unfoundMaxMs)
    alarms.push({ level: 'warning', code: 'sync.patients-unclear', ...at, ...patientsUnclear(feed.unclear, now) })
  if (feed.unsettled)
    alarms.push({ level: 'warning', code: 'sync.unsettled', ...at, ...unsettled(feed.unsettled, now) })
  if (isFailing(feed) && feed.failure_code)
    alarms.push({ level: 'warning', code: 'sync.failing', ...at, ...failing(feed.failures, feed.failure_code) })
  return alarms
}

/** What is gone is settled within two minutes. */
const unfoundMaxMs = 20 * 60_000

function unfound({ count, since }: CountSince, now: number) {
  return {
    message: `For ${inWords(now - since)} athenahealth has found neither ${count} records asked for by id nor others that it told of.`,
    remedy: alarmTable['sync.finds-nothing'].remedy,
  }
}

function patientsUnclear({ count, since }: CountSince, now: number) {
  return {
    message: `For ${inWords(now - since)} nobody can say of ${count} records, not found or shown newly in a chart, whether their patients are shown.`,
    remedy: alarmTable['sync.patients-unclear'].remedy,
  }
}

function unsettled({ count, since }: CountSince, now: number) {
  return {
    message: `For ${inWords(now - since)} athenahealth has neither shown ${count} records asked for by id nor said that they are not there.`,
    remedy: alarmTable['sync.unsettled'].remedy,
  }
}

function unclear(sinceMs: number) {
  return {
    message: `For ${inWords(sinceMs)} athenahealth has not been able to say whether the subscription is there.`,
    remedy: alarmTable['sync.subscription-unclear'].remedy,
  }
}

function lookFailing(sinceMs: number) {
  return {
    message: `For ${inWords(sinceMs)} it could not be seen whether somebody else processes the changes of this feed.`,
    remedy: alarmTable['sync.look-failing'].remedy,
  }
}

/** athenahealth says up to 15 minutes in preview, 5 in production; twice that is a matter for its support. */
const activationMaxMs = 30 * 60_000

const notActivated = {
  message: 'athenahealth has not activated the subscription for half an hour.',
  remedy: alarmTable['sync.not-activated'].remedy,
}

/** A feed may miss a few polls, a kind that is only read now and then a whole turn, before somebody should know. */
function lagMax({ practice, feed, settings, paces }: FeedView): number {
  if (!hasChangedFeed(feed.feed)) return 2 * settings.refreshMs
  // What is put off on purpose is not behind.
  const pace = paces.of(practice, feed.feed)
  return pace ? 2 * pace.everyMs + 4 * settings.pollIntervalMs : 5 * paces.everyMs
}

/** What holds up a feed that is behind. */
function lagging(
  { failure_code: code, openIntents, ...feed }: FeedSummary,
  now: number,
): { why: string; remedy: string } {
  if (code !== null) return { why: failureInWords(code), remedy: explainFailure(code).remedy }
  if (openIntents > 0)
    return {
      why: 'a read got no clear answer',
      remedy: 'Nothing to do: what it may have processed is replayed, then the feed is read on.',
    }
  const { drain_started_at: begunAt, drain_ended_at: endedAt } = feed
  if (begunAt !== null && begunAt > (endedAt ?? 0))
    return {
      why: `a reading began ${inWords(now - begunAt)} ago and has not come to its end`,
      remedy: 'It brings very many changes, or waits for calls that are more urgent: "aegis quota" shows whose.',
    }
  return {
    why: `it has not been read for ${inWords(now - (begunAt ?? feed.checkpoint ?? now))}, and no failure is known`,
    remedy:
      'No process comes to it in time: look whether those that mirror this practice run, and at the load of their machines and of the database.',
  }
}

const contested = {
  message: 'Another deployment processes the changes of the same athenahealth app; both would lose records.',
  remedy:
    'Stop the other deployment, or give this one an app (client id) of its own. If the other one is gone for good, set sync.takeOver: true and start again.',
}

/** Why there is a gap. */
export const gapInWords: Readonly<Record<GapCause, string>> = {
  'retention-passed': 'they could not be read as long as athenahealth keeps them',
  'replay-too-long': 'a read got no clear answer, and more were processed about that time than are read again',
  'subscription-lost': 'the subscription was lost or not whole',
  unreadable: 'what the feed handed out cannot be read',
  'foreign-consumer': 'another deployment processed changes of this feed',
  'asked-for': 'somebody has said so and asked for a new snapshot',
}

const gapRemedy: Readonly<Record<GapCause, string>> = {
  'retention-passed': 'Nothing to do: a new snapshot is being taken and closes the gap.',
  'replay-too-long': 'Nothing to do: a new snapshot is being taken and closes the gap.',
  'subscription-lost':
    'Nothing to do: the subscription is being renewed; then a new snapshot, with what changed meanwhile on all other days, closes the gap.',
  unreadable:
    'Nothing to do: a new snapshot is being taken and closes the gap. A record that cannot be read there either is set aside.',
  'foreign-consumer': `${contested.remedy} What the other one took has been read again, and a new snapshot closes the gap.`,
  'asked-for': 'Nothing to do: the new snapshot is being taken and closes the gap.',
}

function failing(failures: number, code: string) {
  return {
    message: `The last ${failures} attempts failed: ${failureInWords(code)}.`,
    remedy: explainFailure(code).remedy,
  }
}

/** A duration in the largest unit that fits. */
export function inWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 90) return `${seconds} s`
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}
