import { failpoint } from '../failpoints/failpoint.ts'
import { nextFetchSeq } from '../records/records.sql.ts'
import { applyNextPage } from './apply-inbox.ts'
import { type FetchedPage, replayPage } from './feeds.ts'
import { openGap } from './gap.sql.ts'
import { storePage } from './store-page.ts'
import * as table from './sync.sql.ts'
import { asHolder, type SyncDeps, timestamp } from './sync-deps.ts'

/** Pages of one replay; more than this many changes in one window are a gap, healed by a snapshot. */
const pagesMax = 500

/**
 * Clears the doubt that open intents stand for: asks for everything processed between just before the oldest of them
 * and now, stores and applies each page, closes the intents. Older than the retention bound, or too much to replay: a
 * gap is opened, and a snapshot asked for.
 */
export async function recoverWindow(deps: SyncDeps, held: table.HeldFeed): Promise<void> {
  const intents = await deps.db.practice(held.practice, (tx) => table.openIntents(tx, held))
  const oldest = intents[0]
  if (!oldest) return
  const now = deps.clock.now()
  if (now - oldest.opened_at > deps.settings.retentionMs || !(await replayFrom(deps, held, oldest.opened_at))) {
    await declareGap(deps, held, intents)
    return
  }
  await failpoint('sync.before-replay-closed')
  const ids = intents.map((intent) => intent.intent_id)
  await asHolder(deps, held, (tx) => table.closeIntents(tx, held, { ids, outcome: 'replayed' }))
  deps.log.info('sync.recovered', { practice: held.practice, feed: held.feed, intents: intents.length })
}

/** Replays the window from `openedAt` to now with its margins. False when it is too large to be read through. */
async function replayFrom(deps: SyncDeps, held: table.HeldFeed, openedAt: number): Promise<boolean> {
  const margin = Math.max(deps.settings.replayMarginMs, 2 * deps.upstream.skewMs())
  const window = { from: openedAt - margin, to: deps.clock.now() + margin }
  let offset = 0
  for (let read = 0; read < pagesMax; read += 1) {
    const page = await replayOnce(deps, held, { ...window, offset })
    if (!page.more) return true
    offset += page.items
  }
  return false
}

async function replayOnce(
  deps: SyncDeps,
  held: table.HeldFeed,
  window: { from: number; to: number; offset: number },
): Promise<FetchedPage> {
  const fetchSeq = await deps.db.practice(held.practice, (tx) => nextFetchSeq(tx))
  const page = await replayPage(deps, held, window)
  await failpoint('sync.after-replay')
  if (page.items > 0) {
    await asHolder(deps, held, async (tx) => {
      const keys = await deps.sealing.practice(tx, held.practice)
      await storePage(tx, { held, keys }, { ...page, source: 'replay', fetchSeq })
    })
    await applyNextPage(deps, held)
  }
  return page
}

async function declareGap(deps: SyncDeps, held: table.HeldFeed, intents: readonly table.Intent[]): Promise<void> {
  const from = intents[0]?.opened_at ?? deps.clock.now()
  await asHolder(deps, held, async (tx) => {
    await openGap(tx, held, { cause: 'retention-passed', from: timestamp(from) })
    await table.wantResnapshot(tx, held)
    await table.closeIntents(tx, held, { ids: intents.map((intent) => intent.intent_id), outcome: 'gap' })
  })
  deps.log.warn('sync.gap', { practice: held.practice, feed: held.feed, cause: 'retention-passed' })
}
