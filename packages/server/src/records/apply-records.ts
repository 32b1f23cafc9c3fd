import type { Tx } from '../db/db.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import { isUnreadable } from '../sealing/is-unreadable.ts'
import { applyMerges, nothingMerged, noteTold, type Told, undoMerges } from './apply-merges.ts'
import { type Comparison, compareRecord } from './compare-record.ts'
import { judgeVersion, mayLag, type Source, type Verdict } from './judge-version.ts'
import { meetMerges } from './meet-merges.ts'
import { openRecord, sealRecord } from './open-record.ts'
import { recordDigest } from './record-digest.ts'
import type { Kind, PracticeFacts, RecordKind, Shape } from './record-kind.ts'
import { recordKinds } from './record-kinds.ts'
import { nameOf, type RecordName, recordKey, type Wish, wishFor } from './record-name.ts'
import * as table from './records.sql.ts'
import { nobodyShown, type ShownPatients, shownPatients } from './shown-patients.ts'
import { flawsOf, unreadable } from './verify-held.ts'
import { arrivedVersion, changedBy, versionOf } from './version-of.ts'
import { wishForAnnounced } from './wish-announced.ts'
import { canonicalText, isRecord, type WireRecord } from './wire-record.ts'
import { WriteBehind } from './write-behind.ts'

export interface ApplyInput {
  readonly practice: number
  readonly kind: Kind
  readonly source: Source
  /** The endpoint the bodies came from. */
  readonly shape: Shape
  /** Taken before the request that brought the records was sent: see `nextFetchSeq`. */
  readonly fetchSeq: bigint
  readonly records: readonly WireRecord[]
  readonly facts: PracticeFacts
  /** What came after this is recent, epoch ms: the list of a check may not show it yet. */
  readonly recentSince?: number
}

export interface ApplyResult extends Pick<ShownPatients, 'returned'> {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly stale: number
  /** Every difference that was written. */
  readonly changes: readonly table.ChangeRow[]
  /** Keys of the records that came and could be applied, whether they changed anything or not. */
  readonly keys: readonly string[]
  /** Keys of records of which the page only tells that they changed, or that they are another one now. */
  readonly announced: readonly string[]
  /** What is to be asked for: what came in a body that cannot be trusted, and what a merge made doubtful. */
  readonly wishes: readonly Wish[]
  /** Ids of patients that records may have come to without any feed telling: new here, restored, survivors of a merge. */
  readonly gained: readonly string[]
  /** Records that could not be applied, with the reason; the others were. */
  readonly poisonous: readonly Poisonous[]
}

/** A record that could not be applied. */
export interface Poisonous {
  readonly record: WireRecord
  readonly reason: 'no-id' | 'not-an-object' | 'no-patient'
}

/** A record on its way in, with everything that does not need the database. */
interface Incoming {
  readonly name: RecordName
  readonly key: string
  readonly patient: Pseudonym | null
  readonly record: WireRecord
  /** The record as canonical JSON: what its digest is of, and what is sealed of a new one. */
  readonly text: string
  readonly clear: ReturnType<RecordKind['clear']>
  readonly digest: string
  readonly lastModifiedAt: number | undefined
}

interface Work {
  readonly input: ApplyInput
  readonly kind: RecordKind
  readonly keys: PracticeKeys
  readonly held: Map<string, table.HeldRow>
  /** Keys of merged records that we do not hold. */
  readonly aliased: ReadonlySet<string>
  readonly writes: Map<string, table.RecordRow>
  readonly changes: table.ChangeRow[]
  readonly confirmed: Set<string>
  readonly wishes: Map<string, Wish>
  readonly counts: Map<string, number>
  tally: { created: number; updated: number; unchanged: number; stale: number }
}

/**
 * Brings the mirror of one kind up to the records given, inside the caller's transaction: compares with what we hold,
 * writes what is newer, appends one change per difference. Applying the same records twice changes nothing; an older
 * body never replaces a newer one; a record missing from the input is left alone (absence is not deletion).
 */
