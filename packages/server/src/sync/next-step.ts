import { isListChanged } from './feed-departments.ts'
import type { FeedStateRow } from './feed-state.sql.ts'
import { checkEveryMs, type PollPace, paceCheckMs } from './poll-stretch.ts'
import { troubledCheckMs } from './subscription-pauses.ts'
import type { SyncSettings } from './sync-settings.ts'

/** What a feed does next. One step is one upstream call or one transaction more; then the state is read again. */
export type Step =
  | { readonly do: 'wait'; readonly until: number }
  | { readonly do: 'apply-inbox' }
  | { readonly do: 'recover' }
  | RefetchStep
  | { readonly do: 'subscribe' }
  | { readonly do: 'resubscribe' }
  | { readonly do: 'check-activation' }
  | { readonly do: 'check-subscription' }
  | { readonly do: 'check-foreign' }
  | { readonly do: 'go-live' }
  | { readonly do: 'open-gap' }
  | SnapshotStep
  | { readonly do: 'drain' }
  | ReconcileStep

export interface RefetchStep {
  readonly do: 'refetch'
  /** See `waitBeforeDrain`. Absent where no drain is to come. */
  readonly waitMs?: number
}

export interface SnapshotStep {
  readonly do: 'snapshot'
  readonly phase: 'provisional' | 'authoritative'
  /** See `waitBeforeDrain`. Absent where no drain is to come. */
  readonly waitMs?: number
}

export interface ReconcileStep {
  readonly do: 'reconcile'
  readonly waitMs: number
}

/** What the decision rests on, read in one transaction. Instants are epoch ms. */
export interface FeedPicture {
  readonly state: FeedStateRow
  /** Whether the kind has a changed-data feed; without one it is read again from time to time. */
  readonly hasFeed: boolean
  /** Whether its records are read patient by patient, which takes so long that drains do not wait for it. */
  readonly readByPatient: boolean
  /** Whether what the snapshot needs (departments) is there. */
  readonly ready: boolean
  readonly waitingPages: number
  /** Whether there are records to be asked for by id now. */
  readonly isRefetchDue: boolean
  /** Whether such records had their turn last: one of a snapshot or a check, if any is due, comes before the next. */
  readonly isRefetchServed?: boolean
  /** When the next check of the mirror is due; null while none is on the calendar. */
  readonly checkDue: number | null
  /** Since when upstream may carry out the read of an open intent without us; undefined without open intents. */
  readonly doubtedAt: number | undefined
  /** When a gap that is open last said that changes may have been forgotten unread. Absent or null: there is none. */
  readonly forgottenAt?: number | null
  /** How polls are put off where the day's calls do not do for more. Absent: not at all. */
  readonly pace?: PollPace | undefined
  /** When it is to be drained, where that is chosen for this feed alone; else it is worked out from `pace`. */
  readonly drainDue?: number
}

/**
 * The order of work of one feed (pure). What is stored is applied before anything is asked for; a doubt is cleared
 * before the next consuming read; a snapshot begun is finished; nothing consumes before subscribe → active → settle →
 * snapshot.
 */
export function nextStep(picture: FeedPicture, now: number, settings: SyncSettings): Step {
  const { state } = picture
  if (picture.waitingPages > 0) return { do: 'apply-inbox' }
  if (state.retry_at !== null && state.retry_at > now) return { do: 'wait', until: state.retry_at }
  if (!picture.ready) return { do: 'wait', until: now + readyWaitMs(state, now, settings) }
  if (!picture.hasFeed) return stepWithoutFeed(picture, now, settings)
  if (isToBeLookedAt(picture, now)) return { do: 'check-subscription' }
  return stepOfDoubt(picture, now, settings) ?? stepOfState(picture, now, settings)
}

/** Soon at the first start, when people watch; seldom when what is needed does not come. */
function readyWaitMs(state: FeedStateRow, now: number, { pollIntervalMs }: SyncSettings): number {
  return Math.min(pollIntervalMs, Math.max(1_000, (now - state.state_since) / 10))
}

function stepWithoutFeed(picture: FeedPicture, now: number, settings: SyncSettings): Step {
  const { state } = picture
  const due = Math.min(state.resnapshot_wanted_at ?? Infinity, (state.snapshot_at ?? 0) + settings.refreshMs)
  const other: Step = due <= now ? { do: 'snapshot', phase: 'authoritative' } : { do: 'wait', until: due }
  return isRefetchNext(picture, other) ? { do: 'refetch' } : other
}

