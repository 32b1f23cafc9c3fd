import type { Tx } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import { nextFetchSeq } from '../records/records.sql.ts'
import { applyNextPage } from './apply-inbox.ts'
import { type FetchedPage, planSnapshot, snapshotPage } from './feeds.ts'
import { closeGaps } from './gap.sql.ts'
import { loadPracticeFacts } from './practice-facts.ts'
import * as runs from './snapshot.sql.ts'
import { storePage } from './store-page.ts'
import * as table from './sync.sql.ts'
import { asHolder, type SyncDeps, timestamp } from './sync-deps.ts'

/** Records read twice at the border of two pages, so that a list that shrinks while it is read is noticed. */
const overlap = 20

/** A segment whose pages do not join is read again from its start this often before the snapshot gives up. */
const restartsMax = 5

/**
 * Reads one page of a snapshot, going on where the last one stopped, also after a crash. Pages of a live list shift
 * when records vanish from it, and a record pushed over a border unseen would be lost without ever being changed:
 * therefore consecutive pages overlap and must join; where they do not, the segment is read again.
 */
export async function snapshotStep(
  deps: SyncDeps,
  held: table.HeldFeed,
  phase: 'provisional' | 'authoritative',
): Promise<void> {
  const { run, fetchSeq } = await openOrStart(deps, held, phase)
  const segment = run.plan[run.segment]
  if (!segment) {
    await finish(deps, held, run)
    return
  }
  const page = await snapshotPage(deps, held, { segment, offset: run.row_offset, phase: run.phase, gap: false })
  await failpoint('sync.snapshot-page')
  const next = positionAfter(run, page, anchorsOf(page))
  await asHolder(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    if (page.items > 0) {
      await storePage(tx, { held, keys }, { ...page, source: 'snapshot', fetchSeq })
    }
    await runs.moveSnapshotRun(tx, { ...held, runId: run.run_id }, next)
  })
  await failpoint('sync.after-snapshot-store')
  await applyNextPage(deps, held)
}

/** The reading to go on with, and the number of its next request. */
function openOrStart(deps: SyncDeps, held: table.HeldFeed, phase: 'provisional' | 'authoritative') {
  return asHolder(deps, held, async (tx) => {
    const fetchSeq = await nextFetchSeq(tx)
    const open = await runs.openSnapshotRun(tx, held)
    if (open?.phase === phase) return { run: open, fetchSeq }
    await runs.finishSnapshotRuns(tx, held)
    return { run: await runs.startSnapshotRun(tx, held, { phase, plan: await plan(deps, tx, held) }), fetchSeq }
  })
}

async function plan(deps: SyncDeps, tx: Tx, held: table.HeldFeed) {
  const keys = await deps.sealing.practice(tx, held.practice)
  const facts = await loadPracticeFacts(tx, keys, held.practice)
  return planSnapshot(held.feed, {
    now: deps.clock.now(),
    departments: [...facts.departments.keys()],
    settings: deps.settings,
  })
}

function anchorsOf(page: FetchedPage): readonly string[] {
  return page.ids.slice(-overlap)
}

/** Where the reading stands after a page (pure). */
export function positionAfter(run: runs.SnapshotRun, page: FetchedPage, anchors: readonly string[]): runs.RunPosition {
  const joins = run.row_offset === 0 || run.anchors.some((anchor) => page.ids.includes(anchor))
  if (!joins) {
    if (run.restarts >= restartsMax) throw new AegisError('sync.list-unstable', { segment: run.segment })
    return { segment: run.segment, offset: 0, anchors: [], restarts: run.restarts + 1, read: 0 }
  }
  if (!page.more) return { segment: run.segment + 1, offset: 0, anchors: [], restarts: 0, read: page.items }
  const step = Math.max(1, page.items - overlap)
  return { segment: run.segment, offset: run.row_offset + step, anchors, restarts: run.restarts, read: step }
}

async function finish(deps: SyncDeps, held: table.HeldFeed, run: runs.SnapshotRun): Promise<void> {
  await failpoint('sync.before-snapshot-finished')
  await asHolder(deps, held, async (tx, state) => {
    await runs.finishSnapshotRuns(tx, held)
    if (run.phase === 'provisional') {
      await table.stampFeed(tx, held, 'provisional_at')
      return
    }
    await table.stampFeed(tx, held, 'snapshot_at')
    await table.advanceCheckpoint(tx, held, timestamp(run.started_at))
    await closeGaps(tx, held, timestamp(run.started_at))
    if (state.state !== 'live') await table.enterFeedState(tx, held, 'live')
  })
  deps.log.info('sync.snapshot-finished', {
    practice: held.practice,
    feed: held.feed,
    phase: run.phase,
    records: Number(run.records),
  })
}
