import { AthenaError, type FeedSubscription } from '@aegis/client'
import type { Tx } from '../db/db.ts'
import { readSqlClock } from '../db/sql-clock.sql.ts'
import { stretchMax } from '../pacing/drain-price.ts'
import { contest, foreignProcessing } from './check-foreign.ts'
import { leftSince, noteLeft, noteResubscribed, noteSubscribed } from './feed-departments.sql.ts'
import { isLimitable, judgeResubscription } from './feed-departments.ts'
import {
  type Departments,
  enterFeedState,
  type FeedKey,
  type FeedStateRow,
  type HeldFeed,
  readFeeds,
  setRefused,
  setUnclear,
  stampFeed,
} from './feed-state.sql.ts'
import { isReadByPatient } from './feed-table.ts'
import { type GapCause, openGap } from './gap.sql.ts'
import { closeIntents, openIntents } from './intent.sql.ts'
import { notePartial, noteWhole } from './partial-subscription.ts'
import { checkEveryMs } from './poll-stretch.ts'
import { feedStatus, subscribe } from './read-feed.ts'
import { abandonAllRuns, abandonSnapshots } from './snapshot.sql.ts'
import { askDue } from './subscription-pauses.ts'
import { asHolder, asHolderAtOnce, type SyncDeps, timestamp } from './sync-deps.ts'

/**
 * Subscribes the feed. A subscription that is there before we ever asked, with changes that somebody processed of late,
 * means that another deployment uses the same athenahealth app: it and we would take each other's changes. The feed is
 * then `contested` and nothing is consumed.
 */
export async function subscribeFeed(deps: SyncDeps, held: HeldFeed): Promise<void> {
  const { state, now } = await deps.db.practice(held.practice, async (tx) => ({
    state: stateOf(await readFeeds(tx, held.practice), held),
    now: await readSqlClock(tx),
  }))
  const { status: before } = await feedStatus(deps, held)
  const isFirst = state?.subscribed_at == null
  const strange = before !== 'INACTIVE' && isFirst
  if (strange && (await foreignProcessing(deps, held, { since: now - deps.settings.foreignWindowMs, now }))) {
    await contest(deps, held)
    return
  }
  const departments = state?.departments ?? null
  const isRefused = !(await isAccepted(deps, held, { before, departments, isFirst, failures: state?.failures ?? 0 }))
  const isMissed = await asHolderAtOnce(deps, held, async (tx) => {
    // What was begun for other departments begins anew.
    await abandonSnapshots(tx, held)
    const isGap = await openGapOfReturning(tx, held, departments)
    await noteSubscribed(tx, held, departments)
    await setRefused(tx, held, isRefused)
    await enterFeedState(tx, held, 'activating')
    return isGap
  })
  if (isMissed) warnOfGap(deps, held, 'retention-passed')
  if (!isRefused) deps.log.info('sync.subscribed', { practice: held.practice, feed: held.feed })
}

/**
 * Asks for the subscription, where it need be. False where one is there, and ours is refused or not answered for some minutes: what is there is read then,
 * else the feed might never be. Whose it is, and for what, is not known.
 */
async function isAccepted(deps: SyncDeps, held: HeldFeed, order: Order): Promise<boolean> {
  // An active one may be for other departments than it should: athenahealth does not say for which. Nor need it be there where ours was lost.
  if (order.before === 'ACTIVE' && order.isFirst && !isLimitable(held.feed)) return true
  try {
    await subscribe(deps, held, order.departments)
    return true
  } catch (error) {
    const isThere = order.before === 'ACTIVE' || order.before === 'PARTIAL'
    const most = error instanceof AthenaError ? (triesMost[error.code] ?? triesMost.other) : Infinity
    if (!isThere || order.failures + 1 < most) throw error
    deps.log.error('sync.step-failed', error, { practice: held.practice, feed: held.feed, step: 'subscribe' })
    return false
  }
}

