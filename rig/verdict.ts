import { checksSoFar } from './check-mirror.ts'
import { sql } from '../packages/server/src/db/db.ts'
import { lastModifiedAt } from '../packages/server/src/records/last-modified.ts'
import { type MirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'
import { type Difference, kindRules, oracleKinds, usDate } from '../packages/server/testing/oracle.ts'
import type { Checked } from './invariants.ts'

/** What is found when a life in the same process is over. */
export interface Verdict {
  /** How often each invariant was checked. */
  readonly checked?: Checked
  /** Everything that is not as it must be, in words without patient data; empty when all is well. */
  readonly wrong: readonly string[]
  /** What was lived through, by name: for the totals. */
  readonly counts: Readonly<Record<string, number>>
  /** Of all calls that were made, in their order, as a digest: two lives of one seed have the same. */
  readonly trace?: string
}

/** Whether something of sync is still under way: a doubt, a gap, a wish, a page that waits, a feed that is not live. */
export async function isUnderWay(mirrored: MirroredPractice): Promise<boolean> {
  const { openIntents, waitingPages, inDoubt } = await mirrored.trouble()
  if (openIntents + waitingPages + inDoubt > 0 || (await mirrored.gaps()).length > 0) return true
  if ((await checksSoFar(mirrored)).unjudged > 0) return true
  const states = await mirrored.states()
  return states.some((row) => row.failure_code !== null || row.resnapshot_wanted_at !== null || !isUp(row))
}

function isUp({ state, snapshot_at }: { readonly state: string; readonly snapshot_at: number | null }): boolean {
  return snapshot_at !== null && (state === 'live' || state === 'new')
}

/** The comparison with the truth, and how much was compared. */
export async function compareWhole(
  mirrored: MirroredPractice,
  departments?: readonly string[],
): Promise<{ differences: readonly Difference[]; checked: Checked }> {
  const differences = await mirrored.differences(departments)
  const { truth } = mirrored.simulator
  const mirroredKinds = oracleKinds.filter((kind) => mirrored.feeds.includes(kind))
  const records = mirroredKinds.reduce(
    (sum, kind) => sum + [...truth.records(practice, kindRules[kind].truth)].length,
    0,
  )
  const deleted = await mirrored.deps.db.practice(practice, (tx) => tx.rows(deletedRows, [practice]))
  return { differences, checked: { I1: records, I15: deleted.length } }
}

const deletedRows = sql(
  'rig.deleted_rows',
  `select 1 as one from aegis.record where practice_id = $1 and state = 'deleted'`,
)

const day = 24 * 3_600_000

interface Known {
  /** How many records were lost on purpose. */
  readonly lostUnseen?: number
  /** The comparison, where it was made already. */
  readonly differences?: readonly Difference[]
  /** Whether the calls of every day since an instant were used up, so that checks at night had none. */
  readonly areUsedUp?: (since: number) => boolean
}

/**
 * What of the comparison counts; what is left open counts as wrong too, and so does what the checks of the mirror found and
 * nothing explains, beyond what was lost on purpose.
 */
export async function findWrong(
  mirrored: MirroredPractice,
  { lostUnseen = 0, differences, areUsedUp = () => false }: Known = {},
): Promise<string[]> {
  const isUnknowable = await unknowable(mirrored)
  const isUnreached = await unreached(mirrored, areUsedUp)
  const wrong = (differences ?? (await mirrored.differences()))
    .filter((difference) => !isUnknowable(difference) && !isUnreached(difference))
    .map(({ kind, id, what, field }) =>
      [what === 'state' ? 'I15' : 'I1', 'differs:', kind, id, what, field].filter(Boolean).join(' '),
    )
  wrong.push(...mirrored.simulator.truth.defects().map((defect) => `simulator: ${defect}`))
  const gaps = await mirrored.gaps()
  wrong.push(...gaps.map(({ feed, cause }) => `a gap of ${feed} is left (${cause})`))
  for (const [what, count] of Object.entries(await mirrored.trouble())) if (count > 0) wrong.push(`${what}: ${count}`)
  for (const { feed, failure_code } of await mirrored.states()) {
    if (failure_code !== null) wrong.push(`${feed} still fails: ${failure_code}`)
  }
  const { completed, unexplained } = await checksSoFar(mirrored)
  if (completed === 0) wrong.push('the mirror was never checked')
  if (unexplained !== lostUnseen) wrong.push(`checks found ${unexplained} unexplained differences, not ${lostUnseen}`)
  return wrong
}

/**
 * What a gap leaves unknown although it is closed: when and by whom an open slot was touched that is the same otherwise.
 * Lists of slots do not show that, and no answer by id does.
 */
async function unknowable(mirrored: MirroredPractice): Promise<(difference: Difference) => boolean> {
  const ever = sql(
    'rig.had_gap',
    `select 1 as one from aegis.gap where practice_id = $1 and feed = 'appointments' limit 1`,
  )
  const had = await mirrored.deps.db.practice(practice, (tx) => tx.rows(ever, [practice]))
  if (had.length === 0) return () => false
  const open = new Set<string>()
  for (const { appointmentid, appointmentstatus } of mirrored.simulator.truth.records(practice, 'appointments')) {
    if (appointmentstatus === 'o') open.add(String(appointmentid))
  }
  return ({ kind, id, field = '' }) =>
    kind === 'appointments' && open.has(id) && (field === 'lastmodified' || field === 'lastmodifiedby')
}

/**
 * Days come into the window of appointments with the check at night, which may read them only then and comes after the
 * feeds: while these use up every day's calls, the window ends where it was last read (and `sync.check-late` says so after
 * three days). What the feed has told since it is followed is there all the same.
 */
async function unreached(
  mirrored: MirroredPractice,
  areUsedUp: (since: number) => boolean,
): Promise<(difference: Difference) => boolean> {
  const rows = await mirrored.deps.db.practice(practice, (tx) => tx.rows<WindowRow>(windowRead, [practice]))
  const [window] = rows
  if (!window || !areUsedUp(window.read_at)) return () => false
  const windowEnd = window.read_at + mirrored.deps.settings.bookedDaysAhead * day
  const beyond = new Set<string>()
  for (const { appointmentid, date, lastmodified } of mirrored.simulator.truth.records(practice, 'appointments')) {
    const isTold = (lastModifiedAt(lastmodified) ?? Infinity) >= window.subscribed_at
    if (!isTold && usDate(date) > windowEnd - day) beyond.add(String(appointmentid))
  }
  return ({ kind, id, what }) => kind === 'appointments' && what === 'missing' && beyond.has(id)
}

interface WindowRow {
  readonly read_at: number
  readonly subscribed_at: number
}

const windowRead = sql(
  'rig.window_read',
  `select greatest(s.snapshot_at, t.done_at) as read_at, s.subscribed_at
   from aegis.feed_state s
     left join aegis.reconciliation_task t on t.practice_id = s.practice_id and t.feed = s.feed and t.task = 'nightly'
   where s.practice_id = $1 and s.feed = 'appointments' and s.snapshot_at is not null and s.subscribed_at is not null`,
)
