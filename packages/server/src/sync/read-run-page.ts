import { AthenaError } from '@aegis/client'
import type { Tx } from '../db/db.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import { rangesOf } from '../policy/intensive-calls.ts'
import { nextFetchSeq } from '../records/records.sql.ts'
import type { CallContext } from '../upstream/call-context.ts'
import { applyNextPage } from './apply-inbox.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import type { FetchedPage } from './fetched-page.ts'
import { narrowedPlan } from './narrowed-plan.ts'
import { noPage, quarantine } from './quarantine.ts'
import type { PageAhead } from './read-ahead.ts'
import { replayPage } from './read-feed.ts'
import { listPage } from './read-list.ts'
import { isUnreadable, type PartOfList, readReadable } from './read-readable.ts'
import type { PlannedSegment } from './segment.ts'
import * as runs from './snapshot.sql.ts'
import { type StoredPage, storePage } from './store-page.ts'
import { asHolderAtOnce, type SyncDeps } from './sync-deps.ts'

/** One page of a reading that was begun. */
export interface PageOfRun {
  readonly run: runs.SnapshotRun
  readonly segment: PlannedSegment
  /** Taken before the page is asked for. */
  readonly fetchSeq: bigint
  readonly context: CallContext
  /** A check: what its pages change is a difference. */
  readonly isCheck?: boolean
  /** More that is to be written with the page, or not at all. */
  readonly alongside?: (tx: Tx) => Promise<void>
}

/**
 * Reads one page and moves the reading on. Pages of a live list shift when records vanish from it, and a record pushed
 * over a border unseen would be lost without ever being changed: therefore consecutive pages overlap and must join;
 * where they do not, the reading goes back. A record that cannot be read is passed, set aside and alarmed: it does not
 * keep the others from being mirrored. Whether that was the end of its list.
 */
export async function readRunPage(deps: SyncDeps, held: HeldFeed, at: PageOfRun): Promise<boolean> {
  const { run, segment } = at
  const part = { offset: run.row_offset, limit: deps.settings.snapshotPageSize }
  const ahead = deps.ahead?.take(held, run)
  const page = await readReadable(
    firstOf(ahead, (wanted) => readSegment(deps, held, { ...at, ...wanted })),
    { ...part, othersElsewhere: () => isProof(at) },
  ).catch(async (error: unknown) => {
    if (isUnreadable(error) && !isProof(at)) await readLater(deps, held, run)
    if (isAegisError(error, 'policy.date-range-too-wide')) await readNarrower(deps, held, run)
    if (!isListRefused(segment, error)) throw error
    if (run.phase === 'provisional' || run.restarts >= refusalsMax) return 'refused' as const
    await beginAgain(deps, held, run)
    throw error
  })
  await failpoint('sync.snapshot-page')
  if (page === 'unreadable' || page === 'refused') {
    await pass(deps, held, { at, what: page })
    return page === 'refused'
  }
  const read = ahead ? { ...at, fetchSeq: ahead.fetchSeq } : at
  const { next, nextSeq, stored } = await storeAndMove(deps, held, { at: read, page })
  await failpoint('sync.after-snapshot-store')
  if (nextSeq !== undefined) askAhead(deps, held, { at, next, fetchSeq: nextSeq })
  if (stored) await applyNextPage(deps, held, stored)
  if (next.unstable) throw new AegisError('sync.list-unstable', { segment: run.segment })
  return next.segment !== run.segment
}

/**
 * Whether an answer without records proves that upstream can be read: of a window of a feed, which may hold no others, or where
 * the reading had some.
 */
function isProof({ run, segment }: PageOfRun): boolean {
  return segment.list === 'replay' || Number(run.records) > 0
}

/**
 * A list of which nothing can be read is read again after all others, however many of them are empty: if one has a record that
 * can be read, it is known then that it is not upstream as a whole.
 */
function readLater(deps: SyncDeps, held: HeldFeed, { run_id: runId, plan, segment }: runs.SnapshotRun): Promise<void> {
  const later = [...plan.slice(0, segment), ...plan.slice(segment + 1), ...plan.slice(segment, segment + 1)]
  return asHolderAtOnce(deps, held, (tx) => runs.planAnew(tx, { ...held, runId }, later))
}

