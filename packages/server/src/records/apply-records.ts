import type { Tx } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import { type Comparison, compareRecord } from './compare-record.ts'
import { lastModifiedAt } from './last-modified.ts'
import { judgeVersion, type Source, type Verdict } from './judge-version.ts'
import type { Kind, PracticeFacts, RecordKind, Shape } from './record-kind.ts'
import { recordKinds } from './record-kinds.ts'
import * as table from './records.sql.ts'
import { canonicalText, type WireRecord } from './wire-record.ts'

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
}

export interface ApplyResult {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly stale: number
  /** Upstream ids whose bodies could not be trusted: ask for each by id. */
  readonly refetch: readonly string[]
  /** Ids of other kinds that a merge made doubtful. */
  readonly refetchOthers: readonly { kind: Kind; key: string }[]
  /** Records that could not be applied, with the reason; the others were. */
  readonly poisonous: readonly { record: WireRecord; reason: 'no-id' | 'not-an-object' }[]
}

/** A record on its way in, with everything that does not need the database. */
interface Incoming {
  readonly id: string
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
  readonly refetch: Set<string>
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
  const { incoming, poisonous } = readIncoming(kind, keys, input)
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
    refetch: new Set(),
    counts: new Map(),
    tally: { created: 0, updated: 0, unchanged: 0, stale: 0 },
  }
  const trusted = incoming.filter((item) => applyOne(work, item))
  await writeWork(tx, work)
  const refetchOthers = kind.isPatient ? await applyMerges(tx, work, trusted) : []
  return { ...work.tally, refetch: [...work.refetch], refetchOthers, poisonous }
}

function readIncoming(kind: RecordKind, keys: PracticeKeys, { records, facts }: ApplyInput) {
  const incoming: Incoming[] = []
  const poisonous: { record: WireRecord; reason: 'no-id' | 'not-an-object' }[] = []
  for (const record of records) {
    const id = typeof record === 'object' && record !== null ? idOf(record[kind.idField]) : undefined
    if (id === undefined) {
      poisonous.push({ record, reason: typeof record === 'object' && record !== null ? 'no-id' : 'not-an-object' })
      continue
    }
    incoming.push(readOne(kind, keys, { id, record, facts }))
  }
  return { incoming, poisonous }
}

function readOne(
  kind: RecordKind,
  keys: PracticeKeys,
  { id, record, facts }: { id: string; record: WireRecord; facts: PracticeFacts },
): Incoming {
  const patientId = kind.isPatient ? id : idOf(kind.patientField && record[kind.patientField])
  const patient = patientId === undefined ? null : keys.pseudonym('patient', patientId)
  const [text, clear] = [canonicalText(record), kind.clear(record, facts)]
  return {
    id,
    key: kind.isPatient && patient !== null ? patient : id,
    patient,
    record,
    text,
    clear,
    digest: keys.digest(`record.${kind.kind}`, `${text}${String(clear.startsAt ?? '')}`),
    lastModifiedAt: versionOf(kind, record),
  }
}

/** The key a record is held under: its id, or for patients the practice's pseudonym of it. */
export function recordKey(kind: RecordKind, keys: PracticeKeys, id: string): string {
  return kind.isPatient ? keys.pseudonym('patient', id) : id
}

async function loadHeld(tx: Tx, keys: PracticeKeys, work: { input: ApplyInput; incoming: readonly Incoming[] }) {
  const rows = await table.lockHeldRecords(tx, work.input, wantedKeys(work.incoming))
  const patients = new Set<string>()
  for (const item of work.incoming) if (item.patient) patients.add(item.patient)
  for (const row of rows) if (row.patient) patients.add(row.patient)
  if (patients.size) await keys.ensurePatients(tx, [...patients] as Pseudonym[]) // both sources are pseudonyms
  return new Map(rows.map((row) => [row.key, row]))
}

/** Each key once; two bodies of one record need what is held opened whatever the first of them says. */
function wantedKeys(incoming: readonly Incoming[]): table.WantedKey[] {
  const wanted = new Map<string, string | null>()
  for (const { key, digest } of incoming) wanted.set(key, (wanted.get(key) ?? digest) === digest ? digest : null)
  return [...wanted].map(([key, digest]) => ({ key, digest }))
}

/** Applies one record; whether its body is what we hold now, and may be believed in what it says of others. */
function applyOne(work: Work, item: Incoming): boolean {
  const { input, tally } = work
  const held = work.held.get(item.key)
  const deleted = work.kind.isDeleted(item.record)
  if (held?.digest === item.digest && held.state === (deleted ? 'deleted' : 'present')) {
    if (BigInt(held.fetch_seq) <= input.fetchSeq) work.confirmed.add(item.key)
    tally.unchanged += 1
    return true
  }
  const verdict = verdictOf(work, item, held)
  if (verdict === 'stale') tally.stale += 1
  else if (verdict === 'refetch') work.refetch.add(item.id)
  else writeOne(work, item, deleted)
  return verdict === 'apply'
}

