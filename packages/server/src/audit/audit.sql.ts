import { lookUp, sql, type Tx } from '../db/db.ts'

/** A row of audit.entry as it is written. */
export interface EntryRow {
  readonly practice_id: number
  readonly id: string
  readonly attempt_id: string | null
  readonly writer_id: string
  /** Epoch milliseconds. */
  readonly occurred_ms: number
  readonly type: string
  readonly subtype: string
  readonly action: string
  readonly outcome: string
  readonly actor_kind: string
  readonly actor_id: string
  readonly purpose: string | null
  readonly entity: string | null
  readonly patients: readonly string[]
  readonly record_count: number | null
  readonly route: string | null
  readonly request_id: string | null
  readonly code: string | null
  readonly peer: string | null
  readonly upstream_request_id: string | null
  /** Sealed, base64. */
  readonly detail: string | null
  readonly version: number
}

const insertEntries = lookUp(
  'audit.append',
  `with clock as materialized (select aegis.now() as now)
   insert into audit.entry (practice_id, id, attempt_id, writer_id, occurred_at, recorded_at, type, subtype, action,
     outcome, actor_kind, actor_id, purpose, entity, patients, record_count, route, request_id, upstream_request_id,
     detail, version, code, peer)
   select e.practice_id, e.id, e.attempt_id, e.writer_id, to_timestamp(e.occurred_ms / 1000), clock.now, e.type,
     e.subtype, e.action, e.outcome, e.actor_kind, e.actor_id, e.purpose, e.entity, e.patients, e.record_count, e.route,
     e.request_id, e.upstream_request_id, decode(e.detail, 'base64'), e.version,
     e.code, e.peer
   from clock, json_to_recordset($1::json) as e(practice_id integer, id uuid, attempt_id uuid, writer_id uuid,
     occurred_ms double precision, type text, subtype text, action text, outcome text, actor_kind text, actor_id text,
     purpose text, entity text, patients uuid[], record_count integer, route text, request_id text,
     upstream_request_id text, detail text, version smallint, code text, peer text)`,
)

export async function appendEntries(tx: Tx, rows: readonly EntryRow[]): Promise<void> {
  await tx.rows(insertEntries, [rows])
}

const upsertWriter = sql(
  'audit.settle_writer',
  `insert into control.audit_writer (writer_id, started_at, settled_before) values ($1, aegis.now(), $2)
   on conflict (writer_id) do update set settled_before = excluded.settled_before`,
)

/** Notes that none of the writer's attempts before this id is without an outcome. */
export async function settleWriter(tx: Tx, writer: string, settledBefore: string): Promise<void> {
  await tx.rows(upsertWriter, [writer, settledBefore])
}

const deleteWriter = sql('audit.remove_writer', 'delete from control.audit_writer where writer_id = $1')

export async function removeWriter(tx: Tx, writer: string): Promise<void> {
  await tx.rows(deleteWriter, [writer])
}

export interface WriterRow {
  readonly writer_id: string
  readonly settled_before: string
}

const selectWriters = sql(
  'audit.writers',
  `select writer_id, settled_before from control.audit_writer
   where writer_id not in (select w::uuid from json_array_elements_text($1::json) w)
     and not (started_at > aegis.now() - make_interval(secs => $2::float8 / 1000) and started_at <= aegis.now())
   order by started_at`,
)

/** Every writer but these, and those that began less than `youngMs` ago. */
export function writersExcept(
  tx: Tx,
  { live, youngMs }: { live: readonly string[]; youngMs: number },
): Promise<WriterRow[]> {
  return tx.rows<WriterRow>(selectWriters, [live, youngMs])
}

/** What of an attempt its outcome repeats. */
export type OrphanRow = Pick<
  EntryRow,
  | 'practice_id'
  | 'type'
  | 'subtype'
  | 'action'
  | 'actor_kind'
  | 'actor_id'
  | 'purpose'
  | 'entity'
  | 'route'
  | 'request_id'
> & { readonly id: string; readonly patients: string }

// 1 is any number; two recoveries at the same time must not both close an attempt.
const lockOrphans = sql('audit.lock_orphans', `select pg_advisory_xact_lock(hashtext('audit.close_orphans'), 1)`)
const selectOrphans = sql(
  'audit.orphans',
  `select a.practice_id, a.id, a.type, a.subtype, a.action, a.actor_kind, a.actor_id, a.purpose, a.entity,
     array_to_json(a.patients)::text as patients, a.route, a.request_id
   from audit.entry a
   where a.writer_id = $1 and a.id >= $2 and a.id <= $3 and a.outcome = 'attempt'
     and a.id not in (select o::uuid from json_array_elements_text($4::json) o)
     and not exists (select from audit.entry o where o.practice_id = a.practice_id and o.attempt_id = a.id)
   order by a.id limit $5`,
)

export interface OrphanQuery {
  readonly writer: string
  /** First and last id to look at. */
  readonly from: string
  readonly to: string
  /** Attempts still under way. */
  readonly except: readonly string[]
  readonly limit: number
}

/** Attempts without an outcome. Other recoveries wait for the end of the transaction. */
export async function lockedOrphans(tx: Tx, query: OrphanQuery): Promise<OrphanRow[]> {
  await tx.rows(lockOrphans)
  const { writer, from, to, except, limit } = query
  return tx.rows<OrphanRow>(selectOrphans, [writer, from, to, except, limit])
}
