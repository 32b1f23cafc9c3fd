import { AthenaError } from '@aegis/client'
import type { Tx } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import { appointmentsHeldUntil, nextFetchSeq } from '../records/records.sql.ts'
import { applyNextPage, noPage, quarantine } from './apply-inbox.ts'
import { advanceCheckpoint, enterFeedState, type HeldFeed, stampFeed, stampSnapshot } from './feed-state.sql.ts'
import { feedTable } from './feed-table.ts'
import type { FetchedPage } from './fetched-page.ts'
import { closeGaps, openGaps } from './gap.sql.ts'
import { loadPracticeFacts } from './practice-facts.ts'
import { releaseUnreadable } from './quarantine.sql.ts'
import { snapshotPage } from './read-list.ts'
import { type PartOfList, readReadable } from './read-readable.ts'
import { coverDepartments, wishForUnseen } from './reconcile-snapshot.ts'
import type { Segment } from './segment.ts'
import * as runs from './snapshot.sql.ts'
import { storePage } from './store-page.ts'
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
  held: HeldFeed,
  phase: 'provisional' | 'authoritative',
): Promise<void> {
  const { run, fetchSeq, gap } = await openOrStart(deps, held, phase)
  const segment = run.plan[run.segment]
  if (!segment) {
    await finish(deps, held, run)
    return
  }
  const read = (part: PartOfList) => snapshotPage(deps, held, { segment, ...part, gap })
  const part = { offset: run.row_offset, limit: deps.settings.snapshotPageSize }
  const page = await readReadable(read, part).catch(async (error: unknown) => {
    if (!isDepartmentRefused(segment, error)) throw error
    if (phase === 'provisional' || run.restarts >= refusalsMax) return 'refused' as const
    await beginAgain(deps, held, run)
    throw error
  })
  await failpoint('sync.snapshot-page')
  if (page === 'unreadable' || page === 'refused') {
    await pass(deps, held, { run, what: page })
    return
  }
  const { next, stored } = await asHolder(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    const kept =
      page.items > 0 ? await storePage(tx, { held, keys }, { ...page, source: 'snapshot', fetchSeq }) : undefined
    const position = positionAfter(run, page, (id) => keys.digest('sync.anchor', id))
    await runs.moveSnapshotRun(tx, { ...held, runId: run.run_id }, position)
    return { next: position, stored: kept }
  })
  await failpoint('sync.after-snapshot-store')
  if (stored) await applyNextPage(deps, held, stored)
  if (next.unstable) throw new AegisError('sync.list-unstable', { segment: run.segment })
}

/** By the snapshot that counts, a department's list is asked for this often more before it is taken for refused. */
const refusalsMax = 3

/** A department may be closed, or open to nobody, while the others are read: it does not stop them. */
function isDepartmentRefused(segment: Segment, error: unknown): boolean {
  const refused = error instanceof AthenaError && (error.code === 'not-found' || error.code === 'invalid-request')
  return refused && 'departmentId' in segment
}

/** One refusal may be a mistake, and passing a department by mistake would lose its records: it is asked for again. */
function beginAgain(deps: SyncDeps, held: HeldFeed, run: runs.SnapshotRun): Promise<void> {
  const start = { segment: run.segment, offset: 0, anchors: [], restarts: run.restarts + 1, read: 0 }
  return asHolder(deps, held, (tx) => runs.moveSnapshotRun(tx, { ...held, runId: run.run_id }, start))
}

/** Goes on behind what cannot be read: a record, whose id is not known, or the list of a department. Where is kept. */
async function pass(
  deps: SyncDeps,
  held: HeldFeed,
  { run, what }: { run: runs.SnapshotRun; what: 'unreadable' | 'refused' },
): Promise<void> {
  const place = { ...run.plan[run.segment], offset: run.row_offset }
  await asHolder(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    await quarantine(tx, keys, { held, page: noPage, record: place, reason: 'unreadable' })
    // Nothing to join with: the page that would have held this record could not be read as a whole.
    const record = { segment: run.segment, offset: run.row_offset + 1, anchors: [], restarts: run.restarts, read: 0 }
    const list = { segment: run.segment + 1, offset: 0, anchors: [], restarts: 0, read: 0 }
    const next = what === 'refused' ? list : record
    await runs.moveSnapshotRun(tx, { ...held, runId: run.run_id }, next)
  })
  deps.log.warn('sync.quarantined', { practice: held.practice, feed: held.feed, records: 1 })
}

