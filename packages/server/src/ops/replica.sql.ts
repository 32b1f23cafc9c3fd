import { sql, type Tx } from '../db/db.ts'
import type { Alarm } from './status-report.ts'

/** What a process tells the others of itself. */
export interface ReplicaFacts {
  /** See `identifyHome`. */
  readonly homeId: string
  /** New with every start. */
  readonly instance: string
  /** The writer of its audit entries. */
  readonly writerId: string
  readonly role: string
  /** Host and home, for people. */
  readonly place: string
  readonly version: string
  /** How many practices it is configured with, and a digest of which. */
  readonly practices: number
  readonly practicesDigest: string
}

/** What a process says of itself again and again. */
export interface ReplicaSays extends ReplicaFacts {
  /** What it finds wrong with itself. */
  readonly alarms: readonly Alarm[]
}

const upsert = sql(
  'ops.join_replicas',
  `insert into control.replica (home_id, instance, writer_id, role, place, version, practices, practices_digest,
     alarms, started_at, seen_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, aegis.now(), aegis.now())
   on conflict (home_id) do update set instance = excluded.instance, writer_id = excluded.writer_id,
     role = excluded.role, place = excluded.place, version = excluded.version, practices = excluded.practices,
     practices_digest = excluded.practices_digest, alarms = excluded.alarms, started_at = excluded.started_at, seen_at = excluded.seen_at`,
)

/** Enters a process, in the place of the one that ran on its home before. */
export async function joinReplicas(tx: Tx, facts: ReplicaSays): Promise<void> {
  await tx.rows(upsert, valuesOf(facts))
}

function valuesOf(says: ReplicaSays): (string | number)[] {
  const { homeId, instance, writerId, role, place, version, practices, practicesDigest, alarms } = says
  return [homeId, instance, writerId, role, place, version, practices, practicesDigest, JSON.stringify(alarms)]
}

const see = sql(
  'ops.see_replica',
  `insert into control.replica as known (home_id, instance, writer_id, role, place, version, practices,
     practices_digest, alarms, started_at, seen_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, aegis.now(), aegis.now())
   on conflict (home_id) do update set seen_at = excluded.seen_at, alarms = excluded.alarms
     where known.instance = excluded.instance
   returning home_id`,
)

/**
 * Says that a process lives; false when another one stands in its place. One that was silent for so long that it was
 * forgotten (its machine slept) is entered again.
 */
export async function seeReplica(tx: Tx, facts: ReplicaSays): Promise<boolean> {
  return (await tx.rows(see, valuesOf(facts))).length === 1
}

const leave = sql('ops.leave_replicas', 'delete from control.replica where home_id = $1 and instance = $2')

export async function leaveReplicas(tx: Tx, { homeId, instance }: ReplicaFacts): Promise<void> {
  await tx.rows(leave, [homeId, instance])
}

export interface ReplicaRow {
  readonly home_id: string
  readonly instance: string
  readonly writer_id: string
  readonly role: string
  readonly place: string
  readonly version: string
  readonly practices: number
  readonly practices_digest: string
  readonly alarms: readonly Alarm[]
  readonly started_at: number
  readonly silent_ms: number
}

const list = sql(
  'ops.replicas',
  `select home_id, instance, writer_id, role, place, version, practices, practices_digest, alarms, started_at,
     (extract(epoch from aegis.now() - seen_at) * 1000)::float8 as silent_ms
   from control.replica order by place, started_at`,
)

/** Every process that has not stopped as it should, with how long it has been silent. */
export function listReplicas(tx: Tx): Promise<ReplicaRow[]> {
  return tx.rows<ReplicaRow>(list)
}

const forget = sql(
  'ops.forget_replicas',
  'delete from control.replica where seen_at < aegis.now() - make_interval(secs => $1::float8 / 1000)',
)

/** Forgets those that have been silent for so long. */
export async function forgetReplicas(tx: Tx, silentMs: number): Promise<void> {
  await tx.rows(forget, [silentMs])
}

const bound = sql(
  'ops.bound_replicas',
  `update control.replica set seen_at = least(seen_at, aegis.now()), started_at = least(started_at, aegis.now())
   where greatest(seen_at, started_at) > aegis.now()`,
)

/** Counts no process as living for longer than it said: the clock was set back. */
export async function boundReplicas(tx: Tx): Promise<void> {
  await tx.rows(bound)
}
