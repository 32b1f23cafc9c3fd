import type { Tx } from '../db/db.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import { endMerge } from '../records/end-merges.ts'
import { survivorKey } from '../records/patient-records.sql.ts'
import { patientOfWhole } from '../records/record-name.ts'
import { nextFetchSeq } from '../records/records.sql.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import type { CallContext } from '../upstream/call-context.ts'
import { applyNextPage } from './apply-inbox.ts'
import { areOpenSince } from './are-open-since.ts'
import { contextUntil } from './context-until.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { kindOfFeed } from './feed-table.ts'
import type { FetchedPage } from './fetched-page.ts'
import { findsOthers } from './finds-others.ts'
import { judgeFailure } from './judge-failure.ts'
import { learnMerge } from './learn-merge.ts'
import { leftSurvivor } from './left-survivor.ts'
import type { PatientSight } from './look-for-patient.ts'
import { mayShowOthers } from './may-show-others.ts'
import type { RefetchStep } from './next-step.ts'
import { noteWishes, wishAsHeld } from './note-wishes.ts'
import { asker, fetchOrNothing, type Heard, patientSight } from './patient-sight.ts'
import * as wishes from './refetch.sql.ts'
import { lacksTwice, settlePatient } from './settle-patient.ts'
import { storePage } from './store-page.ts'
import { asHolderAtOnce, type SyncDeps } from './sync-deps.ts'
import { noteUsedUp } from './used-up-day.sql.ts'
import { missingMostMs, type Wanted, wantedRecords } from './wanted-records.ts'
import { withdrawMissing } from './withdraw-missing.ts'

/**
 * Asks by id for records whose state is in doubt. One that upstream does not know, and still does not know a while later,
 * is marked deleted: a single answer may be a mistake, and none counts where no record of the kind is found any more.
 */
export async function refetchRecords(
  deps: SyncDeps,
  held: HeldFeed,
  { waitMs }: Pick<RefetchStep, 'waitMs'>,
): Promise<void> {
  const endsAt = waitMs === undefined ? Number.POSITIVE_INFINITY : deps.clock.steady() + waitMs
  const all = await wantedRecords(deps, held)
  // All of a step are alike in it.
  const isOfFeed = all.some((wanted) => wanted.isOfFeed)
  const refetch: Refetch = { ...deps, context: contextUntil(deps, { endsAt, isOfFeed }) }
  let finds: boolean | undefined
  const findsAny = async () =>
    (finds ??= await findsOthers(deps, held, { but: all.map(({ key }) => key), ask: asker(refetch, held) }))
  const sight = patientSight(refetch, held)
  try {
    for (const wanted of all) {
      if (await refetchOne(refetch, held, { wanted, findsAny, sight })) finds = true
      if (deps.clock.steady() >= endsAt) break
    }
    if (finds) await asHolderAtOnce(deps, held, (tx) => wishes.noteFoundAgain(tx, held))
  } catch (error) {
    if (waitMs === undefined || !isWithoutCalls(error)) throw error
    await postponeAll(deps, held, error)
  }
}

/** What is needed for asking; its calls wait together no longer than for the step. */
interface Refetch extends SyncDeps {
  readonly context: CallContext
}

/** No calls are left for this now: a drain, which goes first, may have some. */
function isWithoutCalls(error: unknown): boolean {
  return isAegisError(error, 'quota.day-exhausted') || isAegisError(error, 'quota.timeout')
}

/** The wishes are put off alone: the drains of the feed go on. */
async function postponeAll(deps: SyncDeps, held: HeldFeed, error: unknown): Promise<void> {
  const verdict = judgeFailure(error, { failures: 0, now: deps.clock.now() })
  const afterMs = Math.max(verdict.retryInMs, deps.settings.pollIntervalMs)
  await asHolderAtOnce(deps, held, async (tx) => {
    await wishes.postponeRefetches(tx, held, afterMs)
    await noteUsedUp(tx, held, verdict)
  })
  const { practice, feed } = held
  deps.log.info('sync.refetch-put-off', { practice, feed, afterMs: Math.round(afterMs) })
}

/** Put off for this long when athenahealth answers, but not with this record. */
const postponedMs = 10 * 60_000
/** No longer after a failure that passes: what was asked for in an outage is asked for soon after it. */
const failingMostMs = 30 * 60_000

interface Asking {
  readonly findsAny: () => Promise<boolean>
  readonly sight: ReturnType<typeof patientSight>
}