/** The policy was made narrower since the reading was planned: it goes on from the start of this list, in ranges that pass. */
function readNarrower(deps: SyncDeps, held: HeldFeed, run: runs.SnapshotRun): Promise<void> {
  const { run_id: runId, plan, segment } = run
  const left = narrowedPlan(plan.slice(segment), rangesOf(deps.settings.ranges, held.practice))
  return asHolderAtOnce(deps, held, (tx) => runs.planAnew(tx, { ...held, runId }, [...plan.slice(0, segment), ...left]))
}

/** Reads as `read` does, but for the first time, where a page was asked for already. */
function firstOf(ahead: PageAhead | undefined, read: (part: PartOfList) => Promise<FetchedPage>): typeof read {
  let asked = ahead?.page
  return (part) => {
    const page = asked ?? read(part)
    asked = undefined
    return page
  }
}

/** Asks for the page that follows, while this one is applied. */
function askAhead(
  deps: SyncDeps,
  held: HeldFeed,
  { at, next, fetchSeq }: { at: PageOfRun; next: runs.RunPosition; fetchSeq: bigint },
): void {
  const place = { run_id: at.run.run_id, segment: next.segment, row_offset: next.offset }
  const part = { offset: next.offset, limit: deps.settings.snapshotPageSize }
  deps.ahead?.begin(held, { place, fetchSeq }, (dropped) => {
    const ended = held.ended ? AbortSignal.any([dropped, held.ended]) : dropped
    return readSegment(deps, { ...held, ended }, { ...at, ...part })
  })
}

/** Whether it is certain enough which page comes next. Replays and checks are few pages; they are asked for in turn. */
function isAheadWanted({ ahead }: SyncDeps, at: PageOfRun, next: ReturnType<typeof positionAfter>): boolean {
  const goesOn = next.segment === at.run.segment && next.read > 0
  return (ahead?.hasRoom ?? false) && goesOn && !at.isCheck && at.segment.list !== 'replay'
}

function readSegment(deps: SyncDeps, held: HeldFeed, at: PageOfRun & PartOfList): Promise<FetchedPage> {
  const { segment, context, offset, limit } = at
  if (segment.list === 'ofPatients') throw new AegisError('internal.unexpected', { list: segment.list })
  return segment.list === 'replay'
    ? replayPage(deps, held, { from: segment.since, to: segment.until, offset, limit, context })
    : listPage(deps, held, { segment, offset, limit, context })
}

function storeAndMove(
  deps: SyncDeps,
  held: HeldFeed,
  { at, page }: { at: PageOfRun; page: FetchedPage },
): Promise<{ next: ReturnType<typeof positionAfter>; nextSeq: bigint | undefined; stored: StoredPage | undefined }> {
  const { run, fetchSeq, isCheck } = at
  const listSource = isCheck ? 'reconciliation' : 'snapshot'
  const source = at.segment.list === 'replay' ? 'replay' : listSource
  return asHolderAtOnce(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    const toStore = { ...page, source, fetchSeq, ...(isCheck && { runId: run.run_id }) } as const
    const stored = page.items > 0 ? await storePage(tx, { held, keys }, toStore) : undefined
    const position = positionAfter(run, page, (id) => keys.digest('sync.anchor', id))
    await runs.moveSnapshotRun(tx, { ...held, runId: run.run_id }, position)
    await at.alongside?.(tx)
    const nextSeq = isAheadWanted(deps, at, position) ? await nextFetchSeq(tx) : undefined
    return { next: position, nextSeq, stored }
  })
}

/** By the snapshot that counts, a list is asked for this often more before it is taken for refused. */
const refusalsMax = 3

/**
 * A department may be closed, or open to nobody, while the others are read, and that a list can be narrowed to what changed
 * is only documented: neither stops the rest.
 */
function isListRefused(segment: PlannedSegment, error: unknown): boolean {
  return isRefusal(error) && ('departmentId' in segment || 'modifiedSince' in segment)
}

function isRefusal(error: unknown): boolean {
  return error instanceof AthenaError && (error.code === 'not-found' || error.code === 'invalid-request')
}

