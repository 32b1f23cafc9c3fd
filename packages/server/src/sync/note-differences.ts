import type { Tx } from '../db/db.ts'
import type { ApplyResult } from '../records/apply-records.ts'
import { lastModifiedAt } from '../records/last-modified.ts'
import type { RecordKind } from '../records/record-kind.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { wholeKey } from '../records/record-name.ts'
import type { ChangeRow } from '../records/records.sql.ts'
import { startInstant } from '../records/verify-held.ts'
import type { WireRecord } from '../records/wire-record.ts'
import type { Pseudonym } from '../sealing/practice-keys.ts'
import { type DifferenceRow, explainByFeed, insertDifferences } from './difference.sql.ts'
import { isOutside } from './feed-departments.ts'
import { type FeedKey, type HeldFeed, readFeeds } from './feed-state.sql.ts'
import type { KnownPage } from './inbox.sql.ts'
import { openIntents } from './intent.sql.ts'
import { releaseKeys } from './quarantine.sql.ts'
import { shownDays } from './snapshot.sql.ts'

interface Applied {
  readonly held: HeldFeed
  readonly page: KnownPage
  readonly records: readonly WireRecord[]
  readonly applied: ApplyResult
  /** See `SyncSettings.reconcileGraceMs`. */
  readonly graceMs: number
}

/**
 * What an applied page means beyond the mirror. One that was read for a check: whatever it changed differed. One that the
 * feed brought: what a check found of its records, or of those that it names, was on its way. Either releases what was set
 * aside of its records.
 */
export async function noteOutcome(tx: Tx, { held, page, records, applied, graceMs }: Applied): Promise<void> {
  const touched = [...applied.keys, ...applied.changes.map((change) => change.key)]
  await releaseKeys(tx, held, touched)
  if (await isOfFeed(tx, held, page))
    await explainByFeed(tx, held, { keys: [...touched, ...applied.announced], graceMs })
  if (page.run_id === null || applied.changes.length === 0) return
  const kind = recordKinds[page.kind]
  const beyond = await beyondWindow(tx, held, { page, records, applied })
  const hasLeft = isOfOtherDepartment(held, { page, records })
  const rows = applied.changes.map((change) =>
    differenceOf(change, { kind, isNew: beyond.has(change.key), isUntold: hasLeft || isUntold(change) }),
  )
  await insertDifferences(tx, { ...held, runId: page.run_id }, rows)
}

/**
 * Whether a page shows what had not come before: of the feed itself, or of a replay that clears a doubt. A look for strangers
 * replays what has come already: what is missing all the same was lost here.
 */
export async function isOfFeed(tx: Tx, held: FeedKey, { run_id, source }: KnownPage): Promise<boolean> {
  if (run_id !== null) return false
  return source === 'feed' || (source === 'replay' && (await openIntents(tx, held)).length > 0)
}

const whatOf: Readonly<Record<ChangeRow['what'], DifferenceRow['what']>> = {
  created: 'missing-here',
  restored: 'missing-here',
  updated: 'differing',
  deleted: 'gone-there',
  merged: 'gone-there',
  withheld: 'gone-there',
}

/** The difference that a change mended. */
export function differenceOf(
  { key, patient, what, fields }: Pick<ChangeRow, 'key' | 'patient' | 'what' | 'fields'>,
  { kind, isNew, isUntold = false }: { kind: RecordKind; isNew: boolean; isUntold?: boolean },
): DifferenceRow {
  const isUnannounced = isUntold || (what === 'updated' && fields.every((field) => mayBeUnannounced(kind, field)))
  const explanation = isNew ? 'window' : isUnannounced ? 'unannounced' : null
  // Patients' keys are pseudonyms.
  const whole = patient ? { whole: wholeKey(patient as Pseudonym) } : {}
  return { key, what: whatOf[what], fields, explanation, ...whole }
}

/** No feed need tell that a record is shown again; what it told before a read by id, which shows less, it need not tell anew. */
function isUntold({ wasWithheld, completes }: ChangeRow): boolean {
  return wasWithheld === true || completes === true
}

/** A record that was asked for and lies in a department now of which the feed need not tell; all that changed is of it. */
function isOfOtherDepartment({ departments }: HeldFeed, { page, records }: Pick<Applied, 'page' | 'records'>): boolean {
  if (!departments || page.shape !== 'get') return false
  const only = new Set(departments)
  return records.every((record) => isOutside(record, only))
}

/** Fields that the feed does not carry, or that need not make it tell of the record. */
function mayBeUnannounced({ unannounced, partial }: RecordKind, field: string): boolean {
  return field === startInstant || (unannounced?.has(field) ?? false) || (partial.feed?.never?.has(field) ?? false)
}

/**
 * Keys of new appointments on days that no whole reading had shown yet: they have come into the window. Only of a list, and
 * only of before the feed was live: what it handed out was to be here whatever its day.
 */
async function beyondWindow(
  tx: Tx,
  held: FeedKey,
  { page, records, applied }: Pick<Applied, 'page' | 'records' | 'applied'>,
): Promise<ReadonlySet<string>> {
  const created = new Set(applied.changes.filter(({ what }) => what === 'created').map(({ key }) => key))
  const isOfList = page.shape === 'booked' || page.shape === 'open'
  if (!isOfList || created.size === 0) return new Set()
  const shown = await shownDays(tx, held, page.shape === 'open' ? 'open' : 'booked')
  const isShown = (day: string) => shown.some(({ first, last }) => first <= day && day <= last)
  const activeAt = (await readFeeds(tx, held.practice)).find(({ feed }) => feed === held.feed)?.active_at ?? Infinity
  const unseen = records.filter(
    ({ appointmentid, date }) => created.has(String(appointmentid)) && !isShown(String(date)),
  )
  const untold = unseen.filter((record) => mayBeOfBefore(record, activeAt))
  return new Set(untold.map(({ appointmentid }) => String(appointmentid)))
}

/** Whether an appointment may have been as it is before an instant; also where it does not say since when it is. */
function mayBeOfBefore({ scheduleddatetime, lastmodified }: WireRecord, instant: number): boolean {
  const times = [scheduleddatetime, lastmodified].flatMap((text) => lastModifiedAt(text) ?? [])
  return times.length === 0 || times.some((at) => at < instant)
}