/** Whether the record was found. */
async function refetchOne(
  deps: Refetch,
  held: HeldFeed,
  { wanted, findsAny, sight }: { wanted: Wanted } & Asking,
): Promise<boolean> {
  // Between the two looks that count.
  const seen = wanted.missedAt === null ? 'unsure' : await sight.once(wanted)
  const fetchSeq = await deps.db.practice(held.practice, (tx) => nextFetchSeq(tx, { isLast: true }))
  const page = await fetchOrNothing(deps, held, wanted.asked)
  if (typeof page === 'string') return putOff(deps, held, { wanted, fetchSeq, heard: page, findsAny, sight })
  // Once is no answer, nor for a list, which may lag behind what told of its patient.
  if (wanted.missedAt === null && (!page || isEmptyList(page))) {
    const lacking = { missing: true, seq: fetchSeq, ...(page && { sealed: wanted.sealed }) }
    await postpone(deps, held, { wanted, afterMs: deps.settings.pollIntervalMs, ...lacking })
    return false
  }
  const owner = await ownerOf(deps, held, { wanted, page, sight, seen })
  if (owner !== 'shown') {
    await leaveChart(deps, held, { wanted, fetchSeq, owner })
    return false
  }
  const patient = sightBy(wanted, page, seen)
  const isSame = await isSameReading(deps, held, { wanted, page })
  if (await isDoubted(deps, held, { wanted, page, patient, isSame, findsAny })) {
    await postponeDoubted(deps, held, { wanted, patient })
    return false
  }
  const left = page ? undefined : await leftSurvivor(deps, held, wanted)
  await failpoint('sync.after-refetch')
  await asHolderAtOnce(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    if (left !== undefined) await endMergeOf(tx, keys, { held, wanted, fetchSeq, survivor: left })
    if (page && page.items > 0)
      await storePage(tx, { held, keys }, { ...page, source: 'refetch', fetchSeq, ...checkOf(wanted) })
    if (await isSettled(tx, keys, { held, wanted, page, fetchSeq, patient, isSame })) {
      await deleteWish(tx, held, { wanted, page, fetchSeq, patient })
      return
    }
    const waitedMs = wanted.missedAt === null ? 0 : waitedSince(deps, wanted)
    // The second look may have to wait for the departments: when these do not come, it is taken more rarely.
    const afterMs = waitedMs > postponedMs ? Math.min(failingMostMs, waitedMs) : deps.settings.pollIntervalMs
    const lacking = { missing: true, seq: fetchSeq, ...(page?.charts && { charts: page.charts.digest }) }
    await wishes.postponeRefetch(tx, held, { recordKey: wanted.key, afterMs, ...lacking })
  })
  if (!page || page.items === 0) return false
  await applyNextPage(deps, held)
  return true
}

/** Who is merged no more and not shown is withheld, as any other who is not found; what the survivor had of the patient is asked for. */
async function endMergeOf(
  tx: Tx,
  keys: PracticeKeys,
  {
    held: { practice },
    wanted,
    survivor,
    fetchSeq,
  }: Pick<Answer, 'held' | 'wanted' | 'fetchSeq'> & { survivor: string },
): Promise<void> {
  const ended = await endMerge(tx, keys, { practice, fetchSeq, former: wanted.key, survivor })
  await noteWishes(tx, keys, { practice, wishes: ended })
}

/** What was heard instead of the record; whether records are found all the same. */
async function putOff(
  deps: Refetch,
  held: HeldFeed,
  {
    wanted,
    fetchSeq,
    heard,
    findsAny,
    sight,
  }: Pick<Answer, 'wanted' | 'fetchSeq'> & { heard: Extract<Heard, string> } & Asking,
): Promise<boolean> {
  if (heard === 'another-record' && !wanted.asked.whole) {
    await settleOther(deps, held, wanted)
    return true
  }
  // They may be the survivor's of a merge that nobody has told us of: who asks for the patient hears of it.
  if (heard === 'another-record' && (await sight.anew(wanted)) === 'hidden') {
    await leaveChart(deps, held, { wanted, fetchSeq, owner: 'hidden' })
    return false
  }
  const isNothingFound = heard !== 'failing' && !(await findsAny())
  await postpone(deps, held, { wanted, afterMs: refusedMs(deps, wanted, heard), isNothingFound })
  return false
}

/**
 * The patient of charts that were shown, asked for after them where they may be those of a merge of which nobody has told us. Where no
 * chart was, and nothing came twice, as it was seen in between: of a patient who is hidden a list is just as empty.
 */
