import type { Tx } from '../db/db.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import { type ApplyResult, applyRecords } from '../records/apply-records.ts'
import { endUnheldMerges, wishesForLeft } from '../records/end-merges.ts'
import type { PracticeFacts } from '../records/record-kind.ts'
import { type Wish, wishForAll } from '../records/record-name.ts'
import { unnamedFormers } from '../records/unnamed-formers.ts'
import { unreadable } from '../records/verify-held.ts'
import type { WireRecord } from '../records/wire-record.ts'
import { isUnreadable } from '../sealing/is-unreadable.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import { type FeedStateRow, type HeldFeed, readFeeds, stampFeed, wantResnapshot } from './feed-state.sql.ts'
import { isAskedByPatient, isReadByPatient, kindOfFeed } from './feed-table.ts'
import { recordsInPage } from './fetched-page.ts'
import { openGap } from './gap.sql.ts'
import { firstWaitingPage, type KnownPage, markPageApplied, type WaitingPage } from './inbox.sql.ts'
import { isOfFeed, noteOutcome } from './note-differences.ts'
import { noteWishes } from './note-wishes.ts'
import { loadPracticeFacts } from './practice-facts.ts'
import { quarantine } from './quarantine.ts'
import { wantDepartments } from './reconcile-snapshot.ts'
import { openPage, type StoredPage } from './store-page.ts'
import { asHolder, asHolderAtOnce, type SyncDeps, timestamp } from './sync-deps.ts'

/**
 * Transaction 2 of the path of data: applies the oldest page that waits in the inbox. A record that cannot be applied
 * is quarantined and does not hold up the rest; a body that cannot be trusted becomes a wish to ask for it by id.
 * Does nothing when nothing waits. The caller who has just stored a page gives it: if it is the oldest, it need not be
 * read back, opened and decoded again.
 */
export async function applyNextPage(deps: SyncDeps, held: HeldFeed, stored?: StoredPage): Promise<void> {
  try {
    const { strange } = await asHolderAtOnce(deps, held, async (tx) => {
      const known = stored?.records === undefined ? null : stored.pageId
      const page = await firstWaitingPage(tx, held, known)
      return page ? applyAndClose(deps, tx, { held, page, records: stored?.records ?? [] }) : { strange: false }
    })
    if (strange) await wantDepartments(deps, held.practice)
  } catch (error) {
    if (!mayBeOfRecord(error)) throw error
    deps.log.error('sync.page-failed', error, { practice: held.practice, feed: held.feed })
    await applySingly(deps, held)
  }
}

/** SQLSTATE classes that speak of the values: data, constraints, limits of a row. All others speak of the moment. */
const ofValues = /^(21|22|23|54)/

/**
 * Whether a failure to apply can lie in a record. A deadlock, a full disk, a key that cannot be had is none of its
 * making: the page waits for better times, and no good record is set aside.
 */
function mayBeOfRecord(error: unknown): boolean {
  if (!isAegisError(error) || isUnreadable(error)) return true
  if (error.code === 'db.statement-failed') {
    const { sqlstate } = error.detail
    return typeof sqlstate !== 'string' || ofValues.test(sqlstate)
  }
  return ['internal.unexpected', 'sync.page-unreadable'].includes(error.code)
}

async function applyAndClose(
  deps: SyncDeps,
  tx: Tx,
  { held, page, records: known }: { held: HeldFeed; page: KnownPage; records: readonly WireRecord[] },
): Promise<{ strange: boolean }> {
  const keys = await deps.sealing.practice(tx, held.practice)
  const { sealed } = page
  const records = sealed === null ? known : recordsInPage(page, openPage(keys, { ...page, sealed }))
  const { reconcileGraceMs: graceMs } = deps.settings
  const applied = await applyPage(tx, keys, { held, page, records, graceMs })
  await failpoint('sync.before-applied')
  await markPageApplied(tx, held, page.page_id)
  report(deps, held, applied)
  return applied
}

/** Something in the page makes the transaction fail: one transaction a record, and whatever still fails is set aside. */
async function applySingly(deps: SyncDeps, held: HeldFeed): Promise<void> {
  const page = await asHolderAtOnce(deps, held, (tx) => firstWaitingPage(tx, held, null))
  if (!page || !isWhole(page)) return
  const keys = await asHolderAtOnce(deps, held, (tx) => deps.sealing.practice(tx, held.practice))
  const text = openPage(keys, page)
  const { reconcileGraceMs: graceMs } = deps.settings
  const records = recordsOrNothing(page, text)
  if (!records) {
    await setPageAside(deps, held, { page, text })
    return
  }
  for (const record of records) {
    try {
      await asHolderAtOnce(deps, held, (tx) => applyPage(tx, keys, { held, page, records: [record], graceMs }))
    } catch (error) {
      if (!mayBeOfRecord(error)) throw error
      await asHolderAtOnce(deps, held, (tx) => quarantine(tx, keys, { held, page, record, reason: 'apply-failed' }))
      deps.log.warn('sync.quarantined', { practice: held.practice, feed: held.feed, records: 1 })
    }
  }
  await asHolderAtOnce(deps, held, (tx) => markPageApplied(tx, held, page.page_id))
}

function isWhole(page: KnownPage): page is WaitingPage {
  return page.sealed !== null
}

function recordsOrNothing(page: WaitingPage, text: string): readonly WireRecord[] | undefined {
  try {
    return recordsInPage(page, text)
  } catch (error) {
    if (isAegisError(error, 'sync.page-unreadable')) return undefined
    throw error
  }
}

/**
 * A page that was taken for one when it came and cannot be read as one now. It is kept, and nothing waits for it; what a
 * feed gave away with it may be missing, which is a gap until the next snapshot.
 */