/** The reading to go on with, and the number of its next request. */
function openOrStart(deps: SyncDeps, held: HeldFeed, phase: 'provisional' | 'authoritative') {
  return asHolder(deps, held, async (tx) => {
    const fetchSeq = await nextFetchSeq(tx)
    const gap = (await openGaps(tx, held.practice)).some((one) => one.feed === held.feed)
    const open = await runs.openSnapshotRun(tx, held)
    if (open?.phase === phase) return { run: open, fetchSeq, gap }
    await runs.finishSnapshotRuns(tx, held)
    const planned = { phase, plan: await plan(deps, tx, held), firstSeq: fetchSeq }
    return { run: await runs.startSnapshotRun(tx, held, planned), fetchSeq, gap }
  })
}

async function plan(deps: SyncDeps, tx: Tx, held: HeldFeed) {
  const keys = await deps.sealing.practice(tx, held.practice)
  const facts = await loadPracticeFacts(tx, keys, held.practice)
  return feedTable[held.feed].plan({
    now: deps.clock.now(),
    heldUntil: await appointmentsHeldUntil(tx, held.practice),
    departments: facts.openDepartments,
    settings: deps.settings,
  })
}

/**
 * Where the reading stands after a page (pure). `unstable`: begun again too often; it goes on after a pause. Ids are
 * compared and kept as `anchorOf` makes them: some of them identify patients.
 */
export function positionAfter(
  run: Pick<runs.SnapshotRun, 'segment' | 'row_offset' | 'anchors' | 'restarts'>,
  page: Pick<FetchedPage, 'ids' | 'items' | 'more'>,
  anchorOf: (id: string) => string,
): runs.RunPosition & { readonly unstable?: boolean } {
  const joins = run.anchors.length === 0 || page.ids.some((id) => run.anchors.includes(anchorOf(id)))
  // A page that ends as the one before did: upstream does not move on. One that holds the border alone is no such page:
  // it was asked to be that short, because of a record behind it that cannot be read.
  const border = run.anchors.length
  const last = (count: number) => page.ids.slice(-count).map(anchorOf)
  const repeats = page.more && border > 0 && page.ids.length > border && run.anchors.join() === last(border).join()
  if (!joins || repeats) {
    const unstable = run.restarts >= restartsMax
    return {
      segment: run.segment,
      offset: 0,
      anchors: [],
      restarts: unstable ? 0 : run.restarts + 1,
      read: 0,
      unstable,
    }
  }
  if (!page.more) return { segment: run.segment + 1, offset: 0, anchors: [], restarts: 0, read: page.items }
  const overlap = Math.min(overlapMax, Math.floor(page.items / 2))
  const step = Math.max(1, page.items - overlap)
  return {
    segment: run.segment,
    offset: run.row_offset + step,
    anchors: overlap === 0 ? [] : last(overlap),
    restarts: run.restarts,
    read: step,
  }
}

async function finish(deps: SyncDeps, held: HeldFeed, run: runs.SnapshotRun): Promise<void> {
  await failpoint('sync.before-snapshot-finished')
  let unseen = 0
  await asHolder(deps, held, async (tx, state) => {
    await runs.finishSnapshotRuns(tx, held)
    if (run.phase === 'provisional') {
      await stampFeed(tx, held, 'provisional_at')
      return
    }
    const startedAt = timestamp(run.started_at)
    await stampSnapshot(tx, held, startedAt)
    await advanceCheckpoint(tx, held, startedAt)
    await releaseUnreadable(tx, held, startedAt)
    await closeGaps(tx, held, startedAt)
    const keys = await deps.sealing.practice(tx, held.practice)
    unseen = await wishForUnseen(tx, keys, { key: held, run })
    if (held.feed === 'departments') {
      const { openDepartments } = await loadPracticeFacts(tx, keys, held.practice)
      await coverDepartments(tx, held.practice, openDepartments)
    }
    if (state.state !== 'live') await enterFeedState(tx, held, 'live')
  })
  deps.log.info('sync.snapshot-finished', {
    practice: held.practice,
    feed: held.feed,
    phase: run.phase,
    records: Number(run.records),
    unseen,
  })
}
