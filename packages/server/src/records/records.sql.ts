import { lookUp, sql, type Tx } from '../db/db.ts'
import type { Kind } from './record-kind.ts'

/** A record as it stands in the mirror. */
export interface HeldRow {
  readonly key: string
  readonly state: 'present' | 'deleted' | 'merged' | 'withheld'
  readonly patient: string | null
  /** Null where it was not asked for, as `sealed`. */
  readonly clear: object | null
  /** Null where it was not asked for: see `WantedKey`. */
  readonly sealed: Buffer | null
  readonly digest: string
  readonly last_modified_at: number | null
  readonly fetch_seq: string
  readonly changed_at: number
}

/** A record as it is to be written. */
export interface RecordRow {
  readonly key: string
  readonly state: HeldRow['state']
  readonly patient: string | null
  readonly clear: object
  readonly sealed: Buffer
  readonly digest: string
  readonly last_modified_at: string | null
  readonly fetch_seq: string
}

/** A difference, as it is to be appended. */
export interface ChangeRow {
  readonly key: string
  readonly patient: string | null
  readonly what: 'created' | 'updated' | 'deleted' | 'merged' | 'restored' | 'withheld'
  /** Those that differ; of a new record none is named, since all are new. */
  readonly fields: readonly string[]
  readonly fetch_seq: string
  readonly last_modified_at: string | null
  /** The other patient of a merge. */
  readonly other_key?: string
  /** athenahealth did not show the record before. Not written down: the change before says so. */
  readonly wasWithheld?: boolean
  /** It only shows what is not in what is held, which was written later than this was changed. Not written down either. */
  readonly completes?: boolean
}

interface OfKind {
  readonly practice: number
  readonly kind: Kind
}

/*
 * Many keys at a time are looked up one by one, each by the whole primary key, and in the order of keys. `key = any(…)`
 * leaves the planner a choice, and while a table fills for the first time it knows nothing of it: it then reads all records
 * of the kind for every page of them.
 */
const lockHeld = lookUp(
  'records.lock_held',
  `select h.* from (select key, digest from unnest($3::text[], $4::text[]) as w(key, digest) order by key) as w
   cross join lateral (
     select r.key, r.state, r.patient, case when r.state = 'present' and r.digest = w.digest then null else r.sealed end as sealed,
       case when w.digest is null then r.clear end as clear, r.digest, r.last_modified_at, r.fetch_seq, r.changed_at
     from aegis.record r where r.practice_id = $1 and r.kind = $2 and r.key = w.key for update) as h`,
)

/** A record to look up; its sealed body is left out where the one held has this digest. */
export interface WantedKey {
  readonly key: string
  readonly digest: string | null
}

/** Reads and locks the rows of these keys, in key order so that two writers cannot deadlock. */
export function lockHeldRecords(tx: Tx, { practice, kind }: OfKind, wanted: readonly WantedKey[]): Promise<HeldRow[]> {
  const keys = wanted.map(({ key }) => key)
  const digests = wanted.map(({ digest }) => digest)
  return tx.rows<HeldRow>(lockHeld, [practice, kind, pgArray(keys), pgArray(digests)])
}

/*
 * The sealed bodies travel as one value of bytes, one behind another, and each row says which part is its own: as text within
 * the JSON they would be made into base64, quoted, read letter by letter and decoded.
 */
const write = lookUp(
  'records.write',
  `insert into aegis.record (practice_id, kind, key, state, patient, clear, sealed, digest, last_modified_at, fetch_seq,
     first_seen_at, changed_at)
   select $1, $2, r.key, r.state, r.patient, r.clear, substring($4::bytea from r.at + 1 for r.bytes), r.digest,
     r.last_modified_at, r.fetch_seq, (select aegis.now()), (select aegis.now())
   from json_to_recordset($3::json) as r(key text, state text, patient text, clear jsonb, at integer, bytes integer,
     digest text, last_modified_at timestamptz, fetch_seq bigint)
   on conflict (practice_id, kind, key) do update set state = excluded.state, patient = excluded.patient,
     clear = excluded.clear, sealed = excluded.sealed, digest = excluded.digest,
     last_modified_at = excluded.last_modified_at, fetch_seq = excluded.fetch_seq, changed_at = excluded.changed_at`,
)

