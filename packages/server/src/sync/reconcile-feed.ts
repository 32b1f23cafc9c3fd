import { AthenaError } from '@aegis/client'
import type { Tx } from '../db/db.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import { countPresent, nextFetchSeq } from '../records/records.sql.ts'
import type { FeedStateRow, HeldFeed } from './feed-state.sql.ts'
import { feedTable } from './feed-table.ts'
import { goesOnWithOldClaims } from './goes-on-with-old-claims.ts'
import { judgeDifferences } from './judge-differences.ts'
import { judgeFailure, toWaitFor } from './judge-failure.ts'
import type { ReconcileStep } from './next-step.ts'
import { nextNight } from './night.ts'
import { pagesTonight } from './plan-checks.ts'
import { releaseReadAgain, retryQuarantined } from './quarantine.ts'
import { readRunPage } from './read-run-page.ts'
import { wishForUnseen } from './reconcile-snapshot.ts'
import type { ReadingTask, TaskRow } from './reconciliation.sql.ts'
import * as calendar from './reconciliation.sql.ts'
import type { PlannedSegment } from './segment.ts'
import * as runs from './snapshot.sql.ts'
import { loadPlanFacts } from './snapshot-feed.ts'
import { asHolder, asHolderAtOnce, type SyncDeps, timestamp } from './sync-deps.ts'
import { noteUsedUp } from './used-up-day.sql.ts'

const dayMs = 86_400_000
const weekMs = 7 * dayMs

/**
 * Does the next piece of the checks of a feed that are due: a page read, or a judgement. Each check goes on where it
 * stopped, after a crash and from night to night; athenahealth's off-hours end it for the day. A check that fails is put
 * off and holds up nothing else of the feed.
 */
export async function reconcileFeed(
  deps: SyncDeps,
  held: HeldFeed,
  { waitMs }: Pick<ReconcileStep, 'waitMs'>,
): Promise<void> {
  const tasks = await asHolderAtOnce(deps, held, (tx) => calendar.tasksOf(tx, held))
  const due = tasks.find((task) => task.is_due)
  if (tasks.length === 0) await fillCalendar(deps, held)
  if (!due) return
  try {
    if (due.task === 'judge') await judgeDifferences(deps, held)
    else await checkOn(deps, held, { ...due, task: due.task, waitMs })
  } catch (error) {
    if (held.ended?.aborted || isOfFeed(error)) throw error
    await putOff(deps, held, { due, error })
  }
}

const ofTheRunner: ReadonlySet<string> = new Set(['lease.lost', 'db.unavailable', 'sync.contested'])

/** What concerns the feed as a whole, and whoever runs it. */
function isOfFeed(error: unknown): boolean {
  if (error instanceof AthenaError) return error.code === 'not-subscribed'
  return isAegisError(error) && ofTheRunner.has(error.code)
}

/** The checks of a feed begin in the nights after its first load, a weekly one of each practice on a day of its own. */
async function fillCalendar(deps: SyncDeps, held: HeldFeed): Promise<void> {
  const now = deps.clock.now()
  const tonight = nightAfter(deps, held, now)
  const inTheWeek = nightAfter(deps, held, now + (1 + (held.practice % 6)) * dayMs)
  await asHolderAtOnce(deps, held, async (tx) => {
    for (const task of Object.keys(checksOf(held)) as ReadingTask[]) {
      const dueAt = timestamp(task === 'weekly' ? inTheWeek : tonight)
      await calendar.ensureTask(tx, held, { task, dueAt })
    }
  })
}

function nightAfter({ settings }: SyncDeps, { practice }: HeldFeed, after: number): number {
  return nextNight(after, { hours: settings.offHours, practice })
}

/** What is read to check a feed: all there is of it each night, unless its row says otherwise. */
function checksOf({ feed }: HeldFeed) {
  const { checks, plan } = feedTable[feed]
  return checks ?? { nightly: plan }
}