export async function applyRecords(tx: Tx, keys: PracticeKeys, input: ApplyInput): Promise<ApplyResult> {
  const kind = recordKinds[input.kind]
  if (input.shape === 'feed' && kind.feedTells === 'id') return wishForAnnounced(tx, keys, input)
  const { incoming: sent, poisonous } = readIncoming(kind, keys, input)
  const { incoming, strays } = await meetMerges(tx, { input, keys }, sent)
  const held = await loadHeld(tx, keys, { input, incoming })
  const strange = incoming.map((item) => item.key).filter((key) => !held.has(key))
  const aliased = kind.isPatient ? await table.aliasedKeys(tx, input, strange) : new Set<string>()
  const work: Work = {
    input,
    kind,
    keys,
    held,
    aliased,
    writes: new Map(),
    changes: [],
    confirmed: new Set(),
    wishes: new Map(),
    counts: new Map(),
    tally: { created: 0, updated: 0, unchanged: 0, stale: 0 },
  }
  for (const stray of strays) wish(work, stray)
  const [told, changes, undone]: [Told, table.ChangeRow[], Wish[]] = [new Map(), [], []]
  const writing = new WriteBehind()
  for (let at = 0; at < incoming.length; at += partRecords) {
    for (const item of incoming.slice(at, at + partRecords)) noteTold(told, item, applyOne(work, item))
    if (kind.isPatient) undone.push(...(await undoMerges(tx, work, work.changes)))
    changes.push(...work.changes)
    await writing.next(writeWork(tx, work))
  }
  await writing.next()
  const merged = kind.isPatient ? await applyMerges(tx, { input, keys }, told) : nothingMerged
  const news = { practice: input.practice, changes, sent: incoming }
  const shown = kind.isPatient ? await shownPatients(tx, keys, news) : nobodyShown
  return {
    ...work.tally,
    changes: [...changes, ...merged.changes],
    keys: incoming.map((item) => item.key),
    announced: merged.former,
    wishes: [...work.wishes.values(), ...undone, ...merged.wishes],
    gained: [...shown.gained, ...merged.gained],
    returned: shown.returned,
    poisonous,
  }
}

/**
 * A page is written in parts of this many records: what is made of a part (ciphertext, statements) is gone before the
 * one after next, and calls that are due meanwhile do not wait until a whole page is done.
 */
const partRecords = 250

function readIncoming(kind: RecordKind, keys: PracticeKeys, { records, facts }: ApplyInput) {
  const incoming: Incoming[] = []
  const poisonous: Poisonous[] = []
  for (const record of records) {
    const name = isRecord(record) ? nameOf(kind, record) : undefined
    if (!name) {
      poisonous.push({ record, reason: isRecord(record) ? 'no-id' : 'not-an-object' })
      continue
    }
    incoming.push(readOne(kind, keys, { name, record, facts }))
  }
  return { incoming, poisonous }
}

function readOne(
  kind: RecordKind,
  keys: PracticeKeys,
  { name, record, facts }: { name: RecordName; record: WireRecord; facts: PracticeFacts },
): Incoming {
  const patient = name.patientId === undefined ? null : keys.pseudonym('patient', name.patientId)
  const [text, clear] = [canonicalText(record), kind.clear(record, facts)]
  return {
    name,
    key: kind.isPatient && patient !== null ? patient : recordKey(kind, keys, name),
    patient,
    record,
    text,
    clear,
    digest: recordDigest(keys, kind.kind, { text, startsAt: clear.startsAt }),
    lastModifiedAt: versionOf(kind, record),
  }
}

async function loadHeld(tx: Tx, keys: PracticeKeys, work: { input: ApplyInput; incoming: readonly Incoming[] }) {
  const wanted = wantedKeys(work.incoming).map((one) => (isCheck(work.input) ? { ...one, digest: null } : one))
  const rows = await table.lockHeldRecords(tx, work.input, wanted)
  const held = new Map(rows.map((row) => [row.key, row]))
  const patients = new Set<string>()
  for (const { key, patient, digest } of work.incoming) {
    const row = held.get(key)
    // It is just as we hold it: nothing of it will be opened or sealed.
    if (row?.sealed === null && row.digest === digest) continue
    if (patient) patients.add(patient)
    if (row?.patient) patients.add(row.patient)
  }
  // All in one go: two transactions that make keys for the same patients then wait for each other and cannot deadlock.
  if (patients.size) await keys.ensurePatients(tx, [...patients] as Pseudonym[]) // both sources are pseudonyms
  return held
}

/** Each key once; two bodies of one record need what is held opened whatever the first of them says. */
function wantedKeys(incoming: readonly Incoming[]): table.WantedKey[] {
  const wanted = new Map<string, string | null>()
  for (const { key, digest } of incoming) wanted.set(key, (wanted.get(key) ?? digest) === digest ? digest : null)
  return [...wanted].map(([key, digest]) => ({ key, digest }))
}