/** In turn with what else is due: reads by id that take long and fail, and are due again, would keep a gap open for ever. */
function isRefetchNext({ isRefetchDue, isRefetchServed = false }: FeedPicture, other: Step): boolean {
  return isRefetchDue && (!isRefetchServed || other.do === 'wait')
}

/** What a read of a feed may be refused with by who does not say, in athenahealth's words, that a subscription is missing. */
const refusals: ReadonlySet<string | null> = new Set(['configuration', 'forbidden'])

/**
 * A gateway may put words of its own in the place of athenahealth's. Whether it is the subscription that is missing only its
 * status can say, which is asked for once before a refused read is made again, if it can be. Not while it is still to take hold.
 */
function isToBeLookedAt({ state, doubtedAt }: FeedPicture, now: number): boolean {
  const { state: name, failure_code: code, retry_at: retryAt, subscription_checked_at: lookedAt } = state
  if (!refusals.has(code) || retryAt === null || (lookedAt ?? 0) >= retryAt || isPutOff(state, now)) return false
  return name === 'live' || name === 'settling' || doubtedAt !== undefined
}

/** Open intents first, but not before the upstream request they stand for can no longer be under way. */
function stepOfDoubt(picture: FeedPicture, now: number, settings: SyncSettings): Step | undefined {
  if (picture.doubtedAt === undefined) return undefined
  const settled = picture.doubtedAt + settings.pollIntervalMs
  return settled <= now ? { do: 'recover' } : { do: 'wait', until: settled }
}

function stepOfState(picture: FeedPicture, now: number, settings: SyncSettings): Step {
  const { state } = picture
  switch (state.state) {
    case 'new':
      return { do: 'subscribe' }
    case 'contested': {
      const due = state.state_since + settings.foreignWindowMs
      return due <= now ? { do: 'subscribe' } : { do: 'wait', until: due }
    }
    default:
      return isListChanged(state) && !isUnclear(state) && !(state.state === 'live' && isPutOff(state, now))
        ? stepForList(state)
        : stepWhenSubscribed(picture, now, settings)
  }
}

/** Whether there is a subscription: asking anew would hide that it was lost, where no gap tells of that yet. */
function isUnclear({ unclear_since: unclearSince, partial_since: partialSince }: FeedStateRow): boolean {
  return unclearSince !== null && partialSince === null
}

/** The subscription could not be asked about, or for, the last time: the feed goes on as it is. */
function isPutOff({ subscription_put_off_until: until }: FeedStateRow, now: number): boolean {
  return until !== null && until > now
}

/** Other departments are wanted: of a live feed drains go on; what is not live yet begins anew with them. */
function stepForList({ state }: FeedStateRow): Step {
  return { do: state === 'live' ? 'resubscribe' : 'subscribe' }
}

function stepWhenSubscribed(picture: FeedPicture, now: number, settings: SyncSettings): Step {
  const { state } = picture
  switch (state.state) {
    case 'activating':
      return stepWhenActivating(state, now, settings)
    case 'settling':
      return stepWhenSettling(picture, now, settings)
    case 'snapshot':
      return { do: 'snapshot', phase: 'authoritative' }
    default:
      return stepWhenLive(picture, now, settings)
  }
}

/** People see data at once; then athenahealth is asked whether the subscription has taken hold. */
function stepWhenActivating(state: FeedStateRow, now: number, settings: SyncSettings): Step {
  if (state.provisional_at === null) return { do: 'snapshot', phase: 'provisional' }
  const lookedAt = state.subscription_checked_at ?? 0
  const due = lookedAt + troubledCheckMs(settings, lookedAt - state.state_since)
  return due <= now ? { do: 'check-activation' } : { do: 'wait', until: due }
}

function stepWhenSettling({ state, readByPatient }: FeedPicture, now: number, settings: SyncSettings): Step {
  const settled = (state.active_at ?? state.state_since) + settings.settleMs
  if (settled > now) return { do: 'wait', until: settled }
  if ((state.foreign_checked_at ?? 0) < settled) return { do: 'check-foreign' }
  return readByPatient ? { do: 'go-live' } : { do: 'snapshot', phase: 'authoritative' }
}

/**
 * A snapshot of a live feed, records to be asked for by id and checks of the mirror give way to the drains that fall due
 * meanwhile.
 */