/** Writes whole records; the caller holds their locks or they are new in this lane. */
export async function writeRecords(tx: Tx, { practice, kind }: OfKind, rows: readonly RecordRow[]): Promise<void> {
  if (rows.length === 0) return
  let at = 0
  const places = rows.map(({ sealed, ...row }) => {
    const place = { ...row, at, bytes: sealed.length }
    at += sealed.length
    return place
  })
  await tx.rows(write, [practice, kind, JSON.stringify(places), Buffer.concat(rows.map(({ sealed }) => sealed))])
}

// Every row is there: written as an insert because that goes by the primary key, where an update could be planned otherwise.
const confirm = lookUp(
  'records.confirm',
  `insert into aegis.record (practice_id, kind, key, state, patient, clear, sealed, digest, last_modified_at, fetch_seq,
     first_seen_at, changed_at)
   select h.* from unnest($3::text[]) as w(key)
   cross join lateral (
     select r.practice_id, r.kind, r.key, r.state, r.patient, r.clear, r.sealed, r.digest, r.last_modified_at, r.fetch_seq,
       r.first_seen_at, r.changed_at
     from aegis.record r where r.practice_id = $1 and r.kind = $2 and r.key = w.key offset 0) as h
   on conflict (practice_id, kind, key) do update set fetch_seq = greatest(aegis.record.fetch_seq, $4::bigint)`,
)

/**
 * Notes that a newer answer showed these records unchanged, so that an older answer cannot replace them later. The caller
 * holds their locks: they stay where they are.
 */
export async function confirmRecords(
  tx: Tx,
  { practice, kind }: OfKind,
  seen: { keys: readonly string[]; fetchSeq: bigint },
): Promise<void> {
  if (seen.keys.length) await tx.rows(confirm, [practice, kind, pgArray(seen.keys), seen.fetchSeq.toString()])
}

const append = lookUp(
  'records.append_changes',
  `insert into aegis.change (practice_id, kind, key, patient, what, fields, source, fetch_seq, last_modified_at,
     other_key, changed_at)
   select $1, $2, c.key, c.patient, c.what, array(select json_array_elements_text(c.fields)), $4, c.fetch_seq,
     c.last_modified_at, c.other_key, (select aegis.now())
   from json_to_recordset($3::json) as c(key text, patient text, what text, fields json, fetch_seq bigint,
     last_modified_at timestamptz, other_key text)`,
)

/** Appends one row per difference. */
export async function appendChanges(
  tx: Tx,
  { practice, kind, source }: OfKind & { source: string },
  rows: readonly ChangeRow[],
): Promise<void> {
  if (rows.length) await tx.rows(append, [practice, kind, JSON.stringify(rows), source])
}

const count = lookUp(
  'records.count',
  `insert into aegis.record_count (practice_id, kind, state, records)
   select $1, $2, d.state, d.delta from json_to_recordset($3::json) as d(state text, delta bigint) order by d.state
   on conflict (practice_id, kind, state) do update set records = aegis.record_count.records + excluded.records`,
)

/** Adds to the counters of a kind, per state. */
export async function addToCounts(
  tx: Tx,
  { practice, kind }: OfKind,
  deltas: ReadonlyMap<string, number>,
): Promise<void> {
  const rows = [...deltas].filter(([, delta]) => delta !== 0).map(([state, delta]) => ({ state, delta }))
  if (rows.length) await tx.rows(count, [practice, kind, JSON.stringify(rows)])
}

const readCounts = sql(
  'records.counts_of',
  `select practice_id as practice, kind, present, deleted, merged, changes_minute, changes_hour
   from aegis.record_counts_of($1::integer[], $2, $3)`,
)