/** Applies one record; what its body is worth, which is `same` where we held it just so. */
function applyOne(work: Work, item: Incoming): Verdict | 'same' {
  const { input, tally } = work
  const held = work.held.get(item.key)
  const deleted = work.kind.isDeleted(item.record)
  if (held?.digest === item.digest && held.state === (deleted ? 'deleted' : 'present')) {
    if (isCheck(input) && BigInt(held.fetch_seq) <= input.fetchSeq && isFlawed(work, item, held)) {
      writeOne(work, item, deleted)
      return 'same'
    }
    if (BigInt(held.fetch_seq) <= input.fetchSeq) work.confirmed.add(item.key)
    tally.unchanged += 1
    return 'same'
  }
  const verdict = verdictOf(work, item, held)
  if (verdict === 'stale') tally.stale += 1
  else if (verdict === 'refetch') wishUnlessSame(work, item, held)
  else writeOne(work, item, deleted)
  return verdict
}

/** A snapshot's list is of another shape than the feed. */
function wishUnlessSame(work: Work, item: Incoming, held: table.HeldRow | undefined): void {
  const isList = work.input.source === 'snapshot' && held?.state === 'present'
  if (!isList || isFlawed(work, item, held)) wish(work, item)
  else work.tally.unchanged += 1
}

/** Where the endpoint shows too little of a record, it is asked for by itself as well. */
function wishForRest(work: Work, item: Incoming): void {
  if (work.kind.completedFrom?.has(work.input.shape)) wish(work, item)
}

function wish({ kind, keys, wishes }: Work, { name }: Pick<Incoming, 'name'>): void {
  const wanted = wishFor(kind, keys, name)
  if (wanted) wishes.set(wanted.key, wanted)
}

/** Kinds of which athenahealth tells no changes: they are read anew now and then, and no check reads them. */
const uncheckedKinds: ReadonlySet<Kind> = new Set(['department', 'appointmenttype'])

/** Whether what is held is to be looked at itself, and not only at the digest of the body it came from. */
function isCheck({ source, kind }: ApplyInput): boolean {
  return source === 'reconciliation' || source === 'refetch' || uncheckedKinds.has(kind)
}

/** Whether a row that should hold this very body does not. */
function isFlawed(work: Work, item: Incoming, held: table.HeldRow): boolean {
  const { fields, flaws } = compareWithHeld(work, item, held)
  return fields.length > 0 || flaws.length > 0
}

function verdictOf(work: Work, item: Incoming, held: table.HeldRow | undefined): Verdict {
  const { input, aliased } = work
  if (!held && aliased.has(item.key) && input.source !== 'refetch') return 'refetch'
  const version = arrivedVersion(work, item)
  if (!held) return judgeVersion(undefined, version, input.source)
  // A feed may still deliver the losing id of a merge: only athenahealth's answer for that id tells whether it lives.
  if (held.state === 'merged' && input.source !== 'refetch') return 'refetch'
  const heldVersion = {
    lastModifiedAt: held.last_modified_at ?? undefined,
    fetchSeq: BigInt(held.fetch_seq),
    isRecent:
      held.changed_at > (input.recentSince ?? Infinity) &&
      (input.source !== 'snapshot' || mayLag(work.kind, input.shape, held)),
    changedBy: changedBy(work, held),
  }
  return judgeVersion(heldVersion, version, input.source)
}

function writeOne(work: Work, item: Incoming, deleted: boolean): void {
  const held = work.held.get(item.key)
  const comparison = compareWithHeld(work, item, held)
  const state = deleted ? 'deleted' : 'present'
  // A list that does not show it takes nothing from what is known of the body.
  const at = versionOf(work.kind, comparison.next)
  const row = toRow(work, item, { state, body: comparison.next, at })
  work.writes.set(item.key, row)
  work.held.set(item.key, heldAs(row, at))
  if (held?.state !== state) moveCount(work, held?.state, state)
  const differs = comparison.fields.length + comparison.flaws.length > 0
  if (!differs && held?.state === state) {
    work.tally.unchanged += 1
    return
  }
  work.tally[held ? 'updated' : 'created'] += 1
  wishForRest(work, item)
  work.changes.push({
    key: item.key,
    patient: item.patient,
    what: whatHappened(held?.state, state),
    fields: [...clearNames(comparison.fields), ...comparison.flaws],
    fetch_seq: work.input.fetchSeq.toString(),
    last_modified_at: row.last_modified_at,
    ...asideOf(held, comparison, at),
  })
}