interface Order {
  readonly before: FeedSubscription['status']
  readonly departments: Departments
  /** Whether none was ever asked for. */
  readonly isFirst: boolean
  /** Of the feed in a row, before this. */
  readonly failures: number
}

/** Some minutes either way: what only a person can mend is tried again after five, all else first at once. */
const triesMost: Readonly<Partial<Record<AthenaError['code'], number>> & { other: number }> = {
  forbidden: 3,
  configuration: 3,
  throttled: Infinity,
  aborted: Infinity,
  other: 9,
}

/**
 * What athenahealth says of the subscription. One that was there when ours was refused may be for other departments, which is not said:
 * also when it is active, no more is known than of one that is partial.
 */
function asFarAsOurs({ feed }: FeedKey, seen: FeedSubscription, state: FeedStateRow): FeedSubscription {
  const isDoubtful = seen.status === 'ACTIVE' && state.subscription_refused && isLimitable(feed)
  return isDoubtful ? { ...seen, status: 'PARTIAL' } : seen
}

/**
 * Of a live feed: other departments are wanted. The subscription is asked for with all of them, drains go on, and what is
 * new is read once it has had the time to take hold. What is held of departments that are no longer wanted stays as it is:
 * that nobody tells of it any more does not mean that it is gone.
 */
export async function resubscribe(deps: SyncDeps, held: HeldFeed): Promise<void> {
  // Asking anew would hide that it was lost meanwhile.
  const seen = await feedStatus(deps, held)
  const { status } = seen
  const { departments, isNewGap, isGapOpen } = await asHolder(deps, held, async (tx, state) => {
    await setUnclear(tx, held, status === 'UNKNOWN')
    if (status === 'INACTIVE') await beginAnew(deps, tx, { held, state })
    const since = lastKnownActive(deps, state)
    const { status: known, events } = asFarAsOurs(held, seen, state)
    if (known === 'ACTIVE') await noteActive(tx, held, state)
    const isNew = known === 'PARTIAL' && (await notePartial(tx, held, { events, since }))
    return { departments: state.departments, isNewGap: isNew, isGapOpen: state.partial_since !== null }
  })
  if (isNewGap || status === 'INACTIVE') warnOfGap(deps, held, 'subscription-lost')
  if (status === 'INACTIVE' || (status === 'UNKNOWN' && !isGapOpen)) return
  await subscribe(deps, held, departments)
  const isReturning = await asHolder(deps, held, async (tx, state) => {
    const all = judgeResubscription(state, departments)
    const isMissed = await openGapOfReturning(tx, held, departments)
    // Where the first load is switched off, nothing that was there before is read, but after a gap.
    const isRead = all.wantsSnapshot && (isMissed || !isReadByPatient(held.feed) || deps.settings.loadByPatient)
    await abandonAllRuns(tx, held)
    await setRefused(tx, held, false)
    await noteResubscribed(tx, held, { departments, added: isRead ? all.added : null, wantsSnapshot: isRead })
    return isMissed
  })
  if (isReturning) warnOfGap(deps, held, 'retention-passed')
  deps.log.info('sync.resubscribed', { practice: held.practice, feed: held.feed })
}

/**
 * Of departments that were taken off the list before and are asked for again, changes were missed: a gap, so that more is read than
 * of new ones. Whether there is one. Also notes which are left out now; to be called before the new list is noted.
 */
async function openGapOfReturning(tx: Tx, held: HeldFeed, departments: Departments): Promise<boolean> {
  const since = await leftSince(tx, held, departments)
  if (since !== undefined) await openGap(tx, held, { cause: 'retention-passed', from: timestamp(since) })
  await noteLeft(tx, held, departments)
  return since !== undefined
}

/**
 * Looks whether athenahealth says that the subscription is active. One that is not there, or only in part, although it had the
 * time to take hold, is asked for again: it may have been lost meanwhile.
 */