/** A kind of record of a practice with its counts; or, with kind null, the practice's differences of late. */
export interface RecordCounts {
  readonly practice: number
  readonly kind: Kind | null
  readonly present: string
  readonly deleted: string
  readonly merged: string
  readonly changes_minute: string
  readonly changes_hour: string
}

/** Counts of many practices. To be called in the context of none: practice 0. */
export function recordCountsOf(
  tx: Tx,
  practices: readonly number[],
  since: { minute: string; hour: string },
): Promise<RecordCounts[]> {
  return tx.rows(readCounts, [`{${practices.join(',')}}`, since.minute, since.hour])
}

const presentCount = lookUp(
  'records.present_count',
  `select records from aegis.record_count where practice_id = $1 and kind = $2 and state = 'present'`,
)

/** How many records of a kind are held and present. */
export async function countPresent(tx: Tx, { practice, kind }: OfKind): Promise<number> {
  const [row] = await tx.rows<{ records: string }>(presentCount, [practice, kind])
  return Number(row?.records ?? 0)
}

const setAlias = sql(
  'records.set_alias',
  `insert into aegis.alias (practice_id, kind, key, survivor_key, since) values ($1, $2, $3, $4, aegis.now())
   on conflict (practice_id, kind, key) do update set survivor_key = excluded.survivor_key
     where aegis.alias.survivor_key <> excluded.survivor_key
   returning key`,
)

/** Records that `key` was merged into `survivor`. False when that was known. */
export async function writeAlias(
  tx: Tx,
  { practice, kind }: OfKind,
  alias: { key: string; survivor: string },
): Promise<boolean> {
  return (await tx.rows(setAlias, [practice, kind, alias.key, alias.survivor])).length > 0
}

const dropAliases = sql(
  'records.drop_aliases',
  `delete from aegis.alias where practice_id = $1 and kind = $2 and key = any($3::text[]) returning key, survivor_key`,
)

/** Forgets that these keys were merged: they are records of their own again. Returns whom each had been merged into. */
export async function deleteAliases(
  tx: Tx,
  { practice, kind }: OfKind,
  keys: readonly string[],
): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map()
  const rows = await tx.rows<{ key: string; survivor_key: string }>(dropAliases, [practice, kind, pgArray(keys)])
  return new Map(rows.map((row) => [row.key, row.survivor_key]))
}

const survivors = lookUp(
  'records.survivors',
  `with recursive chain as (
     select key, survivor_key, 1 as step from aegis.alias
     where practice_id = $1 and kind = 'patient' and key = any($2::text[])
     union all
     select c.key, a.survivor_key, c.step + 1 from chain c
     cross join lateral (
       select survivor_key from aegis.alias
       where practice_id = $1 and kind = 'patient' and key = c.survivor_key offset 0) as a
     where c.step < 20)
   select distinct on (key) key, survivor_key from chain order by key, step desc`,
)

/** Under which keys merged patients live on, at the end of any chain of merges. */
export async function survivorsOf(tx: Tx, practice: number, keys: readonly string[]): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map()
  const rows = await tx.rows<{ key: string; survivor_key: string }>(survivors, [practice, pgArray(keys)])
  return new Map(rows.map((row) => [row.key, row.survivor_key]))
}

const mark = sql(
  'records.mark',
  `update aegis.record set state = $4, fetch_seq = $5, changed_at = aegis.now()
   where practice_id = $1 and kind = $2 and key = $3 and state <> $4 returning patient, state`,
)

/** Changes only the state of a record. Returns whether a row changed. */
export async function markRecord(
  tx: Tx,
  { practice, kind }: OfKind,
  to: { key: string; state: HeldRow['state']; fetchSeq: bigint },
): Promise<{ patient: string | null } | undefined> {
  const rows = await tx.rows<{ patient: string | null }>(mark, [
    practice,
    kind,
    to.key,
    to.state,
    to.fetchSeq.toString(),
  ])
  return rows[0]
}