/** What a difference that a check finds is judged by as well. */
function asideOf(held: table.HeldRow | undefined, { completes }: Comparison, at = Infinity) {
  // What was changed after what is held was written can not have been told before that.
  const isOfBefore = held && at <= held.changed_at
  return { ...(held?.state === 'withheld' && { wasWithheld: true }), ...(completes && isOfBefore && { completes }) }
}

/** What a row that is about to be written is to those behind it in the same page. */
function heldAs(row: table.RecordRow, at: number | undefined): table.HeldRow {
  return { ...row, last_modified_at: at ?? null, changed_at: 0 }
}

/** What athenahealth's own field names look like: one word, without anything that PostgreSQL would refuse. */
const fieldName = /^[A-Za-z][A-Za-z0-9_]{0,63}$/

/** Names of fields stand in clear: one that is no name of athenahealth's is counted without being told. */
function clearNames(fields: readonly string[]): readonly string[] {
  return [...new Set(fields.map((name) => (fieldName.test(name) ? name : '(other)')))]
}

function compareWithHeld(
  work: Work,
  { record, patient, lastModifiedAt: at }: Incoming,
  held: table.HeldRow | undefined,
): Comparison & { readonly flaws: readonly string[] } {
  const { kind, input } = work
  if (!held) return { fields: [], next: record, flaws: [] }
  const later = at !== undefined && at !== held.last_modified_at
  const body = openHeld(work, held)
  if (!body) return { fields: [], next: record, flaws: [unreadable] }
  const flaws = isCheck(input) ? flawsOf(kind, input.facts, { row: held, body }) : []
  const compared = compareRecord(kind, body, { body: record, shape: input.shape, later })
  const { patientField: named } = kind
  // It came while its patient counted as merged: the body is the same, and whose it is has changed.
  const isOther = patient !== null && held.patient !== patient
  const isMoved = named !== undefined && isCheck(input) && isOther && !compared.fields.includes(named)
  const { fields, next } = compared
  if (isMoved) return { fields: [...fields, named], next, flaws }
  return flaws.length > 0 || held.state !== 'present' ? { fields, next, flaws } : { ...compared, flaws }
}

function whatHappened(from: table.HeldRow['state'] | undefined, to: 'present' | 'deleted'): table.ChangeRow['what'] {
  if (to === 'deleted') return 'deleted'
  if (from === undefined) return 'created'
  return from === 'present' ? 'updated' : 'restored'
}

/** The body that is held; undefined where a check finds that it cannot be opened and is to be replaced. */
function openHeld(work: Work, held: table.HeldRow): WireRecord | undefined {
  try {
    return openRecord(work.keys, work.input.kind, held)
  } catch (error) {
    if (isCheck(work.input) && isUnreadable(error)) return undefined
    throw error
  }
}

function toRow(
  work: Work,
  item: Incoming,
  content: { state: 'present' | 'deleted'; body: WireRecord; at: number | undefined },
): table.RecordRow {
  const asItCame = content.body === item.record
  return {
    key: item.key,
    state: content.state,
    patient: item.patient,
    clear: asItCame ? item.clear : work.kind.clear(content.body, work.input.facts),
    sealed: sealRecord(work.keys, work.input.kind, {
      ...item,
      text: asItCame ? item.text : JSON.stringify(content.body),
    }),
    digest: item.digest,
    last_modified_at: content.at === undefined ? null : new Date(content.at).toISOString(),
    fetch_seq: work.input.fetchSeq.toString(),
  }
}

function moveCount(work: Work, from: string | undefined, to: string): void {
  if (from !== undefined) work.counts.set(from, (work.counts.get(from) ?? 0) - 1)
  work.counts.set(to, (work.counts.get(to) ?? 0) + 1)
}

/** Sends what has gathered to be written, all at once, and forgets it. */
async function writeWork(tx: Tx, work: Work): Promise<void> {
  const { input, writes, confirmed } = work
  const onlyConfirmed = [...confirmed].filter((key) => !writes.has(key)).sort()
  const sent = [
    table.writeRecords(tx, input, [...writes.values()]),
    table.confirmRecords(tx, input, { keys: onlyConfirmed, fetchSeq: input.fetchSeq }),
    table.appendChanges(tx, input, work.changes),
    table.addToCounts(tx, input, work.counts),
  ]
  for (const done of [writes, confirmed, work.counts]) done.clear()
  work.changes.length = 0
  await Promise.all(sent)
}
