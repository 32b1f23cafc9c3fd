import type { Tx } from '../db/db.ts'
import { readSqlClock } from '../db/sql-clock.sql.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { previousPatientIds } from '../records/record-id.ts'
import type { RecordKind } from '../records/record-kind.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { nameOf, type RecordName, recordKey } from '../records/record-name.ts'
import { nextFetchSeq } from '../records/records.sql.ts'
import type { WireRecord } from '../records/wire-record.ts'
import { isUnreadable } from '../sealing/is-unreadable.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import { applyNextPage } from './apply-inbox.ts'
import { explainByFeed } from './difference.sql.ts'
import {
  enterFeedState,
  type FeedStateRow,
  type HeldFeed,
  putForeignLookOff,
  stampForeignLook,
  wantResnapshot,
} from './feed-state.sql.ts'
import { kindOfFeed } from './feed-table.ts'
import { type FetchedPage, recordsInPage, stepBehind } from './fetched-page.ts'
import { type GapCause, openGap } from './gap.sql.ts'
import { pagesStoredSince, storedPagesMax, type WaitingPage } from './inbox.sql.ts'
import { mayHaveRead, wereIntentsReplayed } from './intent.sql.ts'
import { lookReachMs } from './poll-stretch.ts'
import { noPage, quarantine } from './quarantine.ts'
import { replayPage } from './read-feed.ts'
import { type PartOfList, readReadable } from './read-readable.ts'
import { openPage, storePage } from './store-page.ts'
import { asHolder, type SyncDeps, timestamp } from './sync-deps.ts'

/**
 * Looks for changes that somebody else processed. Before our first drain any are a reason to stop. Later, everything
 * processed since the last look is read once more: what is in it and in no page of ours, another deployment took, or a
 * request of ours that athenahealth carried out after it was given up. It is applied, so it is not lost.
 */
export async function checkForeign(deps: SyncDeps, held: HeldFeed): Promise<void> {
  const { state, hasRead, fetchSeq, now } = await asHolder(deps, held, async (tx, row) => ({
    state: row,
    hasRead: await hasReadFeed(tx, held, row),
    fetchSeq: await nextFetchSeq(tx),
    now: await readSqlClock(tx),
  }))
  if (!hasRead) {
    const since = firstAskedAt(state)
    if (since !== null && (await foreignProcessing(deps, held, { since, now }))) await contest(deps, held)
  } else {
    await verifyProcessed(deps, held, { ...windowToVerify(deps, state, now), fetchSeq })
  }
  // Not when it ended: what was processed meanwhile it may not have seen.
  await asHolder(deps, held, (tx) => stampForeignLook(tx, held, timestamp(now)))
}

/** A partial subscription is asked for again once it is settling, which is no reason to look at less. */
function firstAskedAt({ subscribed_at: askedAt, active_at: activeAt }: FeedStateRow): number | null {
  return askedAt === null || activeAt === null ? askedAt : Math.min(askedAt, activeAt)
}

/** From our first read on, also one whose answer was lost: what it took must not pass for somebody else's. */
export async function hasReadFeed(
  tx: Tx,
  held: HeldFeed,
  state: Pick<FeedStateRow, 'drain_ended_at'>,
): Promise<boolean> {
  return state.drain_ended_at !== null || (await mayHaveRead(tx, held))
}

/**
 * A look that failed is taken later, the longer it is overdue the later, and holds up no drain. What is further back than can
 * be read again by then is left to the nightly checks, as after any time in which nobody looked.
 */
export async function putLookOff(
  deps: Pick<SyncDeps, 'settings'>,
  tx: Tx,
  { held, state, retryInMs }: { held: HeldFeed; state: FeedStateRow; retryInMs: number },
): Promise<void> {
  const now = await readSqlClock(tx)
  await putForeignLookOff(tx, held, pauseOfLook(deps, { lookedAt: state.foreign_checked_at, retryInMs, now }))
}

/** How long a look is put off: the longer it is overdue the longer, up to the time between two. */
export function pauseOfLook(
  { settings: { pollIntervalMs, subscriptionCheckMs } }: Pick<SyncDeps, 'settings'>,
  { lookedAt, retryInMs, now }: { lookedAt: number | null; retryInMs: number; now: number },
): number {
  const overdueMs = now - (lookedAt ?? 0) - subscriptionCheckMs
  return Math.max(retryInMs, pollIntervalMs, Math.min(overdueMs, subscriptionCheckMs))
}