async function ownerOf(
  deps: Refetch,
  held: HeldFeed,
  { wanted, page, sight, seen }: Pick<Answer, 'wanted' | 'page'> & Pick<Asking, 'sight'> & { seen: PatientSight },
): Promise<PatientSight> {
  const { asked } = wanted
  if (!asked.whole || !page) return 'shown'
  if (isEmptyList(page)) return seen
  return (await mayShowOthers(deps, held, { page, patientId: asked.patientId })) ? sight.anew(wanted) : 'shown'
}

/** No chart was asked, and nothing came. */
function isEmptyList({ items, charts }: FetchedPage): boolean {
  return items === 0 && charts === undefined
}

/** Charts that are not taken are asked for again; but those of a patient who is hidden when the patient is shown again. */
function leaveChart(
  deps: SyncDeps,
  held: HeldFeed,
  { wanted, fetchSeq, owner }: Pick<Answer, 'wanted' | 'fetchSeq'> & { owner: PatientSight },
): Promise<void> {
  if (owner !== 'hidden') return postponeDoubted(deps, held, { wanted, patient: owner })
  return asHolderAtOnce(deps, held, (tx) => deleteWish(tx, held, { wanted, page: undefined, fetchSeq, patient: owner }))
}

/**
 * What is left to a hidden patient is wished for anew when the patient is shown. That may have begun before this was asked, and be
 * committed by now: such a wish stays. So does one that was noted anew after the first look where nothing came: its own two are
 * to come.
 */
function deleteWish(
  tx: Tx,
  held: HeldFeed,
  {
    wanted: { key: recordKey, sealed },
    page,
    fetchSeq,
    patient,
  }: Pick<Answer, 'wanted' | 'page' | 'fetchSeq' | 'patient'>,
): Promise<void> {
  const isNewerLeft = patient === 'hidden' || (page !== undefined && isEmptyList(page))
  return wishes.deleteRefetch(tx, held, { recordKey, fetchSeq, ...(isNewerLeft && { sealed }) })
}

function postponeDoubted(
  deps: SyncDeps,
  held: HeldFeed,
  { wanted, patient }: Pick<Answer, 'wanted' | 'patient'>,
): Promise<void> {
  const isPatientUnclear = patient !== 'shown'
  // Where no chart is found there may be as many as patients.
  const isLater = isPatientUnclear || wanted.asked.whole
  const afterMs = isLater ? refusedMs(deps, wanted, patient) : postponedMs
  return postpone(deps, held, { wanted, afterMs, isPatientUnclear, isNothingFound: !isPatientUnclear })
}

/** A chart with entries shows whose they are, whatever came of asking for the patient. */
function sightBy({ asked }: Wanted, page: FetchedPage | undefined, seen: PatientSight): PatientSight {
  return asked.whole && page && page.items > 0 ? 'shown' : seen
}

/**
 * Whether an answer by which something would be gone is not to be believed: while its patient is not found either, or nothing
 * else of the kind is.
 */
async function isDoubted(
  deps: SyncDeps,
  held: HeldFeed,
  { patient, findsAny, ...answer }: Omit<Answer, 'held' | 'fetchSeq'> & Pick<Asking, 'findsAny'>,
): Promise<boolean> {
  if (!(await takesAway(deps, held, answer))) return false
  if (patient !== 'shown') return patient !== 'hidden'
  if (isLong(deps, answer) || (await findsAny())) return false
  deps.log.warn('sync.finds-nothing', { practice: held.practice, feed: held.feed })
  return true
}

/**
 * Whether by this answer a record, or the last entries of a chart, would count as deleted, or what a feed has named as one of a
 * patient without a chart.
 */
async function takesAway(
  deps: SyncDeps,
  held: HeldFeed,
  { wanted, page, isSame }: Pick<Answer, 'wanted' | 'page' | 'isSame'>,
): Promise<boolean> {
  if (page === undefined || !wanted.asked.whole) return page === undefined
  if (page.items > 0) return false
  return deps.db.practice(held.practice, (tx) => lacksTwice(tx, readingOf(held, { wanted, page, isSame })))
}

function readingOf(
  held: HeldFeed,
  { wanted: { key, wantedSeq }, page, isSame }: { wanted: Wanted; page: FetchedPage; isSame: boolean },
) {
  return { key: held, patient: patientOfWhole(key), page, ...(isSame && { missedIn: wantedSeq }) }
}

/** Whether what is missing now was asked for in the same charts before, and in all that are open. */
async function isSameReading(
  deps: SyncDeps,
  held: HeldFeed,
  { wanted, page }: Pick<Answer, 'wanted' | 'page'>,
): Promise<boolean> {
  const { missedAt: since, missedCharts } = wanted
  if (since === null || page?.charts === undefined || page.charts.digest !== missedCharts) return false
  return areOpenSince(deps, held, { departments: page.charts.unknown, since })
}