export async function checkActivation(deps: SyncDeps, held: HeldFeed): Promise<void> {
  const seen = await feedStatus(deps, held)
  const state = await asHolder(deps, held, async (_, row) => row)
  const { subscribed_at: askedAt, departments } = state
  const { status, events } = asFarAsOurs(held, seen, state)
  const isOverdue = deps.clock.now() - (askedAt ?? 0) > deps.settings.settleMs
  if (isOverdue && status === 'PARTIAL') {
    await goOnInPart(deps, held, events)
    return
  }
  const isAskedAgain = isOverdue && status === 'INACTIVE' && isAskDue(deps, state, state.state_since)
  if (isAskedAgain) await askOnceMore(deps, held, departments)
  await asHolderAtOnce(deps, held, async (tx) => {
    await stampFeed(tx, held, 'subscription_checked_at')
    if (isAskedAgain) {
      await openGapOfReturning(tx, held, departments)
      await noteSubscribed(tx, held, departments)
      await setRefused(tx, held, false)
      // Anew, so that it gets its time again.
      await enterFeedState(tx, held, 'activating')
    }
    if (status !== 'ACTIVE') return
    await stampFeed(tx, held, 'seen_active_at')
    await enterFeedState(tx, held, 'settling')
  })
}

/** With a feed of which not all events come to be subscribed, and maybe are not to be: else it would never be read. */
async function goOnInPart(deps: SyncDeps, held: HeldFeed, events: readonly string[]): Promise<void> {
  const { state, isNewGap } = await asHolder(deps, held, async (tx, row) => {
    await stampFeed(tx, held, 'subscription_checked_at')
    const isNew = await notePartial(tx, held, { events })
    await enterFeedState(tx, held, 'settling')
    return { state: row, isNewGap: isNew }
  })
  if (isNewGap) warnOfGap(deps, held, 'subscription-lost')
  await askForTheRest(deps, held, state)
}

/**
 * A subscription that is no longer active is renewed, and what it may have missed is a gap. While a live feed's is there in part
 * drains go on, and while athenahealth says that it does not know: a drain would be told that it is not. It is asked again
 * soon, one hiccup is no loss; what stays unclear until the next look would be due may be there in part. What is not live
 * yet begins anew then: its reads come behind a look, which is refused again and again where there is no subscription.
 */
export async function checkSubscription(deps: SyncDeps, held: HeldFeed): Promise<void> {
  const answer = await feedStatus(deps, held)
  const { before, part, isLost, isNewGap } = await asHolder(deps, held, async (tx, state) => {
    const seen = asFarAsOurs(held, answer, state)
    const { status } = seen
    await stampFeed(tx, held, 'subscription_checked_at')
    await setUnclear(tx, held, status === 'UNKNOWN')
    if (status === 'ACTIVE') await noteActive(tx, held, state)
    const isGone = isGivenUp(deps, seen, state)
    if (isGone) await beginAnew(deps, tx, { held, state })
    const events = isGone ? undefined : partOf(deps, seen, state)
    const since = lastKnownActive(deps, state)
    const isNew = events !== undefined && (await notePartial(tx, held, { events, since }))
    return { before: state, part: events, isLost: isGone, isNewGap: isNew }
  })
  if (isNewGap || isLost) warnOfGap(deps, held, 'subscription-lost')
  if (part) await askForTheRest(deps, held, before)
}

/** Also where other departments are wanted, and refused, so that it is not looked at for its own sake. */
async function noteActive(tx: Tx, held: HeldFeed, state: FeedStateRow): Promise<void> {
  await stampFeed(tx, held, 'seen_active_at')
  await noteWhole(tx, held, state)
}

function isGivenUp(deps: SyncDeps, { status }: FeedSubscription, state: FeedStateRow): boolean {
  return status === 'INACTIVE' || (status === 'UNKNOWN' && state.state !== 'live' && isLongUnclear(deps, state))
}

function isLongUnclear({ clock, settings }: SyncDeps, { unclear_since: since }: FeedStateRow): boolean {
  return since !== null && clock.now() - since >= settings.subscriptionCheckMs
}