type DueCheck = TaskRow & Pick<ReconcileStep, 'waitMs'> & { readonly task: ReadingTask }

/** Reads the next page of a check, or brings it to its end. */
async function checkOn(deps: SyncDeps, held: HeldFeed, due: DueCheck): Promise<void> {
  const { run, fetchSeq } = await openOrBegin(deps, held, due)
  const segment = run.plan[run.segment]
  if (!segment) {
    if (!(await goesOnWithOldClaims(deps, held, run))) await finish(deps, held, run)
    return
  }
  const context = { priority: 'reconciliation', purpose: 'sync.reconcile', waitMs: due.waitMs } as const
  const alongside = due.task === 'rolling' ? (tx: Tx) => onePageLess(deps, tx, held) : undefined
  await readRunPage(deps, held, {
    run,
    segment,
    fetchSeq,
    context: segment.list === 'replay' ? context : { ...context, large: true },
    isCheck: true,
    ...(alongside && { alongside }),
  })
  await asHolderAtOnce(deps, held, (tx) => calendar.taskGoesOn(tx, held, due.task))
}

function openOrBegin(deps: SyncDeps, held: HeldFeed, due: DueCheck) {
  return asHolder(deps, held, async (tx, state) => {
    const fetchSeq = await nextFetchSeq(tx)
    const open = await runs.openSnapshotRun(tx, held, due.task)
    const run = open ?? (await begin(deps, tx, { held, due, fetchSeq, state }))
    if (due.task === 'rolling' && due.pages_left === null) await beginSlice(deps, tx, { held, run })
    return { run, fetchSeq }
  })
}

async function begin(
  deps: SyncDeps,
  tx: Tx,
  { held, due, fetchSeq, state }: { held: HeldFeed; due: DueCheck; fetchSeq: bigint; state: FeedStateRow },
): Promise<runs.SnapshotRun> {
  const facts = await loadPlanFacts(deps, tx, held)
  const lists = checksOf(held)[due.task]?.({
    ...facts,
    turn: due.turn,
    shownUntil: await runs.shownUntil(tx, held),
  })
  const replay =
    due.task === 'nightly' ? [replaySince(deps, { due, state, until: await runs.replayedUntil(tx, held) })] : []
  const planned = { phase: due.task, plan: [...replay, ...(lists ?? [])], firstSeq: fetchSeq }
  return runs.startSnapshotRun(tx, held, planned)
}

/**
 * What the feed has handed out since the end of what was read again last: the check went on after that. athenahealth keeps it
 * for a time that it does not tell.
 */
function replaySince(
  { clock, settings }: SyncDeps,
  { due, state, until }: { due: DueCheck; state: FeedStateRow; until: number | undefined },
): PlannedSegment {
  const now = clock.now()
  // Not after the check was complete: then the clock was ahead, which is mended there.
  const last = Math.min(until ?? 0, due.done_at ?? 0)
  const since = Math.max(last, state.active_at ?? 0, now - weekMs) - settings.replayMarginMs
  return { list: 'replay', since, until: now }
}

/** How many pages are to be read tonight, so that all are in time; and a list that shifted since last night may be gone back in anew. */
async function beginSlice(
  { clock, settings }: SyncDeps,
  tx: Tx,
  { held, run }: { held: HeldFeed; run: runs.SnapshotRun },
): Promise<void> {
  const { kind } = feedTable[held.feed]
  const present = await countPresent(tx, { practice: held.practice, kind })
  const unread = Math.max(0, present - Number(run.records))
  const pages = Math.ceil(unread / settings.snapshotPageSize) + run.plan.length - run.segment
  const tonight = pagesTonight({ pages, beganAt: run.started_at, days: settings.rereadDays }, clock.now())
  await calendar.setPagesLeft(tx, held, { task: 'rolling', pages: tonight })
  const here = { segment: run.segment, offset: run.row_offset, anchors: run.anchors, restarts: 0, read: 0 }
  await runs.moveSnapshotRun(tx, { ...held, runId: run.run_id }, here)
}

