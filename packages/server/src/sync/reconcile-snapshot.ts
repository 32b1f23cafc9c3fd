import type { Tx } from '../db/db.ts'
import { openIfPossible } from '../records/open-record.ts'
import type { Kind } from '../records/record-kind.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { type Wish, wishForHeld } from '../records/record-name.ts'
import { type UnseenRow, unseenRecords } from '../records/unseen-records.sql.ts'
import type { WireRecord } from '../records/wire-record.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import { departmentsWithin, isOutside } from './feed-departments.ts'
import { feedNames } from './feed-name.ts'
import { type FeedKey, readFeeds, wantResnapshot } from './feed-state.sql.ts'
import { feedNeeds, feedTable, isReadByPatient, kindOfFeed } from './feed-table.ts'
import { noteWishes } from './note-wishes.ts'
import { dateIn, listedDays } from './plan-snapshot.ts'
import { makeDue } from './schedule.sql.ts'
import { limitedTo, type Segment, wholeLists } from './segment.ts'
import { latestPlan, type SnapshotRun } from './snapshot.sql.ts'
import type { SyncDeps } from './sync-deps.ts'

interface UnseenOf {
  readonly key: FeedKey
  readonly run: SnapshotRun
  readonly runId?: string
  /** Until when every change was told us, epoch ms: an open slot that was over later, too, is asked for. */
  readonly knownUntil?: number
}

/**
 * Records we hold that a complete snapshot should have shown and did not: deleted, merged or moved away while nobody told
 * us, such as between a first look and the subscription, or within a gap. Absence is never deletion, so each is asked
 * for by id. Returns how many there are.
 */
export async function wishForUnseen(
  tx: Tx,
  keys: PracticeKeys,
  { key: held, run, runId, knownUntil = run.started_at }: UnseenOf,
): Promise<number> {
  const kind = kindOfFeed(held.feed)
  const plan = wholeLists(run.plan)
  // What has no call by id cannot be looked for, and without a whole list nothing is missing from one.
  // What is read patient by patient is settled patient by patient.
  if (!feedTable[held.feed].get || plan.length === 0 || isReadByPatient(held.feed)) return 0
  const days = daysOf(plan)
  const only = limitedTo(plan)
  const beyond = reachOf(run, days)
  const of = { practice: held.practice, kind }
  const lists = { kind, plan, only, openAfter: Math.min(knownUntil, run.started_at), beyond }
  let found = 0
  for await (const rows of unseenOf(tx, keys, {
    ...of,
    before: run.first_seq,
    ...days,
    reachFrom: beyond?.from ?? null,
  })) {
    const wishes = rows.flatMap((row) => wishForMissed(keys, row, lists) ?? [])
    await noteWishes(tx, keys, {
      practice: held.practice,
      wishes,
      isUnseen: true,
      ...(runId !== undefined && { runId }),
    })
    found += wishes.length
  }
  return found
}

/** Records that no answer to a reading has shown, in pieces, ready to be opened. */
export async function* unseenOf(
  tx: Tx,
  keys: PracticeKeys,
  { practice, kind, ...of }: { practice: number; kind: Kind } & Omit<Parameters<typeof unseenRecords>[2], 'after'>,
): AsyncGenerator<UnseenRow[]> {
  for (let after = ''; ; ) {
    const rows = await unseenRecords(tx, { practice, kind }, { ...of, after })
    const last = rows.at(-1)
    if (!last) return
    after = last.key
    const patients = rows.flatMap((row) => (row.patient ? [row.patient as Pseudonym] : [])) // stored from one
    if (recordKinds[kind].keyedBy !== 'id') await keys.loadPatients(tx, patients)
    yield rows
  }
}

interface Lists {
  readonly kind: Kind
  readonly plan: readonly Segment[]
  /** Departments that they are limited to. */
  readonly only: ReadonlySet<string> | undefined
  readonly openAfter: number
  /** Days outside of which no list ever looks. */
  readonly beyond: { readonly from: string; readonly to: string } | undefined
}

/** The wish for a record that the lists of a run should have shown; undefined where they should not. */
function wishForMissed(keys: PracticeKeys, row: UnseenRow, lists: Lists): Wish | undefined {
  const { kind, plan, only } = lists
  if (recordKinds[kind].keyedBy === 'id') {
    if (only && !only.has(row.clear.departmentId ?? '')) return undefined
    const isMissed = kind !== 'appointment' || shouldHaveShown(row, lists)
    return isMissed ? { kind, key: row.key, asks: row.key } : undefined
  }
  const body = openIfPossible(keys, kind, row)
  // It does not tell what to ask for.
  if (!body) return undefined
  if (only && isOutside(body, only)) return undefined
  return kind !== 'claim' || isListedClaim(body, plan) ? wishForHeld(kind, keys, body) : undefined
}

