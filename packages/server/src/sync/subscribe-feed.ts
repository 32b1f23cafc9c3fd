import { AegisError } from '../errors/aegis-error.ts'
import { openGap } from './gap.sql.ts'
import { feedStatus, replayPage, subscribe } from './feeds.ts'
import * as table from './sync.sql.ts'
import { asHolder, type SyncDeps, timestamp } from './sync-deps.ts'

/**
 * Subscribes the feed. A subscription that is there before we ever asked, with changes that somebody processed of late,
 * means that another deployment uses the same athenahealth app: it and we would take each other's changes. The feed is
 * then `contested` and nothing is consumed.
 */
export async function subscribeFeed(deps: SyncDeps, held: table.HeldFeed): Promise<void> {
  const state = await deps.db.practice(held.practice, async (tx) =>
    stateOf(await table.readFeeds(tx, held.practice), held),
  )
  const before = await feedStatus(deps, held)
  const strange = before !== 'INACTIVE' && state?.subscribed_at == null
  if (strange && (await foreignProcessing(deps, held, deps.clock.now() - deps.settings.foreignWindowMs))) {
    await contest(deps, held)
    return
  }
  if (before !== 'ACTIVE') await subscribe(deps, held)
  await asHolder(deps, held, (tx) => table.enterFeedState(tx, held, 'activating'))
  deps.log.info('sync.subscribed', { practice: held.practice, feed: held.feed })
}

/** Looks whether athenahealth says that the subscription is active; a partial one is asked for again. */
export async function checkActivation(deps: SyncDeps, held: table.HeldFeed): Promise<void> {
  const status = await feedStatus(deps, held)
  if (status === 'PARTIAL') await subscribe(deps, held)
  await asHolder(deps, held, async (tx) => {
    await table.stampFeed(tx, held, 'subscription_checked_at')
    if (status === 'ACTIVE') await table.enterFeedState(tx, held, 'settling')
  })
}

/** Of a live feed: a subscription that is no longer active is renewed, and what it may have missed is a gap. */
export async function checkSubscription(deps: SyncDeps, held: table.HeldFeed): Promise<void> {
  const status = await feedStatus(deps, held)
  await asHolder(deps, held, (tx) => table.stampFeed(tx, held, 'subscription_checked_at'))
  if (status !== 'ACTIVE') await subscriptionLost(deps, held)
}

/**
 * The subscription is gone or partial: subscribe again, wait, take a snapshot; until then a gap is on record. What open
 * intents may have consumed is in the gap too: without a subscription there is nothing to replay it from.
 */
export async function subscriptionLost(deps: SyncDeps, held: table.HeldFeed): Promise<void> {
  await asHolder(deps, held, async (tx, state) => {
    const from = state.checkpoint === null ? null : timestamp(state.checkpoint)
    const doubtful = (await table.openIntents(tx, held)).map((intent) => intent.intent_id)
    if (doubtful.length > 0) await table.closeIntents(tx, held, { ids: doubtful, outcome: 'gap' })
    await openGap(tx, held, { cause: 'subscription-lost', from })
    await table.enterFeedState(tx, held, 'new')
  })
  deps.log.warn('sync.gap', { practice: held.practice, feed: held.feed, cause: 'subscription-lost' })
}

/**
 * Looks for changes that somebody else processed while we certainly did not: since our last drain ended, or, before the
 * first one, since we subscribed. Before the first drain that stops the feed; later it is a gap and an alarm.
 */
export async function checkForeign(deps: SyncDeps, held: table.HeldFeed): Promise<void> {
  const state = await deps.db.practice(held.practice, async (tx) =>
    stateOf(await table.readFeeds(tx, held.practice), held),
  )
  const since = state?.drain_ended_at ?? state?.subscribed_at ?? null
  const open = await deps.db.practice(held.practice, (tx) => table.openIntents(tx, held))
  const foreign = since !== null && open.length === 0 && (await foreignProcessing(deps, held, since))
  await asHolder(deps, held, (tx) => table.stampFeed(tx, held, 'foreign_checked_at'))
  if (!foreign) return
  if (state?.drain_ended_at == null) await contest(deps, held)
  else await foreignConsumer(deps, held, since)
}

/** Distance kept from our own drains: processing times have a resolution of a second and clocks differ. */
const guardMs = 5_000

async function foreignProcessing(deps: SyncDeps, held: table.HeldFeed, since: number): Promise<boolean> {
  const from = since + guardMs + deps.upstream.skewMs()
  const to = deps.clock.now()
  if (deps.settings.takeOver || to - from < guardMs) return false
  const page = await replayPage(deps, held, { from, to, offset: 0, limit: 1 })
  return page.items > 0
}

/** Stops the feed and says so to whoever runs it. */
async function contest(deps: SyncDeps, held: table.HeldFeed): Promise<never> {
  await asHolder(deps, held, (tx) => table.enterFeedState(tx, held, 'contested'))
  throw new AegisError('sync.contested', { practice: held.practice, feed: held.feed })
}

async function foreignConsumer(deps: SyncDeps, held: table.HeldFeed, since: number): Promise<void> {
  await asHolder(deps, held, async (tx) => {
    await openGap(tx, held, { cause: 'foreign-consumer', from: timestamp(since) })
    await table.wantResnapshot(tx, held)
  })
  deps.log.warn('sync.gap', { practice: held.practice, feed: held.feed, cause: 'foreign-consumer' })
}

function stateOf(rows: readonly table.FeedStateRow[], key: table.FeedKey): table.FeedStateRow | undefined {
  return rows.find((row) => row.feed === key.feed)
}