/** Which events alone are known to be subscribed, where that may not be all of them. */
function partOf(
  deps: SyncDeps,
  { status, events }: FeedSubscription,
  state: FeedStateRow,
): readonly string[] | undefined {
  if (status === 'PARTIAL') return events
  if (status !== 'UNKNOWN') return undefined
  return isLongUnclear(deps, state) || state.partial_since !== null ? (state.partial_events ?? []) : undefined
}

/** Asks for a subscription that is partial, or may be, again: when it is first seen to be, then now and then. */
async function askForTheRest(deps: SyncDeps, held: HeldFeed, before: FeedStateRow): Promise<void> {
  if (!isAskDue(deps, before, before.partial_since)) return
  await askOnceMore(deps, held, before.subscribed_departments)
  if (before.subscription_refused) await asHolderAtOnce(deps, held, (tx) => setRefused(tx, held, false))
}

function isAskDue(
  { clock, settings }: SyncDeps,
  { subscribed_at: askedAt }: FeedStateRow,
  since: number | null,
): boolean {
  return since === null || askedAt === null || clock.now() >= askDue(settings, { since, askedAt })
}

/** That it was looked at, and is asked for, is noted before: where it is refused the next try would ask again. */
async function askOnceMore(deps: SyncDeps, held: HeldFeed, departments: Departments): Promise<void> {
  await asHolderAtOnce(deps, held, async (tx) => {
    await stampFeed(tx, held, 'subscription_checked_at')
    await stampFeed(tx, held, 'subscribed_at')
  })
  await subscribe(deps, held, departments)
}

/**
 * When all events were last known to be subscribed. Releases that did not note it looked all the same: of a feed that was in no
 * trouble their last look had shown it, of another the one before that began. `state` is how it was before the look that tells.
 */
function lastKnownActive({ settings }: SyncDeps, state: FeedStateRow): number | undefined {
  const { seen_active_at: seenAt, subscription_checked_at: lookedAt } = state
  if (seenAt !== null || lookedAt === null) return seenAt ?? undefined
  const troubledSince = Math.min(state.unclear_since ?? Infinity, state.partial_since ?? Infinity)
  return Math.min(lookedAt, troubledSince - checkEveryMs(settings, stretchMax))
}

/** The subscription is gone, as a read was told. */
export async function subscriptionLost(deps: SyncDeps, held: HeldFeed): Promise<void> {
  await asHolder(deps, held, (tx, state) => beginAnew(deps, tx, { held, state }))
  warnOfGap(deps, held, 'subscription-lost')
}

/**
 * Without a subscription: subscribe again, wait, take a snapshot; until then a gap is on record. What open intents may have
 * consumed is in the gap too: there is nothing to replay it from.
 */
async function beginAnew(
  deps: SyncDeps,
  tx: Tx,
  { held, state }: { held: HeldFeed; state: FeedStateRow },
): Promise<void> {
  const doubtful = await openIntents(tx, held)
  const checkpoint = state.checkpoint ?? doubtful[0]?.opened_at
  const since = checkpoint === undefined ? undefined : Math.min(checkpoint, lastKnownActive(deps, state) ?? checkpoint)
  if (doubtful.length > 0)
    await closeIntents(tx, held, { ids: doubtful.map((intent) => intent.intent_id), outcome: 'gap' })
  await openGap(tx, held, { cause: 'subscription-lost', from: since === undefined ? null : timestamp(since) })
  // What was being read was read while changes could be missed: the snapshot that counts begins anew.
  await abandonAllRuns(tx, held)
  await enterFeedState(tx, held, 'new')
}

function warnOfGap({ log }: SyncDeps, { practice, feed }: FeedKey, cause: GapCause): void {
  log.warn('sync.gap', { practice, feed, cause })
}

function stateOf(rows: readonly FeedStateRow[], key: FeedKey): FeedStateRow | undefined {
  return rows.find((row) => row.feed === key.feed)
}
