import { readSqlClock } from '../db/sql-clock.sql.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import { nextFetchSeq } from '../records/records.sql.ts'
import { applyNextPage } from './apply-inbox.ts'
import { type HeldFeed, wantResnapshot } from './feed-state.sql.ts'
import { type FetchedPage, stepBehind } from './fetched-page.ts'
import { type GapCause, openGap } from './gap.sql.ts'
import { closeIntents, type Intent, openIntents } from './intent.sql.ts'
import { noPage, quarantine } from './quarantine.ts'
import { replayPage } from './read-feed.ts'
import { type PartOfList, readReadable } from './read-readable.ts'
import { storePage } from './store-page.ts'
import { asHolder, asHolderAtOnce, type SyncDeps, timestamp } from './sync-deps.ts'
import { earliestOf, type Window, windowOfDoubt } from './window-of-doubt.ts'

/** Pages of one replay; more than this many changes in one window are a gap, healed by a snapshot. */
const pagesMax = 500

/**
 * Clears the doubt that open intents stand for: asks for everything processed between just before the oldest of them
 * and now, stores and applies each page, closes the intents. Older than the retention bound, too much to replay, or a
 * record among it that cannot be read: a gap is opened, and a snapshot asked for.
 */
export async function recoverWindow(deps: SyncDeps, held: HeldFeed): Promise<void> {
  // The end of the window is of athenahealth's time too.
  await deps.upstream.hear(held.practice)
  const { intents, now } = await deps.db.practice(held.practice, async (tx) => ({
    intents: await openIntents(tx, held),
    now: await readSqlClock(tx),
  }))
  if (intents.length === 0) return
  const window = windowOfDoubt(intents, { now, theirs: deps.upstream.theirTime(), ...deps.settings })
  const { outcome, unread }: Replayed =
    window === 'passed' ? { outcome: 'retention-passed', unread: [] } : await replay(deps, held, window)
  if (outcome !== 'complete') {
    await declareGap(deps, held, { cause: outcome, intents, unread, now })
    return
  }
  await failpoint('sync.before-replay-closed')
  const ids = intents.map((intent) => intent.intent_id)
  const close = { ids, outcome: 'replayed', doubtedBefore: timestamp(now) } as const
  await asHolderAtOnce(deps, held, (tx) => closeIntents(tx, held, close))
  deps.log.info('sync.recovered', { practice: held.practice, feed: held.feed, intents: intents.length })
}

/** What came of a replay; `unread` are the places of the records in it that could not be read. */
interface Replayed {
  readonly outcome: 'complete' | Extract<GapCause, 'unreadable' | 'retention-passed' | 'replay-too-long'>
  readonly unread: readonly { readonly from: number; readonly to: number; readonly offset: number }[]
}

async function replay(deps: SyncDeps, held: HeldFeed, window: Window): Promise<Replayed> {
  const unread: Replayed['unread'][number][] = []
  let offset = 0
  for (let read = 0; read < pagesMax; read += 1) {
    const page = await replayOnce(deps, held, { ...window, offset })
    if (page === 'unreadable') {
      unread.push({ ...window, offset })
      offset += 1
      continue
    }
    if (!page.more) return { outcome: unread.length > 0 ? 'unreadable' : 'complete', unread }
    offset += stepBehind(page)
  }
  return { outcome: 'replay-too-long', unread }
}

async function replayOnce(
  deps: SyncDeps,
  held: HeldFeed,
  { from, to, offset }: { from: number; to: number; offset: number },
): Promise<FetchedPage | 'unreadable'> {
  const fetchSeq = await deps.db.practice(held.practice, (tx) => nextFetchSeq(tx, { isLast: true }))
  const read = (part: PartOfList) => replayPage(deps, held, { from, to, ...part })
  const page = await readReadable(read, { offset, limit: deps.settings.feedPageSize, othersElsewhere: () => true })
  await failpoint('sync.after-replay')
  if (page !== 'unreadable' && page.items > 0) {
    const stored = await asHolderAtOnce(deps, held, async (tx) => {
      const keys = await deps.sealing.practice(tx, held.practice)
      return storePage(tx, { held, keys }, { ...page, source: 'replay', fetchSeq })
    })
    await applyNextPage(deps, held, stored)
  }
  return page
}

async function declareGap(
  deps: SyncDeps,
  held: HeldFeed,
  {
    cause,
    intents,
    unread,
    now,
  }: { cause: GapCause; intents: readonly Intent[]; unread: Replayed['unread']; now: number },
): Promise<void> {
  await asHolder(deps, held, async (tx, state) => {
    // What was consumed may have changed at any time since all was read last.
    const from = Math.min(...intents.map(earliestOf), state.checkpoint ?? Infinity)
    const keys = await deps.sealing.practice(tx, held.practice)
    for (const record of unread) await quarantine(tx, keys, { held, page: noPage, record, reason: 'unreadable' })
    await openGap(tx, held, { cause, from: timestamp(from) })
    await wantResnapshot(tx, held)
    const ids = intents.map((intent) => intent.intent_id)
    await closeIntents(tx, held, { ids, outcome: 'gap', doubtedBefore: timestamp(now) })
  })
  deps.log.warn('sync.gap', { practice: held.practice, feed: held.feed, cause })
}