function verdictOf({ input, aliased }: Work, item: Incoming, held: table.HeldRow | undefined): Verdict {
  if (!held && aliased.has(item.key) && input.source !== 'refetch') return 'refetch'
  const version = { lastModifiedAt: item.lastModifiedAt, fetchSeq: input.fetchSeq }
  if (!held) return judgeVersion(undefined, version, input.source)
  // A feed may still deliver the losing id of a merge: only athenahealth's answer for that id tells whether it lives.
  if (held.state === 'merged' && input.source !== 'refetch') return 'refetch'
  const heldVersion = { lastModifiedAt: held.last_modified_at ?? undefined, fetchSeq: BigInt(held.fetch_seq) }
  return judgeVersion(heldVersion, version, input.source)
}

function writeOne(work: Work, item: Incoming, deleted: boolean): void {
  const held = work.held.get(item.key)
  const comparison = held ? compareWithHeld(work, item, held) : { fields: [], next: item.record }
  const state = deleted ? 'deleted' : 'present'
  const at = versionOf(work.kind, comparison.next)
  const row = toRow(work, item, { state, body: comparison.next, at })
  work.writes.set(item.key, row)
  work.held.set(item.key, { ...row, last_modified_at: at ?? null })
  if (held?.state !== state) moveCount(work, held?.state, state)
  if (held && comparison.fields.length === 0 && held.state === state) {
    work.tally.unchanged += 1
    return
  }
  work.tally[held ? 'updated' : 'created'] += 1
  work.changes.push({
    key: item.key,
    patient: item.patient,
    what: whatHappened(held?.state, state),
    fields: clearNames(comparison.fields),
    fetch_seq: work.input.fetchSeq.toString(),
    last_modified_at: row.last_modified_at,
  })
}

/** The version of what is held from now on: a list that does not show it takes nothing from what is known of the body. */
function versionOf(kind: RecordKind, body: WireRecord): number | undefined {
  return kind.lastModifiedField === undefined ? undefined : lastModifiedAt(body[kind.lastModifiedField])
}

/** What athenahealth's own field names look like: one word, without anything that PostgreSQL would refuse. */
const fieldName = /^[A-Za-z][A-Za-z0-9_]{0,63}$/

/** Names of fields stand in clear: one that is no name of athenahealth's is counted without being told. */
function clearNames(fields: readonly string[]): readonly string[] {
  return [...new Set(fields.map((name) => (fieldName.test(name) ? name : '(other)')))]
}

function compareWithHeld(work: Work, { record, lastModifiedAt: at }: Incoming, held: table.HeldRow): Comparison {
  const later = at !== undefined && at !== held.last_modified_at
  return compareRecord(work.kind, openHeld(work, held), { body: record, shape: work.input.shape, later })
}

function whatHappened(from: table.HeldRow['state'] | undefined, to: 'present' | 'deleted'): table.ChangeRow['what'] {
  if (to === 'deleted') return 'deleted'
  if (from === undefined) return 'created'
  return from === 'present' ? 'updated' : 'restored'
}

function openHeld(work: Work, held: table.HeldRow): WireRecord {
  return openRecord(work.keys, work.input.kind, held)
}

/** Opens a sealed record of the mirror. Fails when the ciphertext belongs to another row, practice or patient. */
export function openRecord(
  keys: PracticeKeys,
  kind: Kind,
  row: Pick<table.HeldRow, 'key' | 'patient' | 'sealed'>,
): WireRecord {
  if (row.sealed === null) throw new AegisError('internal.unexpected', { kind }) // it was said not to be needed
  const bytes = keys.open(recordPlace(kind, row.key, row.patient), row.sealed)
  return JSON.parse(bytes.toString('utf8')) as WireRecord // sealed by toRow below
}

function recordPlace(kind: Kind, key: string, patient: string | null) {
  const place = { table: 'aegis.record', column: 'sealed', row: `${kind}:${key}` }
  return patient === null ? place : { ...place, patient: patient as Pseudonym } // stored from a Pseudonym
}