/** Distance kept from our own doings: processing times have a resolution of a second and clocks differ. */
const guardMs = 5_000

/** Whether anything was processed since an instant (database's time) at which we certainly began to process nothing. */
export async function foreignProcessing(
  deps: SyncDeps,
  held: HeldFeed,
  { since, now }: { since: number; now: number },
): Promise<boolean> {
  const theirs = deps.upstream.theirTime()
  // As long ago by athenahealth's clock, which it counts by.
  const from = since - now + (theirs?.latest ?? now) + guardMs
  const to = Math.max(now, theirs?.latest ?? now)
  if (deps.settings.takeOver || to - from < guardMs) return false
  const read = (part: PartOfList) => replayPage(deps, held, { from, to, ...part })
  const page = await readReadable(read, { offset: 0, limit: 1, othersElsewhere: () => true })
  return page === 'unreadable' || page.items > 0
}

/** Stops the feed and says so to whoever runs it. */
export async function contest(deps: SyncDeps, held: HeldFeed): Promise<never> {
  await asHolder(deps, held, (tx) => enterFeedState(tx, held, 'contested'))
  throw new AegisError('sync.contested', { practice: held.practice, feed: held.feed })
}

interface Window {
  readonly from: number
  readonly to: number
  /** Pages stored from here on may hold what was processed in the window. */
  readonly storedSince: number
}

/** From a little before the last look; no further back than it can see. */
function windowToVerify({ settings, upstream }: SyncDeps, state: FeedStateRow, now: number): Window {
  const theirs = upstream.theirTime()
  const to = Math.max(now, theirs?.latest ?? now)
  const margin = settings.replayMarginMs
  const last = Math.min(state.foreign_checked_at ?? state.subscribed_at ?? now, now)
  // By the one clock or the other, whichever says that it is longer ago.
  const lastThere = Math.min(last, last - now + (theirs?.earliest ?? now))
  const from = Math.max(lastThere - margin, to - lookReachMs(settings))
  // Not from `from` on: that is by athenahealth's clock, which may be ahead of the one that our pages were stored by.
  return { from, to, storedSince: Math.min(from, last - margin) - margin }
}

/** Pages of one look. More changes than this are looked through up to here. */
const pagesMax = 50

async function verifyProcessed(
  deps: SyncDeps,
  held: HeldFeed,
  { fetchSeq, ...window }: Window & { fetchSeq: bigint },
): Promise<void> {
  let ours: OwnIds | undefined
  let offset = 0
  let seq = fetchSeq
  const read = (part: PartOfList) => replayPage(deps, held, { from: window.from, to: window.to, ...part })
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const page = await readReadable(read, { offset, limit: deps.settings.feedPageSize, othersElsewhere: () => true })
    if (page === 'unreadable') {
      await passUnreadable(deps, held, { window, offset })
      offset += 1
      continue
    }
    if (page.items > 0) {
      // Before what was replayed is stored too.
      ours ??= await idsStoredSince(deps, held, timestamp(window.storedSince))
      const strangers = strangersIn(page, ours.ids)
      await storeAndApply(deps, held, { page, fetchSeq: seq, window, strangers, cause: ours.cause })
    }
    if (!page.more) return
    offset += stepBehind(page)
    seq = await deps.db.practice(held.practice, (tx) => nextFetchSeq(tx, { isLast: true }))
  }
}

/**
 * What cannot be read may be what somebody else took: it is set aside, and a gap. Where a doubt of ours ended in a gap
 * meanwhile the record is of that one, and has been told of.
 */
async function passUnreadable(
  deps: SyncDeps,
  held: HeldFeed,
  { window: { from, to, storedSince }, offset }: { window: Window; offset: number },
): Promise<void> {
  const isNew = await asHolder(deps, held, async (tx) => {
    if (await wereIntentsReplayed(tx, held, { since: timestamp(storedSince), asGap: true })) return false
    const keys = await deps.sealing.practice(tx, held.practice)
    await quarantine(tx, keys, { held, page: noPage, record: { from, to, offset }, reason: 'unreadable' })
    await openGap(tx, held, { cause: 'unreadable', from: timestamp(from) })
    await wantResnapshot(tx, held)
    return true
  })
  const where = { practice: held.practice, feed: held.feed }
  if (isNew) deps.log.warn('sync.gap', { ...where, cause: 'unreadable' })
}