/** Put off by as long as it has been wished for: of what is never answered there may be as much as there are patients. */
function doubtedMs(deps: SyncDeps, wanted: Wanted): number {
  return Math.min(missingMostMs, Math.max(postponedMs, waitedSince(deps, wanted)))
}

/** The same of what was heard instead of a record. */
function refusedMs(deps: SyncDeps, wanted: Wanted, heard: Heard | PatientSight): number {
  return Math.min(heard === 'failing' ? failingMostMs : missingMostMs, doubtedMs(deps, wanted))
}

function waitedSince({ clock }: SyncDeps, { wishedAt }: Wanted): number {
  return wishedAt === null ? 0 : clock.now() - wishedAt
}

/** Never of a chart: that it is not found deletes nothing, and the wish for it is all that is known of what a feed named. */
function isLong({ clock }: SyncDeps, { wanted, page }: Pick<Answer, 'wanted' | 'page'>): boolean {
  const { asked, missedAt } = wanted
  return !(asked.whole && !page) && missedAt !== null && clock.now() - missedAt >= missingMostMs
}

interface Answer {
  readonly held: HeldFeed
  readonly wanted: Wanted
  readonly page: FetchedPage | undefined
  readonly fetchSeq: bigint
  readonly patient: PatientSight
  /** Of all that a patient has: see `isSameReading`. */
  readonly isSame: boolean
}

/**
 * Whether nothing more is to be asked. A chart that lacks entries we hold is read once more after a while, and what its patient
 * may have taken along is asked for again.
 */
async function isSettled(
  tx: Tx,
  keys: PracticeKeys,
  { held, wanted, page, fetchSeq, patient, isSame }: Answer,
): Promise<boolean> {
  const { asked, key, runId, wantedSeq } = wanted
  const missing = { fetchSeq, wantedSeq, runId, isPatientShown: patient === 'shown' }
  if (!asked.whole) {
    if (page) return true
    const { patientId } = asked
    const askedOf = patientId === '' ? {} : { askedOf: keys.pseudonym('patient', patientId) }
    const withdrawn = await withdrawMissing(tx, held, { ...missing, ...askedOf, key })
    if (withdrawn === 'moved') await wishAsHeld(tx, keys, { ...held, key, runId })
    return withdrawn !== 'unsure'
  }
  // Where no department knows a patient who is shown, or hidden, nothing follows for the entries.
  if (!page) return true
  return !(await settlePatient(tx, keys, { ...readingOf(held, { wanted, page, isSame }), ...missing }))
}

/** A page that is read for a check says for which. */
function checkOf({ runId }: Pick<Wanted, 'runId'>): { readonly runId?: string } {
  return runId === null ? {} : { runId }
}

function postpone(
  deps: SyncDeps,
  held: HeldFeed,
  { wanted, ...later }: { wanted: Wanted } & Omit<Parameters<typeof wishes.postponeRefetch>[2], 'recordKey'>,
): Promise<void> {
  return asHolderAtOnce(deps, held, (tx) => wishes.postponeRefetch(tx, held, { ...later, recordKey: wanted.key }))
}

/**
 * Another record came than was asked for. Of a merged patient that is how athenahealth answers (inferred): then the
 * survivor says so, whether the merge is known or not. Otherwise it may be a mix-up on the way: nothing is changed by it,
 * and the record is asked for again later.
 */
async function settleOther(deps: Refetch, held: HeldFeed, wanted: Wanted): Promise<void> {
  const survivor = await learnMerge(deps, held, wanted)
  if (survivor === 'learned' || (survivor === 'another-record' && (await standsByWay(deps, held, wanted)))) return
  await postpone(deps, held, { wanted, afterMs: refusedMs(deps, wanted, survivor) })
  if (survivor === 'another-record') deps.log.warn('sync.wrong-record', { practice: held.practice, feed: held.feed })
}

/**
 * Whether a patient counts as merged into somebody who was merged in turn: who answers for both need not name the first. That another
 * one answers is what is known then, and the wish is forgotten.
 */
function standsByWay(deps: SyncDeps, held: HeldFeed, { key, wantedSeq }: Wanted): Promise<boolean> {
  return asHolderAtOnce(deps, held, async (tx) => {
    const of = { practice: held.practice, kind: kindOfFeed(held.feed) }
    const next = await survivorKey(tx, of, key)
    if (next === undefined || (await survivorKey(tx, of, next)) === undefined) return false
    await wishes.deleteRefetch(tx, held, { recordKey: key, fetchSeq: wantedSeq + 1n })
    return true
  })
}