async function setPageAside(
  deps: SyncDeps,
  held: HeldFeed,
  { page, text }: { page: WaitingPage; text: string },
): Promise<void> {
  const fromFeed = page.source === 'feed' || page.source === 'replay'
  await asHolder(deps, held, async (tx, state) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    await quarantine(tx, keys, { held, page, record: { page: text }, reason: 'page-unreadable' })
    await markPageApplied(tx, held, page.page_id)
    if (!fromFeed) return
    const from = state.checkpoint === null ? null : timestamp(state.checkpoint)
    await openGap(tx, held, { cause: 'unreadable', from })
    await wantResnapshot(tx, held)
  })
  deps.log.warn('sync.quarantined', { practice: held.practice, feed: held.feed, records: page.items })
}

/** How far a list may lag behind the feed (nobody says that it does): what came since is not taken back by a list. */
const recentMs = 15 * 60_000

async function applyPage(
  tx: Tx,
  keys: PracticeKeys,
  {
    held,
    page,
    records,
    graceMs,
  }: { held: HeldFeed; page: KnownPage; records: readonly WireRecord[]; graceMs: number },
): Promise<ApplyResult & { readonly strange: boolean }> {
  const facts = await loadPracticeFacts(tx, keys, held.practice)
  const isAnswer = page.kind === 'patient' && page.source === 'refetch'
  const answer = { practice: held.practice, records, fetchSeq: BigInt(page.fetch_seq) }
  const ended = isAnswer ? await endUnheldMerges(tx, keys, answer) : []
  const applied = await applyRecords(tx, keys, {
    practice: held.practice,
    kind: page.kind,
    source: page.source,
    shape: page.shape,
    fetchSeq: BigInt(page.fetch_seq),
    recentSince: page.fetched_at - recentMs,
    facts,
    records,
  })
  if (applied.created + applied.updated > 0) await stampFeed(tx, held, 'last_change_at')
  for (const { record, reason } of applied.poisonous) await quarantine(tx, keys, { held, page, record, reason })
  const unnamed = page.kind === 'patient' ? await unnamedBy(tx, keys, { page, answer }) : []
  const wishes = [...ended, ...applied.wishes, ...unnamed]
  await noteWishesOf(tx, keys, { held, page, applied: { ...applied, wishes } })
  await noteOutcome(tx, { held, page, records, applied, graceMs })
  // While it could not be opened, appointments that came were written without the instant that follows from its zone.
  if (page.kind === 'department' && applied.changes.some(({ fields }) => fields.includes(unreadable)))
    await wantResnapshot(tx, { ...held, feed: 'appointments' })
  return { ...applied, strange: records.some((record) => isOfUnknownDepartment(record, facts)) }
}

/** What is to be asked for since a patient names a former one no more, be it in an answer or in a feed. */
async function unnamedBy(
  tx: Tx,
  keys: PracticeKeys,
  { page: { source }, answer }: { page: KnownPage; answer: Parameters<typeof unnamedFormers>[2] },
): Promise<Wish[]> {
  if (source === 'refetch') return unnamedFormers(tx, keys, answer)
  return source === 'feed' || source === 'replay' ? wishesForLeft(tx, keys, answer) : []
}

function isOfUnknownDepartment(record: WireRecord, { departments }: PracticeFacts): boolean {
  const id = typeof record === 'object' && record !== null ? record.departmentid : undefined
  return typeof id === 'string' && departments.size > 0 && !departments.has(id)
}

/**
 * What the page leaves to be asked for. To patients that are new or shown again here, or to whom a merge or its end brought records,
 * these may have come before we heard of them: all that they have is read, of the kinds that may lack some of it.
 */
async function noteWishesOf(
  tx: Tx,
  keys: PracticeKeys,
  { held, page, applied }: { held: HeldFeed; page: KnownPage; applied: ApplyResult },
): Promise<void> {
  const { practice } = held
  const { gained, returned } = applied
  const feeds = gained.length + returned.patients.length > 0 ? await readFeeds(tx, practice) : []
  const kinds = feeds.filter((feed) => mayLackSome(feed, feeds)).map(({ feed }) => kindOfFeed(feed))
  const whole = (patients: readonly string[]) =>
    kinds.flatMap((kind) => patients.map((patientId) => wishForAll(kind, keys, patientId)))
  const why = { isOfFeed: await isOfFeed(tx, held, page) }
  const check = page.run_id === null ? {} : { runId: page.run_id }
  await noteWishes(tx, keys, { practice, wishes: [...applied.wishes, ...whole(gained)], ...why, ...check })
  await noteWishes(tx, keys, { practice, wishes: [...returned.wishes, ...whole(returned.patients)], ...why })
}

/**
 * Whether a feed may lack records of patients who are shown now. Of kinds that are read patient by patient also one that is about to
 * go live: its first load may pass these patients before this page is committed, and would not see them. Of others one whose list is
 * being read, or was, when they may have been hidden; but not while all patients are new because they are read for the first time.
 */
function mayLackSome({ feed, state }: FeedStateRow, feeds: readonly FeedStateRow[]): boolean {
  if (isReadByPatient(feed)) return state === 'settling' || state === 'live'
  if (!isAskedByPatient(feed) || (state !== 'snapshot' && state !== 'live')) return false
  return feeds.some((other) => other.feed === 'patients' && other.provisional_at !== null)
}

function report(deps: SyncDeps, held: HeldFeed, { created, updated, poisonous }: ApplyResult): void {
  if (created + updated > 0) {
    deps.log.debug('sync.applied', { practice: held.practice, feed: held.feed, created, updated })
  }
  if (poisonous.length > 0) {
    deps.log.warn('sync.quarantined', { practice: held.practice, feed: held.feed, records: poisonous.length })
  }
}