function stepWhenLive(picture: FeedPicture, now: number, settings: SyncSettings): Step {
  const { state, pace } = picture
  if (isUnreadForgotten(picture, now, settings)) return { do: 'open-gap' }
  const stretch = pace?.stretch ?? 1
  const drainDue = picture.drainDue ?? (state.drain_started_at ?? 0) + settings.pollIntervalMs * stretch
  if (drainDue > now)
    return stepBetweenDrains(picture, now, { until: Math.min(drainDue, paceEnds(pace, now)), settings })
  const subscriptionCheckMs = checkEveryMs(settings, stretch)
  if (subscriptionDue(state, { ...settings, subscriptionCheckMs }) <= now) return { do: 'check-subscription' }
  return { do: isLookDue(state, now, subscriptionCheckMs) ? 'check-foreign' : 'drain' }
}

/** Whether athenahealth may have let go of changes that nobody has read yet, and no gap says so. */
function isUnreadForgotten(
  { state, forgottenAt }: FeedPicture,
  now: number,
  { unreadRetentionMs }: SyncSettings,
): boolean {
  const until = unreadSince(state) + unreadRetentionMs
  return until < now && (forgottenAt ?? 0) < until
}

/** Since when changes of a live feed may wait: all of before was read, or is in a snapshot that began then (pure). */
export function unreadSince({ checkpoint, state_since: since }: FeedStateRow): number {
  return checkpoint ?? since
}

/** Not without a drain in between, also where one look lasts until the next. */
function isLookDue(state: FeedStateRow, now: number, everyMs: number): boolean {
  const lookedAt = state.foreign_checked_at ?? 0
  if ((state.drain_started_at ?? 0) < lookedAt) return false
  return Math.max(lookedAt + everyMs, state.look_put_off_until ?? 0) <= now
}

/** With a new day of calls polls may be more frequent again: then it is looked at anew. */
function paceEnds(pace: PollPace | undefined, now: number): number {
  return pace && pace.stretch > 1 ? Math.max(pace.until, now + paceCheckMs) : Infinity
}

function stepBetweenDrains(picture: FeedPicture, now: number, rest: { until: number; settings: SyncSettings }): Step {
  const other = otherBetweenDrains(picture, now, rest)
  return isRefetchNext(picture, other) ? { do: 'refetch', waitMs: waitBeforeDrain(rest.until - now) } : other
}

function otherBetweenDrains(
  { state, checkDue }: FeedPicture,
  now: number,
  { until: drainDue, settings }: { until: number; settings: SyncSettings },
): Step {
  const waitMs = waitBeforeDrain(drainDue - now)
  const wanted = snapshotDue(state, settings)
  if (wanted <= now) return { do: 'snapshot', phase: 'authoritative', waitMs }
  // Without a calendar it is the first thing to be made.
  const check = Math.max(checkDue ?? now, isListUnread(state) ? wanted : 0)
  return check <= now ? { do: 'reconcile', waitMs } : { do: 'wait', until: Math.min(drainDue, wanted, check) }
}

/** Whether departments were added of which no snapshot is taken yet: a check would miss all that is there of them. */
function isListUnread({ resnapshot_wanted_at: wantedAt, resubscribed_at: since, snapshot_at: readAt }: FeedStateRow) {
  return wantedAt !== null && since !== null && (readAt ?? 0) < since
}

const waitBounds = { leastMs: 1_000, mostMs: 300_000 }

/**
 * A call of a live feed that finds no permission in time makes way for the drain that falls due: whoever goes last in the
 * line for calls must not keep the changes waiting with it. Where drains are put off there is the more time for it.
 */
function waitBeforeDrain(untilDrainMs: number): number {
  return Math.min(Math.max(waitBounds.leastMs, untilDrainMs), waitBounds.mostMs)
}

/** Not before departments that were added have taken hold: what changes in them until then no feed tells. */
function snapshotDue(state: FeedStateRow, { settleMs }: SyncSettings): number {
  const settled = state.resubscribed_at === null ? 0 : state.resubscribed_at + settleMs
  return Math.max(state.resnapshot_wanted_at ?? Infinity, settled)
}

/** Now and then; soon again while it is there in part, or athenahealth does not say whether it is. */
function subscriptionDue(state: FeedStateRow, settings: SyncSettings): number {
  const lookedAt = state.subscription_checked_at ?? 0
  const troubledSince = state.unclear_since ?? state.partial_since
  const pause =
    troubledSince === null ? settings.subscriptionCheckMs : troubledCheckMs(settings, lookedAt - troubledSince)
  return Math.max(lookedAt + pause, state.subscription_put_off_until ?? 0)
}