/**
 * Records of a page that are in none of ours. One that we read before it was merged comes as its survivor, who may have
 * been in no page yet; one that we read as its survivor comes as itself when the merge was undone.
 */
function strangersIn(page: FetchedPage, ours: ReadonlySet<string>): RecordName[] {
  const kind = recordKinds[page.kind]
  return recordsInPage(page, page.raw).flatMap((record) => {
    const name = nameOf(kind, record)
    return name && !namesOf(kind, record).some((id) => ours.has(id)) ? [name] : []
  })
}

/** The id of a record in a page, and those that were its own before it was merged into this one. */
function namesOf(kind: RecordKind, record: WireRecord): string[] {
  return [String(record[kind.idField]), ...(kind.isPatient ? previousPatientIds(record) : [])]
}

interface OwnIds {
  readonly ids: ReadonlySet<string>
  /** What it is when a record is in none of our pages: another's doing, or not known where one of them cannot be read. */
  readonly cause: GapCause
}

/** Ids in the pages of the feed that we stored. */
async function idsStoredSince(deps: SyncDeps, held: HeldFeed, since: string): Promise<OwnIds> {
  const kind = recordKinds[kindOfFeed(held.feed)]
  const ids = new Set<string>()
  let cause: GapCause = 'foreign-consumer'
  for (let after = '0'; ; ) {
    const { keys, pages } = await deps.db.practice(held.practice, async (tx) => ({
      keys: await deps.sealing.practice(tx, held.practice),
      pages: await pagesStoredSince(tx, held, { since, after }),
    }))
    for (const page of pages) {
      const records = recordsOfOwn(keys, page)
      if (!records) cause = 'unreadable'
      for (const record of records ?? []) for (const id of namesOf(kind, record)) ids.add(id)
    }
    const last = pages.at(-1)
    if (!last || pages.length < storedPagesMax) return { ids, cause }
    after = last.page_id
  }
}

/** What a page of ours holds; undefined where it was damaged. */
function recordsOfOwn(keys: PracticeKeys, page: WaitingPage): readonly WireRecord[] | undefined {
  try {
    return recordsInPage(page, openPage(keys, page))
  } catch (error) {
    if (isUnreadable(error) || isAegisError(error, 'sync.page-unreadable')) return undefined
    throw error
  }
}

interface Strangers {
  readonly window: Window
  readonly strangers: readonly RecordName[]
  readonly cause: GapCause
}

/** Judged in the transaction that stores the page: from then on what is in it passes for ours, also after a crash. */
async function storeAndApply(
  deps: SyncDeps,
  held: HeldFeed,
  read: Strangers & { page: FetchedPage; fetchSeq: bigint },
): Promise<void> {
  const { page, fetchSeq, strangers, cause } = read
  const { stored, isLate } = await asHolder(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    const late = strangers.length > 0 && (await judgeStrangers(tx, { ...read, held, keys }))
    return { stored: await storePage(tx, { held, keys }, { ...page, source: 'replay', fetchSeq }), isLate: late }
  })
  const where = { practice: held.practice, feed: held.feed }
  if (isLate) deps.log.info('sync.late-read', { ...where, records: strangers.length })
  else if (strangers.length > 0) deps.log.warn('sync.gap', { ...where, cause })
  await applyNextPage(deps, held, stored)
}

/**
 * Whose were they? Not foreign when a request of ours was in doubt meanwhile: athenahealth was only late with it, and what a
 * check found of them was on its way. True then; otherwise a gap is open.
 */
async function judgeStrangers(
  tx: Tx,
  { held, keys, window, strangers, cause }: Strangers & { held: HeldFeed; keys: PracticeKeys },
): Promise<boolean> {
  if (await wereIntentsReplayed(tx, held, { since: timestamp(window.storedSince) })) {
    const kind = recordKinds[kindOfFeed(held.feed)]
    // Whatever the feed was asked since: it had handed these out, to a request whose answer did not come.
    await explainByFeed(tx, held, { keys: strangers.map((name) => recordKey(kind, keys, name)) })
    return true
  }
  await openGap(tx, held, { cause, from: timestamp(window.from) })
  await wantResnapshot(tx, held)
  return false
}