const ofPatient = sql(
  'records.of_patient',
  `select kind, key, sealed, state from aegis.record
   where practice_id = $1 and patient = $2 and kind <> 'patient' and state in ('present', 'withheld')
   order by kind, key for update`,
)

export interface ChildRow {
  readonly kind: Kind
  readonly key: string
  readonly sealed: Buffer
}

/** The records about a patient that are present or withheld, locked. */
export function recordsOfPatient(tx: Tx, practice: number, patient: string): Promise<ChildRow[]> {
  return tx.rows(ofPatient, [practice, patient])
}

const repoint = sql(
  'records.repoint',
  `update aegis.record r set patient = $3, sealed = decode(c.sealed, 'base64'), digest = '', changed_at = aegis.now()
   from json_to_recordset($2::json) as c(kind text, key text, sealed text)
   where r.practice_id = $1 and r.kind = c.kind and r.key = c.key`,
)

/** Makes records those of another patient; `sealed` in base64, under that patient's key. */
export async function repointRecords(
  tx: Tx,
  practice: number,
  { rows, to }: { rows: readonly { kind: Kind; key: string; sealed: string }[]; to: string },
): Promise<void> {
  if (rows.length) await tx.rows(repoint, [practice, JSON.stringify(rows), to])
}

const allOfKind = lookUp(
  'records.sealed_of_kind',
  `select key, patient, sealed, state from aegis.record where practice_id = $1 and kind = $2 order by key`,
)

/** Every record of a small kind (departments, types), sealed. */
export function sealedOfKind(
  tx: Tx,
  { practice, kind }: OfKind,
): Promise<{ key: string; patient: string | null; sealed: Buffer; state: string }[]> {
  return tx.rows(allOfKind, [practice, kind])
}

const heldUntil = sql(
  'records.held_until',
  `select min(clear ->> 'localDate') as held_from, max(clear ->> 'localDate') as any_until, max(clear ->> 'localDate') filter (where clear ->> 'status' = 'o') as open_until
   from aegis.record where practice_id = $1 and kind = 'appointment' and state = 'present'`,
)

/** The first and the last local date (YYYY-MM-DD) of the appointments that are held, and the last of open slots. */
export async function appointmentsHeld(
  tx: Tx,
  practice: number,
): Promise<{ readonly from: string | null; readonly any: string | null; readonly open: string | null }> {
  type Row = Record<'held_from' | 'any_until' | 'open_until', string | null>
  const [row] = await tx.rows<Row>(heldUntil, [practice])
  return { from: row?.held_from ?? null, any: row?.any_until ?? null, open: row?.open_until ?? null }
}

const aliased = sql(
  'records.aliased',
  `select key from aegis.alias where practice_id = $1 and kind = $2 and key = any($3::text[])`,
)

/** Which of these keys are known as those of merged records. */
export async function aliasedKeys(tx: Tx, { practice, kind }: OfKind, keys: readonly string[]): Promise<Set<string>> {
  if (keys.length === 0) return new Set()
  const rows = await tx.rows<{ key: string }>(aliased, [practice, kind, pgArray(keys)])
  return new Set(rows.map((row) => row.key))
}

const nextSeq = lookUp('records.next_fetch_seq', `select nextval('aegis.fetch_seq') as seq`)

/** Takes the next number of the order in which we ask. Call it before the request is sent. `end` is of `Tx.rows`. */
export async function nextFetchSeq(tx: Tx, end?: { readonly isLast: boolean }): Promise<bigint> {
  const [row] = await tx.rows<{ seq: string }>(nextSeq, [], end)
  if (!row) throw new Error('nextval returns one row')
  return BigInt(row.seq)
}

/** Text form of a PostgreSQL array: db/ sends arrays as JSON, which `any()` does not take. */
function pgArray(values: readonly (string | null)[]): string {
  const item = (value: string | null) =>
    value === null ? 'null' : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  return `{${values.map(item).join(',')}}`
}