/**
 * Whether a claim was created within the days that the lists of a plan show. One of which that cannot be read counts as listed: no
 * month that could be read further would show it.
 */
export function isListedClaim({ claimcreateddate: created }: WireRecord, plan: readonly Segment[]): boolean {
  if (typeof created !== 'string' || !isDay(created)) return true
  return plan.some((one) => one.list === 'claims' && one.from <= created && created <= one.to)
}

/** Whether a text is a day that there is, YYYY-MM-DD; of what has a fault we hold what was sent. */
function isDay(text: string): boolean {
  const at = /^(?:19|20)\d\d-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN
  return !Number.isNaN(at) && dateIn(0, at) === text
}

/** First and last day of appointments that the lists of a plan show; null where they show none. */
function daysOf(plan: readonly Segment[]): { from: string | null; to: string | null } {
  const days = plan
    .flatMap((part) => (part.list === 'booked' || part.list === 'open' ? [part.from, part.to] : []))
    .sort()
  return { from: days[0] ?? null, to: days.at(-1) ?? null }
}

/** Outside of which days no list looks; undefined of a reading of some days or departments, which says nothing of others. */
function reachOf({ phase, is_part, started_at }: SnapshotRun, { to }: ReturnType<typeof daysOf>): Lists['beyond'] {
  const isWhole = (phase === 'authoritative' || phase === 'weekly') && !is_part
  return isWhole && to !== null ? { from: dateIn(-listedDays.back, started_at), to } : undefined
}

/** Whether the lists of a plan show an appointment such as this one. */
function shouldHaveShown(
  { clear, patient }: UnseenRow,
  { plan, openAfter, beyond }: Pick<Lists, 'plan' | 'openAfter' | 'beyond'>,
): boolean {
  const { localDate, startsAt, status } = clear
  // Without a day, or on one that no list reaches: nothing else would tell what becomes of it.
  const isOutOfReach = localDate === undefined || (beyond && (localDate < beyond.from || localDate > beyond.to))
  if (beyond && isOutOfReach) return patient !== null || status === 'o'
  const within = (list: Segment['list']) =>
    plan.some(
      (one) => one.list === list && 'from' in one && one.from <= (localDate ?? '') && (localDate ?? '') <= one.to,
    )
  if (patient !== null) return within('booked')
  // A slot that is over is open no more, and one that was taken away is in no list.
  const coming = startsAt !== undefined && Date.parse(startsAt) > openAfter
  return status === 'o' && coming && within('open')
}

/**
 * A department that no list of a feed's latest snapshot was asked about: its patients and slots were there before we knew
 * of it, and no change will tell of them. The feeds that are read by department are read again.
 */
export async function coverDepartments(tx: Tx, practice: number, departments: readonly string[]): Promise<void> {
  const states = await readFeeds(tx, practice)
  for (const feed of feedNames.filter((name) => feedNeeds(name).includes('departments') && !isReadByPatient(name))) {
    const plan = await latestPlan(tx, { practice, feed })
    const state = states.find((row) => row.feed === feed)
    const only = state?.subscribed_departments
    // Claims are read for the whole practice.
    if (!plan || !(only || plan.some((segment) => 'departmentId' in segment))) continue
    const covered = new Set(plan.flatMap((segment) => ('departmentId' in segment ? [segment.departmentId] : [])))
    // Those that were added are about to be read.
    for (const id of state?.added_departments ?? []) covered.add(id)
    if (departmentsWithin(departments, only).some((id) => !covered.has(id)))
      await wantResnapshot(tx, { practice, feed })
  }
}

/** A department that athenahealth does not list is not looked for more often than this. */
const lookedForMs = 10 * 60_000

/**
 * A record names a department that we do not know: the departments are read at once instead of with the next day's look,
 * for the zone of its times and for what else is there. In a transaction of its own: no lane waits for another's row.
 */
export async function wantDepartments({ db, clock }: Pick<SyncDeps, 'db' | 'clock'>, practice: number): Promise<void> {
  const wanted = await db.practice(practice, async (tx) => {
    const state = (await readFeeds(tx, practice)).find((row) => row.feed === 'departments')
    const lookedAt = Math.max(state?.snapshot_at ?? 0, state?.resnapshot_wanted_at ?? 0)
    if (!state || lookedAt > clock.now() - lookedForMs) return false
    await wantResnapshot(tx, { practice, feed: 'departments' })
    return true
  })
  if (wanted) await db.control((tx) => makeDue(tx, practice, 'departments'))
}