/** After the last page of tonight it goes on in the next night; after the last of all it comes to its end at once. */
async function onePageLess(deps: SyncDeps, tx: Tx, held: HeldFeed): Promise<void> {
  const task = (await calendar.tasksOf(tx, held)).find((row) => row.task === 'rolling')
  const run = await runs.openSnapshotRun(tx, held, 'rolling')
  if (!task || !run || run.segment >= run.plan.length) return
  const left = (task.pages_left ?? 1) - 1
  await calendar.setPagesLeft(tx, held, { task: 'rolling', pages: left > 0 ? left : null })
  if (left > 0) return
  const dueAt = timestamp(nightAfter(deps, held, deps.clock.now()))
  await calendar.putTaskOff(tx, held, { task: 'rolling', dueAt })
}

/** All is read: what should have been seen and was not is asked for by id, and the differences are to be judged. */
async function finish(deps: SyncDeps, held: HeldFeed, run: runs.SnapshotRun): Promise<void> {
  await failpoint('sync.before-check-finished')
  const task = taskOf(run)
  const unseen = await asHolderAtOnce(deps, held, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    await runs.finishSnapshotRun(tx, held, run.run_id)
    const missed = await wishForUnseen(tx, keys, { key: held, run, runId: run.run_id })
    await calendar.insertReconciliation(tx, held.practice, run.run_id)
    if (task === 'nightly') await retryQuarantined(tx, keys, held)
    if (isWhole(held, task)) await releaseReadAgain(tx, keys, { held, run })
    await calendar.finishTask(tx, held, { task, dueAt: timestamp(nextTime(deps, held, run)) })
    await calendar.ensureTask(tx, held, { task: 'judge', dueAt: timestamp(deps.clock.now()) })
    return missed
  })
  const facts = { practice: held.practice, feed: held.feed, task, records: Number(run.records), unseen }
  deps.log.info('sync.check-read', facts)
}

function taskOf({ phase }: runs.SnapshotRun): ReadingTask {
  if (phase === 'provisional' || phase === 'authoritative') throw new AegisError('internal.unexpected', { phase })
  return phase
}

/** Whether a check reads all there is of a feed. */
function isWhole(held: HeldFeed, task: ReadingTask): boolean {
  const checks = checksOf(held)
  return task !== 'nightly' || (checks.weekly === undefined && checks.rolling === undefined)
}

/** The next night; for a weekly check the one a week after its first. */
function nextTime(deps: SyncDeps, held: HeldFeed, run: runs.SnapshotRun): number {
  const now = deps.clock.now()
  return nightAfter(deps, held, run.phase === 'weekly' ? Math.max(now, run.started_at + weekMs - dayMs) : now)
}

/** Failures are put off in growing steps up to this. */
const putOffMsMax = 30 * 60_000

/** A check that cannot go on now goes on later, from where it stands. */
async function putOff(deps: SyncDeps, held: HeldFeed, { due, error }: { due: TaskRow; error: unknown }): Promise<void> {
  const now = deps.clock.now()
  const verdict = judgeFailure(error, { failures: due.failures, now })
  const { code, retryInMs, callsLimit } = verdict
  const isFailure = !toWaitFor.has(code)
  const pauseMs = Math.min(putOffMsMax, deps.settings.pollIntervalMs * 2 ** Math.min(due.failures, 10))
  const at = code === 'policy.off-hours' ? nightAfter(deps, held, now) : now + Math.max(retryInMs, pauseMs)
  if (isFailure)
    deps.log.error('sync.check-failed', error, { practice: held.practice, feed: held.feed, task: due.task })
  const to = { task: due.task, dueAt: timestamp(at), ...(isFailure && { failure: code }) }
  await asHolderAtOnce(deps, held, async (tx) => {
    await calendar.putTaskOff(tx, held, { ...to, ...(callsLimit !== undefined && { callsLimit }) })
    await noteUsedUp(tx, held, verdict)
  })
}
