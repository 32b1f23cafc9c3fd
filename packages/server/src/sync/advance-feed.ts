import { AthenaError } from '@aegis/client'
import { isAegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import { applyNextPage } from './apply-inbox.ts'
import { checkForeign } from './check-foreign.ts'
import { type HeldFeed, postponeResnapshot, readFeeds, recordFailure, takeFence } from './feed-state.sql.ts'
import { feedNeeds, hasChangedFeed } from './feed-table.ts'
import { countWaiting } from './inbox.sql.ts'
import { inheritIntents, openIntents } from './intent.sql.ts'
import { judgeFailure } from './judge-failure.ts'
import { type FeedPicture, nextStep, type Step } from './next-step.ts'
import { pollFeed } from './poll-feed.ts'
import { recoverWindow } from './recover-window.ts'
import { refetchRecords } from './refetch-records.ts'
import { snapshotStep } from './snapshot-feed.ts'
import { checkActivation, checkSubscription, subscribeFeed, subscriptionLost } from './subscribe-feed.ts'
import { asHolder, type SyncDeps, timestamp } from './sync-deps.ts'

/** Steps of one job; then the job ends and is due again at once, so that no feed keeps a worker for itself. */
const stepsMax = 50

/**
 * Takes one feed as far as it can go now and returns when it should be looked at again (epoch ms). The caller holds
 * the feed's lease; `held.fence` is its number. Failures are recorded with the feed and decide when to try again; only
 * a lost lease, an abort, an unreachable database and another deployment's traces (`sync.contested`) are thrown.
 */
export async function advanceFeed(deps: SyncDeps, held: HeldFeed, signal: AbortSignal): Promise<number> {
  if (!(await takeOver(deps, held))) return deps.clock.now() + 1_000
  for (let taken = 0; taken < stepsMax; taken += 1) {
    signal.throwIfAborted()
    const step = nextStep(await readPicture(deps, held), deps.clock.now(), deps.settings)
    if (step.do === 'wait') return step.until
    await failpoint('sync.before-step')
    try {
      await perform(deps, held, step)
    } catch (error) {
      const retryAt = await handleFailure(deps, held, { error, step })
      // What is stored is tried before anything else: without a pause nothing but this failure would happen.
      if (step.do === 'apply-inbox') return retryAt
    }
  }
  return deps.clock.now()
}

/** Shuts out former holders. False when this holder is itself shut out. */
function takeOver(deps: SyncDeps, held: HeldFeed): Promise<boolean> {
  return deps.db.practice(held.practice, async (tx) => {
    const taken = await takeFence(tx, held)
    if (taken) await inheritIntents(tx, held)
    return taken
  })
}

function readPicture(deps: SyncDeps, held: HeldFeed): Promise<FeedPicture> {
  return asHolder(deps, held, async (tx, state) => {
    const needs = feedNeeds(held.feed)
    const [waiting, intents, others] = await Promise.all([
      countWaiting(tx, held),
      openIntents(tx, held),
      needs.length > 0 ? readFeeds(tx, held.practice) : [],
    ])
    const doubts = intents.map((intent) => intent.doubted_at ?? intent.opened_at)
    return {
      state,
      hasFeed: hasChangedFeed(held.feed),
      ready: needs.every((need) => others.some((other) => other.feed === need && other.snapshot_at !== null)),
      waitingPages: waiting.pages,
      waitingRefetches: waiting.refetch,
      doubtedAt: doubts.length > 0 ? Math.max(...doubts) : undefined,
    }
  })
}

async function perform(deps: SyncDeps, held: HeldFeed, step: Exclude<Step, { do: 'wait' }>): Promise<void> {
  switch (step.do) {
    case 'apply-inbox':
      await applyNextPage(deps, held)
      return
    case 'snapshot':
      return snapshotStep(deps, held, step.phase)
    default:
      return actions[step.do](deps, held)
  }
}

const actions = {
  recover: recoverWindow,
  refetch: refetchRecords,
  subscribe: subscribeFeed,
  'check-activation': checkActivation,
  'check-subscription': checkSubscription,
  'check-foreign': checkForeign,
  drain: pollFeed,
} as const

/** Not the feed's own failures: for whoever runs it. */
const thrown: ReadonlySet<string> = new Set(['lease.lost', 'db.unavailable', 'sync.contested'])

/** Records a failure with the feed, or throws it. Returns when to try again, epoch ms. */
async function handleFailure(deps: SyncDeps, held: HeldFeed, failure: { error: unknown; step: Step }): Promise<number> {
  const { error, step } = failure
  if (isAegisError(error) && thrown.has(error.code)) throw error
  if (error instanceof AthenaError && error.code === 'not-subscribed' && step.do !== 'subscribe') {
    await subscriptionLost(deps, held)
    return deps.clock.now()
  }
  const now = deps.clock.now()
  deps.log.error('sync.step-failed', error, { practice: held.practice, feed: held.feed, step: step.do })
  return asHolder(deps, held, async (tx, state) => {
    const { code, retryInMs } = judgeFailure(error, { failures: state.failures, now })
    if (step.do === 'snapshot' && state.state === 'live' && hasChangedFeed(held.feed)) {
      // Drains go on; what the snapshot is for (a gap, a wish) stays on record.
      await postponeResnapshot(tx, held, timestamp(now + Math.max(retryInMs, deps.settings.pollIntervalMs)))
      return now
    }
    await recordFailure(tx, held, { code, retryAt: timestamp(now + retryInMs) })
    return now + retryInMs
  })
}
