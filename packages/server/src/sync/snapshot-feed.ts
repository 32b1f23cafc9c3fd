import type { Tx } from '../db/db.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import { appointmentsHeld, nextFetchSeq } from '../records/records.sql.ts'
import { departmentsWithin } from './feed-departments.ts'
import type { FeedStateRow, HeldFeed } from './feed-state.sql.ts'
import * as states from './feed-state.sql.ts'
import { feedTable } from './feed-table.ts'
import { closeGaps, type GapRow, openGaps } from './gap.sql.ts'
import { goesOnWithOldClaims } from './goes-on-with-old-claims.ts'
import { loadNextPatients } from './load-by-patient.ts'
import type { SnapshotStep } from './next-step.ts'
import type { PlanFacts } from './plan-snapshot.ts'
import { loadPracticeFacts } from './practice-facts.ts'
import { releaseReadAgain, unreadLists } from './quarantine.ts'
import { readRunPage } from './read-run-page.ts'
import { coverDepartments, wishForUnseen } from './reconcile-snapshot.ts'
import type { SnapshotPhase } from './snapshot.sql.ts'
import * as runs from './snapshot.sql.ts'
import { asHolder, asHolderAtOnce, type SyncDeps, timestamp } from './sync-deps.ts'
import { settingsOf } from './sync-settings.ts'
import { wishForSurvivors } from './wish-for-survivors.ts'

/** Reads one page of a snapshot, going on where the last one stopped, also after a crash; after the last page it counts. */
export async function snapshotStep(
  deps: SyncDeps,
  held: HeldFeed,
  { phase, waitMs }: Pick<SnapshotStep, 'phase' | 'waitMs'>,
): Promise<void> {
  const { run, fetchSeq, gap, failure } = await openOrStart(deps, held, phase)
  const segment = run.plan[run.segment]
  if (!segment) {
    if (!(await goesOnWithOldClaims(deps, held, run))) await finish(deps, held, run)
    return
  }
  const large = gap ? 'gap' : 'onboarding'
  const context = {
    priority: 'bulk',
    purpose: 'sync.snapshot',
    large,
    ...(waitMs !== undefined && { waitMs }),
  } as const
  let isListRead = true
  if (segment.list === 'ofPatients') await loadNextPatients(deps, held, { run, context })
  else isListRead = await readRunPage(deps, held, { run, segment, fetchSeq, context })
  // A list whose pages do not join begins well each time.
  const isMended = failure !== null && (failure !== 'sync.list-unstable' || isListRead)
  if (isMended) await asHolderAtOnce(deps, held, (tx) => states.snapshotGoesOn(tx, held))
}

/** The reading to go on with, and the number of its next request. */
function openOrStart(deps: SyncDeps, held: HeldFeed, phase: SnapshotPhase) {
  return asHolder(deps, held, async (tx, state) => {
    const fetchSeq = await nextFetchSeq(tx)
    const gaps = await gapsOf(tx, held)
    const at = { fetchSeq, gap: gaps.length > 0, failure: state.snapshot_failure_code }
    const open = await runs.openSnapshotRun(tx, held, phase)
    if (open) return { run: open, ...at }
    await runs.abandonSnapshots(tx, held)
    const { facts, isPart } = await snapshotFacts(deps, tx, { held, state, hasGaps: gaps.length > 0 })
    const missedSince = gaps.length > 0 ? Math.min(...gaps.map((gap) => gap.from_at)) : undefined
    const plan = feedTable[held.feed].plan({ ...facts, phase, missedSince })
    return { run: await runs.startSnapshotRun(tx, held, { phase, plan, firstSeq: fetchSeq, isPart }), ...at }
  })
}

/** Gaps of a feed that are open. */
async function gapsOf(tx: Tx, { practice, feed }: HeldFeed): Promise<GapRow[]> {
  return (await openGaps(tx, practice)).filter((one) => one.feed === feed)
}

/** Everything, or the departments that were added where nothing else is wanted. */
async function snapshotFacts(
  deps: SyncDeps,
  tx: Tx,
  { held, state, hasGaps }: { held: HeldFeed; state: FeedStateRow; hasGaps: boolean },
): Promise<{ facts: PlanFacts; isPart: boolean }> {
  const facts = await loadPlanFacts(deps, tx, held)
  const added = hasGaps || state.state !== 'live' ? null : state.added_departments
  if (added === null) return { facts, isPart: false }
  const part = { departments: departmentsWithin(facts.departments, added), setAside: [] }
  return { facts: { ...facts, ...part }, isPart: true }
}

/** What plans of this feed rest on. */
export async function loadPlanFacts(deps: SyncDeps, tx: Tx, held: HeldFeed): Promise<PlanFacts> {
  const { practice, departments: only } = held
  const keys = await deps.sealing.practice(tx, practice)
  const { openDepartments } = await loadPracticeFacts(tx, keys, practice)
  const { from, any, open } = await appointmentsHeld(tx, practice)
  const days = { heldFrom: from, heldUntil: { any, open } }
  const departments = departmentsWithin(openDepartments, only)
  const setAside = await unreadLists(tx, keys, held)
  const settings = settingsOf(deps.settings, practice)
  return { ...days, setAside, now: deps.clock.now(), departments, limited: Boolean(only), settings }
}

async function finish(deps: SyncDeps, held: HeldFeed, run: runs.SnapshotRun): Promise<void> {
  await failpoint('sync.before-snapshot-finished')
  let unseen = 0
  await asHolder(deps, held, async (tx, state) => {
    await runs.finishSnapshotRun(tx, held, run.run_id)
    if (run.phase === 'provisional') {
      await states.stampFeed(tx, held, 'provisional_at')
      return
    }
    const startedAt = timestamp(run.started_at)
    await states.stampSnapshot(tx, held, startedAt)
    const keys = await deps.sealing.practice(tx, held.practice)
    const missed = (await gapsOf(tx, held)).map((gap) => gap.from_at)
    // One of some departments says nothing of the others.
    if (!run.is_part) {
      await states.advanceCheckpoint(tx, held, startedAt)
      await releaseReadAgain(tx, keys, { held, run })
      await closeGaps(tx, held, startedAt)
    }
    // Until then all that happened is known of: slots that were over later may have been taken away unseen. Within a gap of some
    // departments, or events, the feed is read on.
    const knownUntil = Math.min(state.checkpoint ?? run.started_at, ...missed)
    unseen = await wishForUnseen(tx, keys, { key: held, run, knownUntil })
    if (held.feed === 'patients' && !run.is_part) await wishForSurvivors(tx, keys, held.practice)
    if (held.feed === 'departments') {
      const { openDepartments } = await loadPracticeFacts(tx, keys, held.practice)
      await coverDepartments(tx, held.practice, openDepartments)
    }
    if (state.state !== 'live') await states.enterFeedState(tx, held, 'live')
  })
  deps.log.info('sync.snapshot-finished', {
    practice: held.practice,
    feed: held.feed,
    phase: run.phase,
    records: Number(run.records),
    unseen,
  })
}
