import { AthenaError } from '@aegis/client'
import type { Tx } from '../db/db.ts'
import { readSqlClock } from '../db/sql-clock.sql.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import { applyNextPage } from './apply-inbox.ts'
import { checkForeign, hasReadFeed, pauseOfLook, putLookOff } from './check-foreign.ts'
import { readFeedPicture } from './feed-picture.sql.ts'
import {
  type FeedStateRow,
  type HeldFeed,
  postponeResnapshot,
  putSubscriptionOff,
  recordFailure,
  takeFence,
} from './feed-state.sql.ts'
import { hasChangedFeed, isReadByPatient } from './feed-table.ts'
import { gapAfterSilence } from './gap-after-silence.ts'
import { goLive } from './go-live.ts'
import { inheritIntents } from './intent.sql.ts'
import { judgeFailure, toWaitFor } from './judge-failure.ts'
import { type FeedPicture, nextStep, type Step } from './next-step.ts'
import { pollFeed } from './poll-feed.ts'
import { reconcileFeed } from './reconcile-feed.ts'
import { recoverWindow } from './recover-window.ts'
import { refetchRecords } from './refetch-records.ts'
import type { Due } from './schedule.sql.ts'
import { snapshotStep } from './snapshot-feed.ts'
import { checkActivation, checkSubscription, resubscribe, subscribeFeed, subscriptionLost } from './subscribe-feed.ts'
import { asHolder, type SyncDeps } from './sync-deps.ts'
import { noteUsedUp, takeUpAgain } from './used-up-day.sql.ts'

/** Steps of one job; then the job ends and is due again at once, so that no feed keeps a worker for itself. */
const stepsMax = 50

/**
 * Takes one feed as far as it can go now and returns when it should be looked at again. The caller holds
 * the feed's lease; `held.fence` is its number. Failures are recorded with the feed and decide when to try again; only
 * a lost lease, an abort, an unreachable database and another deployment's traces (`sync.contested`) are thrown.
 */
export async function advanceFeed(deps: SyncDeps, held: HeldFeed, signal: AbortSignal): Promise<Due> {
  try {
    return await takeSteps(deps, { ...held, ended: signal }, signal)
  } finally {
    await deps.ahead?.drop(held)
  }
}

async function takeSteps(deps: SyncDeps, held: HeldFeed, signal: AbortSignal): Promise<Due> {
  let picture = await takeOver(deps, held)
  if (!picture) return { until: deps.clock.now() + 1_000, callsLimit: null }
  // What failed last may have been a read by id: then it is the turn of the others.
  let isRefetchServed = picture.state.failures > 0
  for (let taken = 0; taken < stepsMax; taken += 1) {
    signal.throwIfAborted()
    // By the database's clock, as the instants in it are: with its own, a process ahead of it would poll without a pause.
    const step = nextStep({ ...picture, ...paceOf(deps, picture), isRefetchServed }, picture.now, deps.settings)
    if (step.do === 'wait') return { until: step.until, callsLimit: callsWaitedFor(deps, picture) }
    await failpoint('sync.before-step')
    try {
      await perform(deps, { ...held, departments: picture.state.subscribed_departments }, step)
    } catch (error) {
      const retryAt = await handleFailure(deps, held, { error, step })
      // What is stored is tried before anything else: without a pause nothing but this failure would happen.
      if (step.do === 'apply-inbox') return { until: retryAt, callsLimit: null }
    }
    if (betweenDrains.has(step.do)) isRefetchServed = step.do === 'refetch'
    const { drain_started_at: before } = picture.state
    picture = await readPicture(deps, held)
    deps.feedPace?.begun({ before, startedAt: picture.state.drain_started_at })
  }
  return { until: picture.now, callsLimit: null }
}

/** What is done in turn where there is time for it. */
const betweenDrains: ReadonlySet<Step['do']> = new Set(['refetch', 'snapshot', 'reconcile'])

/** How drains of this feed are put off: for it alone, or with all others. */
function paceOf(
  { feedPace, pace, settings }: SyncDeps,
  { state }: DatedPicture,
): Pick<FeedPicture, 'pace' | 'drainDue'> {
  const before = state.drain_started_at
  if (!feedPace || before === null) return { pace: pace?.() }
  const { at } = feedPace.next(before)
  const stretch = feedPace.isScarce ? Math.max(1, (at - before) / settings.pollIntervalMs) : 1
  return { drainDue: at, pace: { feeds: 1, stretch, until: feedPace.endsAt } }
}

type DatedPicture = FeedPicture & { readonly now: number }

/** The least number of calls a day for want of which it waits, or is drained less often than it could be; null where it does not. */
function callsWaitedFor(deps: SyncDeps, picture: DatedPicture): number | null {
  const isScarce = deps.feedPace?.isScarce ?? (deps.pace?.()?.stretch ?? 1) > 1
  const limits = [usedUpLimit(picture), isScarce ? deps.dayLimit?.() : undefined].filter((limit) => limit !== undefined)
  return limits.length > 0 ? Math.min(...limits) : null
}

/** Of how many calls a day was used up for which something of the feed is put off still. */
function usedUpLimit({ state, now }: DatedPicture): number | undefined {
  const isOver = state.calls_until === null || state.calls_until <= now
  return isOver ? undefined : (state.calls_limit ?? undefined)
}

/**
 * Shuts out former holders, and looks how the feed stands. What was put off because the day was used up is taken up again where
 * there are more calls now. Undefined when this holder is itself shut out.
 */