/** One refusal may be a mistake, and passing a department by mistake would lose its records: it is asked for again. */
function beginAgain(deps: SyncDeps, held: HeldFeed, run: runs.SnapshotRun): Promise<void> {
  const start = { segment: run.segment, offset: 0, anchors: [], restarts: run.restarts + 1, read: 0 }
  return asHolderAtOnce(deps, held, (tx) => runs.moveSnapshotRun(tx, { ...held, runId: run.run_id }, start))
}

/** Goes on behind what cannot be read: a record, whose id is not known, or a whole list. Where is kept. */
async function pass(
  deps: SyncDeps,
  held: HeldFeed,
  { at, what }: { at: PageOfRun; what: 'unreadable' | 'refused' },
): Promise<void> {
  const { run } = at
  const place = { ...at.segment, offset: run.row_offset }
  await asHolderAtOnce(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    await quarantine(tx, keys, { held, page: noPage, record: place, reason: 'unreadable' })
    // Nothing to join with: the page that would have held this record could not be read as a whole.
    const record = { segment: run.segment, offset: run.row_offset + 1, anchors: [], restarts: run.restarts, read: 0 }
    const list = { segment: run.segment + 1, offset: 0, anchors: [], restarts: 0, read: 0 }
    await runs.moveSnapshotRun(tx, { ...held, runId: run.run_id }, what === 'refused' ? list : record)
    await at.alongside?.(tx)
  })
  deps.log.warn('sync.quarantined', { practice: held.practice, feed: held.feed, records: 1 })
}

/**
 * Records read twice at the border of two pages, so that a list that shrinks while it is read is noticed; no more than
 * half of a page, or small pages would hardly move on.
 */
const overlapMax = 20

/** A list whose pages do not join is gone back in this often before the reading gives up for now. */
const restartsMax = 5
/** So often by pages, each time twice as far; then to its start. */
const stepsBackMax = 3

/**
 * Where the reading stands after a page (pure). `unstable`: gone back too often; it goes on after a pause. Ids are
 * compared and kept as `anchorOf` makes them: some of them identify patients.
 */
export function positionAfter(
  run: Pick<runs.SnapshotRun, 'segment' | 'row_offset' | 'anchors' | 'restarts'>,
  page: Pick<FetchedPage, 'ids' | 'items' | 'more' | 'counted'>,
  anchorOf: (id: string) => string,
): runs.RunPosition & { readonly unstable?: boolean } {
  const joins = run.anchors.length === 0 || page.ids.some((id) => run.anchors.includes(anchorOf(id)))
  // A page that ends as the one before did: upstream does not move on. One that holds the border alone is no such page:
  // it was asked to be that short, because of a record behind it that cannot be read.
  const border = run.anchors.length
  const last = (count: number) => page.ids.slice(-count).map(anchorOf)
  const repeats = page.more && border > 0 && page.ids.length > border && run.anchors.join() === last(border).join()
  if (!joins || repeats) return positionBefore(run, { items: page.items, repeats })
  // Asked for only because of a count, and nothing but the border came: the count is wrong.
  const isLast = !page.more || (page.counted && page.ids.every((id) => run.anchors.includes(anchorOf(id))))
  if (isLast) return { segment: run.segment + 1, offset: 0, anchors: [], restarts: 0, read: page.items }
  // What has no id joins nothing: it may stand at the end, so the border is wider by as many.
  const nameless = page.items - page.ids.length
  const overlap = Math.min(overlapMax + nameless, Math.floor(page.items / 2))
  const step = Math.max(1, page.items - overlap)
  return {
    segment: run.segment,
    offset: run.row_offset + step,
    anchors: overlap <= nameless ? [] : last(overlap - nameless),
    restarts: run.restarts,
    read: step,
  }
}

/** Back to where the border may have moved to: a list that shrank has it a little before. At last to its start. */
function positionBefore(
  run: Parameters<typeof positionAfter>[0],
  { items, repeats }: { items: number; repeats: boolean },
): ReturnType<typeof positionAfter> {
  const unstable = run.restarts >= restartsMax
  const back = run.row_offset - items * 2 ** run.restarts
  const offset = repeats || unstable || run.restarts >= stepsBackMax ? 0 : Math.max(0, back)
  return {
    segment: run.segment,
    offset,
    anchors: offset === 0 ? [] : run.anchors,
    restarts: unstable ? 0 : run.restarts + 1,
    read: 0,
    unstable,
  }
}