function toRow(
  work: Work,
  item: Incoming,
  content: { state: 'present' | 'deleted'; body: WireRecord; at: number | undefined },
): table.RecordRow {
  const asItCame = content.body === item.record
  const bytes = Buffer.from(asItCame ? item.text : JSON.stringify(content.body), 'utf8')
  return {
    key: item.key,
    state: content.state,
    patient: item.patient,
    clear: asItCame ? item.clear : work.kind.clear(content.body, work.input.facts),
    sealed: work.keys.seal(recordPlace(work.input.kind, item.key, item.patient), bytes),
    digest: item.digest,
    last_modified_at: content.at === undefined ? null : new Date(content.at).toISOString(),
    fetch_seq: work.input.fetchSeq.toString(),
  }
}

function moveCount(work: Work, from: string | undefined, to: string): void {
  if (from !== undefined) work.counts.set(from, (work.counts.get(from) ?? 0) - 1)
  work.counts.set(to, (work.counts.get(to) ?? 0) + 1)
}

async function writeWork(tx: Tx, work: Work): Promise<void> {
  await table.writeRecords(tx, work.input, [...work.writes.values()])
  const onlyConfirmed = [...work.confirmed].filter((key) => !work.writes.has(key)).sort()
  await table.confirmRecords(tx, work.input, { keys: onlyConfirmed, fetchSeq: work.input.fetchSeq })
  await table.appendChanges(tx, work.input, work.changes)
  await table.addToCounts(tx, work.input, work.counts)
}

/** Keeps the aliases of merged patients true and names the records that hang on a losing id. */
async function applyMerges(tx: Tx, work: Work, incoming: readonly Incoming[]) {
  const others: { kind: Kind; key: string }[] = []
  const restored = work.changes.filter((change) => change.what === 'restored').map((change) => change.key)
  // What had passed to the survivor may be the restored patient's again.
  for (const survivor of await table.deleteAliases(tx, work.input, restored)) {
    others.push(...(await table.recordsOfPatient(tx, work.input.practice, survivor)))
  }
  for (const item of incoming) {
    for (const previous of previousPatientIds(item.record)) {
      if (previous === item.id) continue
      const key = recordKey(work.kind, work.keys, previous)
      others.push(...(await mergeInto(tx, work.input, { key, survivor: item.key })))
    }
  }
  return others
}

async function mergeInto(tx: Tx, input: ApplyInput, alias: { key: string; survivor: string }) {
  const children = await table.recordsOfPatient(tx, input.practice, alias.key)
  const [before] = await table.lockHeldRecords(tx, input, [{ key: alias.key, digest: null }])
  await table.writeAlias(tx, input, alias)
  const marked =
    before && (await table.markRecord(tx, input, { key: alias.key, state: 'merged', fetchSeq: input.fetchSeq }))
  if (marked) {
    const change = { key: alias.key, patient: marked.patient, what: 'merged', fields: [] } as const
    await table.appendChanges(tx, input, [{ ...change, fetch_seq: input.fetchSeq.toString(), last_modified_at: null }])
    await table.addToCounts(
      tx,
      input,
      new Map([
        [before.state, -1],
        ['merged', 1],
      ]),
    )
  }
  return children
}

/** Former ids of a patient as sent with `showpreviouspatientids`: list, comma list or single value (shape unconfirmed). */
export function previousPatientIds(record: WireRecord): string[] {
  const sent = record.previouspatientids ?? record.previouspatientid
  const list = Array.isArray(sent)
    ? sent
    : typeof sent === 'string'
      ? sent.split(',')
      : sent === undefined
        ? []
        : [sent]
  return list.flatMap((item) => {
    const value = isRecord(item) ? (item.previouspatientid ?? item.patientid) : item
    return idOf(typeof value === 'string' ? value.trim() : value) ?? []
  })
}

function isRecord(value: unknown): value is WireRecord {
  return typeof value === 'object' && value !== null
}

function idOf(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? String(value) : undefined
  return typeof value === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(value) ? value : undefined
}

/** Marks a record as deleted upstream: only after a targeted read answered 404 or empty. */
export async function deleteRecord(
  tx: Tx,
  input: { practice: number; kind: Kind; key: string; fetchSeq: bigint },
): Promise<boolean> {
  const [before] = await table.lockHeldRecords(tx, input, [{ key: input.key, digest: null }])
  if (!before || before.state !== 'present' || BigInt(before.fetch_seq) > input.fetchSeq) return false
  await table.markRecord(tx, input, { key: input.key, state: 'deleted', fetchSeq: input.fetchSeq })
  const change = { key: input.key, patient: before.patient, what: 'deleted', fields: [] } as const
  await table.appendChanges(tx, { ...input, source: 'refetch' }, [
    { ...change, fetch_seq: input.fetchSeq.toString(), last_modified_at: null },
  ])
  await table.addToCounts(
    tx,
    input,
    new Map([
      ['present', -1],
      ['deleted', 1],
    ]),
  )
  return true
}