function takeOver(deps: SyncDeps, held: HeldFeed): Promise<DatedPicture | undefined> {
  return deps.db.practice(held.practice, async (tx) => {
    if (!(await takeFence(tx, held))) return undefined
    const [, picture] = await Promise.all([inheritIntents(tx, held), pictureOf(tx, held)])
    if ((deps.dayLimit?.() ?? 0) <= (usedUpLimit(picture) ?? Infinity)) return picture
    await takeUpAgain(tx, held)
    return pictureOf(tx, held)
  })
}

function readPicture(deps: SyncDeps, held: HeldFeed): Promise<DatedPicture> {
  return deps.db.practice(held.practice, (tx) => pictureOf(tx, held, { isLast: true }))
}

async function pictureOf(tx: Tx, held: HeldFeed, end?: { readonly isLast: boolean }): Promise<DatedPicture> {
  const found = await readFeedPicture(tx, held, end)
  if (!found) throw new AegisError('lease.lost', { practice: held.practice, feed: held.feed })
  return { ...found, hasFeed: hasChangedFeed(held.feed), readByPatient: isReadByPatient(held.feed) }
}

async function perform(deps: SyncDeps, held: HeldFeed, step: Exclude<Step, { do: 'wait' }>): Promise<void> {
  // Before any transaction: first keys need a connection of their own.
  await deps.sealing.ensureKeys(held.practice)
  switch (step.do) {
    case 'apply-inbox':
      await applyNextPage(deps, held)
      return
    case 'snapshot':
      return snapshotStep(deps, held, step)
    case 'reconcile':
      return reconcileFeed(deps, held, step)
    case 'refetch':
      return refetchRecords(deps, held, step)
    default:
      return actions[step.do](deps, held)
  }
}

const actions = {
  recover: recoverWindow,
  subscribe: subscribeFeed,
  resubscribe,
  'check-activation': checkActivation,
  'check-subscription': checkSubscription,
  'check-foreign': checkForeign,
  'go-live': goLive,
  'open-gap': gapAfterSilence,
  drain: pollFeed,
} as const

/** Not the feed's own failures: for whoever runs it. */
const thrown: ReadonlySet<string> = new Set(['lease.lost', 'db.unavailable', 'sync.contested'])

/** Put off by itself when it fails: meanwhile the feed goes on as it is subscribed. */
const ofSubscription: ReadonlySet<Step['do']> = new Set(['resubscribe', 'check-subscription'])

const tries = { everyMs: 60_000, rarelyMs: 300_000 }

const ofOrder: ReadonlySet<Step['do']> = new Set(['subscribe', 'check-activation'])

/** A subscription that athenahealth refuses, or of which it gives no answer: a call or two each time, for as long as that is so. */
function mostBetweenOrders({ settings }: SyncDeps, error: unknown, step: Step): number {
  return ofOrder.has(step.do) && error instanceof AthenaError ? settings.subscriptionCheckMs : 0
}

/**
 * Where calls are scarce a feed that fails is not tried more often than it is read: else an outage would use up the calls of
 * the day. Not so rarely, though, that nobody sees when it is over.
 */
function mostBetweenTries({ feedPace }: SyncDeps, { drain_started_at: before }: FeedStateRow): number {
  if (before === null || !feedPace?.isScarce) return tries.everyMs
  return Math.min(tries.rarelyMs, Math.max(tries.everyMs, feedPace.next(before).at - before))
}

/**
 * Records a failure with the feed, or throws it. Returns when to try again, epoch ms. Only the database's clock says when
 * that is, as all that a feed waits for.
 */
async function handleFailure(deps: SyncDeps, held: HeldFeed, failure: { error: unknown; step: Step }): Promise<number> {
  const { error, step } = failure
  if (isAegisError(error) && thrown.has(error.code)) throw error
  // What was given up is nobody's failure.
  held.ended?.throwIfAborted()
  const now = deps.clock.now()
  if (error instanceof AthenaError && error.code === 'not-subscribed' && step.do !== 'subscribe') {
    await subscriptionLost(deps, held)
    return now
  }
  deps.log.error('sync.step-failed', error, { practice: held.practice, feed: held.feed, step: step.do })
  return asHolder(deps, held, async (tx, state) => {
    const mostMs = Math.max(mostBetweenTries(deps, state), mostBetweenOrders(deps, error, step))
    const verdict = judgeFailure(error, { failures: state.failures, now, mostMs })
    const { code, retryInMs } = verdict
    await noteUsedUp(tx, held, verdict)
    if (step.do === 'snapshot' && state.state === 'live' && hasChangedFeed(held.feed)) {
      // Drains go on; what the snapshot is for (a gap, a wish) stays on record.
      const ms = Math.max(retryInMs, deps.settings.pollIntervalMs)
      await postponeResnapshot(tx, held, { ms, code, waits: toWaitFor })
      return now
    }
    if (step.do === 'check-foreign' && state.state === 'live' && (await hasReadFeed(tx, held, state))) {
      await putLookOff(deps, tx, { held, state, retryInMs })
      return now
    }
    if (ofSubscription.has(step.do)) {
      const lookedAt = state.subscription_checked_at
      await putSubscriptionOff(tx, held, pauseOfLook(deps, { lookedAt, retryInMs, now: await readSqlClock(tx) }))
      return now
    }
    return recordFailure(tx, held, { code, retryInMs })
  })
}
