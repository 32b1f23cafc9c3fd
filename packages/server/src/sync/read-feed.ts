import { type FeedSubscription, feedTable as athenaFeeds } from '@aegis/client'
import { AegisError } from '../errors/aegis-error.ts'
import type { CallContext } from '../upstream/call-context.ts'
import { audited } from './audited-call.ts'
import type { Departments, FeedKey, HeldFeed } from './feed-state.sql.ts'
import { type ChangedFeed, feedTable } from './feed-table.ts'
import { type FetchedPage, fetchedPage, pageFacts } from './fetched-page.ts'
import type { SyncDeps } from './sync-deps.ts'

/**
 * Takes the next changes of a feed: a consuming read, never repeated. One that still waits for its permission when the work
 * is over is not made any more: the next holder may be reading. One that was sent is waited for, or it would be in doubt.
 */
export async function drainPage(deps: SyncDeps, key: HeldFeed, intentId: string): Promise<FetchedPage> {
  const limit = deps.settings.feedPageSize
  const { feed, narrowed } = openRead(deps, key)
  const { ended: unless, look } = key
  const context = { priority: 'feeds', purpose: 'sync.drain', intentId, unless, look } as const
  const page = await audited({ context }, pageFacts, (options) => feed.drainPage({ limit, ...narrowed }, options))
  return fetchedPage(feedTable[key.feed].kind, page, { limit, shape: 'feed' })
}

/** Reads processed changes of a window again. */
export async function replayPage(
  deps: SyncDeps,
  key: HeldFeed,
  window: { from: number; to: number; offset: number; limit: number; context?: CallContext },
): Promise<FetchedPage> {
  const { from, to, offset, limit, context = { priority: 'feeds', purpose: 'sync.replay' } } = window
  const { feed, narrowed } = openRead(deps, key)
  const page = await audited({ context, ended: key.ended }, pageFacts, (options) =>
    feed.replayPage({ from, to, offset, limit, ...narrowed }, options),
  )
  return fetchedPage(feedTable[key.feed].kind, page, { limit, offset, shape: 'feed' })
}

const subscriptionCall: CallContext = { priority: 'feeds', purpose: 'sync.subscription' }

/** What athenahealth says of our subscription. Of its events those that we know: whoever reads of them reads no text of athenahealth's. */
export async function feedStatus(deps: SyncDeps, key: HeldFeed): Promise<FeedSubscription> {
  const options = { context: subscriptionCall, ...(key.ended && { signal: key.ended }) }
  const { feed, changed } = openFeed(deps, key)
  const { status, events } = (await feed.status(options)).value
  return { status, events: athenaFeeds[changed.name].events.filter((name) => events.includes(name)) }
}

/**
 * Subscribes to all events of the feed, with those that "all" leaves out: for the whole practice, or for departments, all of
 * which have to be named every time. Whether the subscription is active is judged without the further events, since it is
 * not known that every practice has them.
 */
export async function subscribe(deps: SyncDeps, key: HeldFeed, departments: Departments): Promise<void> {
  const { feed, changed } = openFeed(deps, key)
  const wanted = { extra: changed.subscribed ?? {}, ...(departments && { departmentIds: departments }) }
  await feed.subscribe(wanted, { context: { ...subscriptionCall, unless: key.ended } })
}

function openFeed(deps: SyncDeps, key: FeedKey) {
  const changed: ChangedFeed | undefined = feedTable[key.feed].changed
  if (!changed) throw new AegisError('internal.unexpected', { feed: key.feed })
  return { feed: deps.upstream.practice(key.practice).feed(changed.name), changed }
}

/**
 * The feed, and what every read of it says. Where a read can name departments it names those of the subscription:
 * athenahealth asks for both to agree.
 */
function openRead(deps: SyncDeps, key: HeldFeed) {
  const { feed, changed } = openFeed(deps, key)
  const { departments } = key
  const isNarrowed = departments && athenaFeeds[changed.name].filtersDepartments
  return { feed, narrowed: { extra: changed.read ?? {}, ...(isNarrowed && { departmentIds: departments }) } }
}
