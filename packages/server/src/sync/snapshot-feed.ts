import type { Tx } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import { nextFetchSeq } from '../records/records.sql.ts'
import { applyNextPage, quarantine } from './apply-inbox.ts'
import { type FetchedPage, planSnapshot, snapshotPage } from './feeds.ts'
import { closeGaps } from './gap.sql.ts'
import { loadPracticeFacts } from './practice-facts.ts'
import { type PartOfList, readReadable } from './read-readable.ts'
import * as runs from './snapshot.sql.ts'
import { storePage } from './store-page.ts'
import * as table from './sync.sql.ts'
import { asHolder, type SyncDeps, timestamp } from './sync-deps.ts'

/**
 * Records read twice at the border of two pages, so that a list that shrinks while it is read is noticed; no more than
 * half of a page, or small pages would hardly move on.
 */
const overlapMax = 20

/** A segment whose pages do not join is read again from its start this often before the snapshot gives up. */
const restartsMax = 5

/**
 * Reads one page of a snapshot, going on where the last one stopped, also after a crash. Pages of a live list shift
 * when records vanish from it, and a record pushed over a border unseen would be lost without ever being changed:
 * therefore consecutive pages overlap and must join; where they do not, the segment is read again. A record that cannot
 * be read is passed, set aside and alarmed: it does not keep the others from being mirrored.
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
  const read = (part: PartOfList) => snapshotPage(deps, held, { segment, ...part, gap: false })
  const page = await readReadable(read, { offset: run.row_offset, limit: deps.settings.snapshotPageSize })
  await failpoint('sync.snapshot-page')
  if (page === 'unreadable') {
    await passRecord(deps, held, run)
    return
  }
  await asHolder(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    const next = positionAfter(run, page, (id) => keys.digest('sync.anchor', id))
    if (page.items > 0) {
      await storePage(tx, { held, keys }, { ...page, source: 'snapshot', fetchSeq })
    }
    await runs.moveSnapshotRun(tx, { ...held, runId: run.run_id }, next)
  })
  await failpoint('sync.after-snapshot-store')
  await applyNextPage(deps, held)
}

/** Stands for the page of a record that never came with one. */
const noPage = { page_id: '0' }

/** Goes on behind a record that cannot be read. Where it stood is kept: its id is not known. */
async function passRecord(deps: SyncDeps, held: table.HeldFeed, run: runs.SnapshotRun): Promise<void> {
  const place = { ...run.plan[run.segment], offset: run.row_offset }
  await asHolder(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    await quarantine(tx, keys, { held, page: noPage, record: place, reason: 'unreadable' })
    // Nothing to join with: the page that would have held this record could not be read as a whole.
    const next = { segment: run.segment, offset: run.row_offset + 1, anchors: [], restarts: run.restarts, read: 0 }
    await runs.moveSnapshotRun(tx, { ...held, runId: run.run_id }, next)
  })
  deps.log.warn('sync.quarantined', { practice: held.practice, feed: held.feed, records: 1 })
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

/**
 * Where the reading stands after a page (pure). Ids are compared and kept as `anchorOf` makes them: some of them
 * identify patients.
 */
export function positionAfter(
  run: Pick<runs.SnapshotRun, 'segment' | 'row_offset' | 'anchors' | 'restarts'>,
  page: Pick<FetchedPage, 'ids' | 'items' | 'more'>,
  anchorOf: (id: string) => string,
): runs.RunPosition {
  const anchors = page.ids.map(anchorOf)
  const joins = run.anchors.length === 0 || run.anchors.some((anchor) => anchors.includes(anchor))
  if (!joins) {
    if (run.restarts >= restartsMax) throw new AegisError('sync.list-unstable', { segment: run.segment })
    return { segment: run.segment, offset: 0, anchors: [], restarts: run.restarts + 1, read: 0 }
  }
  if (!page.more) return { segment: run.segment + 1, offset: 0, anchors: [], restarts: 0, read: page.items }
  const overlap = Math.min(overlapMax, Math.floor(page.items / 2))
  const step = Math.max(1, page.items - overlap)
  return {
    segment: run.segment,
    offset: run.row_offset + step,
    anchors: overlap === 0 ? [] : anchors.slice(-overlap),
    restarts: run.restarts,
    read: step,
  }
}

async function finish(deps: SyncDeps, held: table.HeldFeed, run: runs.SnapshotRun): Promise<void> {
  await failpoint('sync.before-snapshot-finished')
  await asHolder(deps, held, async (tx, state) => {
    await runs.finishSnapshotRuns(tx, held)
    if (run.phase === 'provisional') {
      await table.stampFeed(tx, held, 'provisional_at')
      return
    }
    const startedAt = timestamp(run.started_at)
    await table.stampSnapshot(tx, held, startedAt)
    await table.advanceCheckpoint(tx, held, startedAt)
    await table.releaseUnreadable(tx, held, startedAt)
    await closeGaps(tx, held, startedAt)
    if (state.state !== 'live') await table.enterFeedState(tx, held, 'live')
  })
  deps.log.info('sync.snapshot-finished', {
    practice: held.practice,
    feed: held.feed,
    phase: run.phase,
    records: Number(run.records),
  })
}
