import { AthenaError } from '@aegis/client'
import { isAegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import { nextFetchSeq } from '../records/records.sql.ts'
import { applyNextPage } from './apply-inbox.ts'
import { completeDrain, type HeldFeed, stampFeed } from './feed-state.sql.ts'
import type { FetchedPage } from './fetched-page.ts'
import { closeIntents, doubtIntent, type Intent, openIntent } from './intent.sql.ts'
import { drainPage } from './read-feed.ts'
import { type StoredPage, storePage } from './store-page.ts'
import { asHolderAtOnce, type SyncDeps, timestamp } from './sync-deps.ts'

/** A drain reads at most this many pages; what is left waits for the next one. Bounds one job, not what arrives. */
const pagesMax = 200

/**
 * One drain of a feed: consuming reads until a page is shorter than asked for. Before each read a durable intent says
 * that it may consume; after it the page is stored (transaction 1) and the intent closed with it, then applied
 * (transaction 2). Any doubt (no answer, unreadable answer, crash) leaves the intent open: `recoverWindow` comes first
 * next time. The offset is always 0: a consumed page is gone, the next one moves up.
 */
export async function pollFeed(deps: SyncDeps, held: HeldFeed): Promise<void> {
  // What an answer that is lost took has to be asked for by athenahealth's time: it must be known before.
  await deps.upstream.hear(held.practice)
  let changes = 0
  let startedAt: string | undefined
  for (let read = 0; read < pagesMax; read += 1) {
    const { page, stored, since } = await consumePage(deps, held, startedAt)
    startedAt = since
    changes += page.items
    await failpoint('sync.after-store')
    if (stored) await applyNextPage(deps, held, stored)
    await failpoint('sync.after-apply')
    if (page.more) continue
    if (stored) await asHolderAtOnce(deps, held, (tx) => completeDrain(tx, held, since))
    deps.feedPace?.told(changes)
    return
  }
  await asHolderAtOnce(deps, held, (tx) => stampFeed(tx, held, 'drain_ended_at'))
}

interface ConsumedPage {
  readonly page: FetchedPage
  /** Absent when there was nothing to store. */
  readonly stored: StoredPage | undefined
  /** When the drain began: all that athenahealth had to tell by then has been read once there are no more pages. */
  readonly since: string
}

async function consumePage(
  deps: SyncDeps,
  held: HeldFeed,
  /** When the drain began, by the database's clock. Absent with its first page. */
  startedAt: string | undefined,
): Promise<ConsumedPage> {
  const isFirst = startedAt === undefined
  const upstreamAt = deps.upstream.theirTime()?.earliest
  const { intent, fetchSeq } = await asHolderAtOnce(deps, held, async (tx) => {
    const stamped = isFirst ? stampFeed(tx, held, 'drain_started_at') : undefined
    const [seq] = await Promise.all([nextFetchSeq(tx), stamped])
    return { intent: await openIntent(tx, held, { fetchSeq: seq, upstreamAt }), fetchSeq: seq }
  })
  const since = startedAt ?? timestamp(intent.opened_at)
  await failpoint('sync.intent-open')
  const page = await fetchOrClose(deps, held, intent)
  await failpoint('sync.after-consume')
  try {
    const stored = await asHolderAtOnce(deps, held, async (tx) => {
      // Again: it may have waited for a permission, and athenahealth counts the minute from when it was asked.
      if (isFirst) await stampFeed(tx, held, 'drain_started_at')
      const keys = await deps.sealing.practice(tx, held.practice)
      const kept =
        page.items > 0 ? await storePage(tx, { held, keys }, { ...page, source: 'feed', fetchSeq }) : undefined
      await failpoint('sync.before-intent-closed')
      const closed = closeIntents(tx, held, { ids: [intent.intent_id], outcome: 'stored' })
      // Most drains find nothing; then there is nothing to apply, and this is the end of it.
      await Promise.all([closed, !kept && !page.more ? completeDrain(tx, held, since) : undefined])
      return kept
    })
    return { page, stored, since }
  } catch (error) {
    if (isAegisError(error, 'lease.lost')) await doubt(deps, held, intent)
    throw error
  }
}

/** Makes the read; an intent that provably consumed nothing is closed, any other stays open. */
async function fetchOrClose(deps: SyncDeps, held: HeldFeed, intent: Intent): Promise<FetchedPage> {
  try {
    return await drainPage(deps, held, intent.intent_id)
  } catch (error) {
    if (mayHaveConsumed(error)) await doubt(deps, held, intent)
    else
      await asHolderAtOnce(deps, held, (tx) =>
        closeIntents(tx, held, { ids: [intent.intent_id], outcome: 'not-executed' }),
      )
    throw error
  }
}

/**
 * Upstream may have consumed what we do not hold, or may do so yet. Also said by a holder who was paused and has been
 * shut out since: the next one may have cleared this doubt before the read was sent.
 */
function doubt(deps: SyncDeps, held: HeldFeed, intent: Intent): Promise<void> {
  return deps.db.practice(held.practice, (tx) => doubtIntent(tx, held, intent.intent_id))
}

/** Our own refusals (quota, policy, audit) come before the request; of athenahealth's answers the client says it. */
function mayHaveConsumed(error: unknown): boolean {
  return error instanceof AthenaError ? error.executed !== 'no' : !isRefusal(error)
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'AegisError'
}
