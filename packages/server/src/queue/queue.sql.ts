import { sql, type Tx } from '../db/db.ts'
import { deadLetterName, type Job, type JobPayload } from './job.ts'

const insertJob = sql('queue.enqueue', 'select aegis.enqueue($1, $2::jsonb, $3)')

// The policy of a queue cannot change: its waiting jobs obey the old one.
const upsertQueues = sql(
  'queue.declare',
  `insert into pgboss.queue (
     name, policy, retry_limit, retry_delay, retry_backoff, retry_delay_max, expire_seconds, retention_seconds,
     deletion_seconds, dead_letter, partition, table_name, heartbeat_seconds, notify)
   select name, policy, retry_limit, retry_delay, true, retry_delay_max, expire_seconds, retention_seconds,
     deletion_seconds, dead_letter, false, 'job_common', heartbeat_seconds, true
   from jsonb_to_recordset($1::jsonb) as q (
     name text, policy text, retry_limit integer, retry_delay integer, retry_delay_max integer, expire_seconds integer,
     retention_seconds integer, deletion_seconds integer, dead_letter text, heartbeat_seconds integer)
   on conflict (name) do update set
     retry_limit = excluded.retry_limit, retry_delay = excluded.retry_delay, retry_delay_max = excluded.retry_delay_max,
     expire_seconds = excluded.expire_seconds, retention_seconds = excluded.retention_seconds,
     deletion_seconds = excluded.deletion_seconds, dead_letter = excluded.dead_letter,
     heartbeat_seconds = excluded.heartbeat_seconds`,
)

// Where the lane has a retry waiting already, the killed job says nothing more.
const dropDoubles = sql(
  'queue.drop_doubles',
  `delete from pgboss.job_common dead
   where dead.state = 'active' and dead.policy = 'stately' and exists (
     select from pgboss.job_common waiting
     where waiting.name = dead.name and waiting.state = 'retry' and waiting.policy = 'stately'
       and coalesce(waiting.singleton_key, '') = coalesce(dead.singleton_key, ''))
   returning dead.id`,
)
// As if it had never been started: being killed is not the job's failure and does not use up a retry.
const reviveActive = sql(
  'queue.revive_active',
  `update pgboss.job_common
   set state = 'retry', started_on = null, heartbeat_on = null, start_after = clock_timestamp()
   where state = 'active'
   returning id`,
)
const countSessions = sql(
  'queue.count_sessions',
  `select count(*)::integer as count from pg_catalog.pg_stat_activity
   where datname = current_database() and application_name = $1`,
)
// Up to a bound: nobody needs to know more than that there are many.
const countWaiting = sql(
  'queue.count_waiting',
  `select count(*)::integer as count from (
     select from pgboss.job_common where name = $1 and state = 'created' limit $2) waiting`,
)
const countDead = sql(
  'queue.count_dead_letters',
  `select source_name as job, count(*)::integer as count from pgboss.job_common
   where source_name is not null and state = 'created' group by source_name order by source_name`,
)

/** A dead letter, or a waiting job, is kept this long: a year. */
const retentionSeconds = 365 * 24 * 3600
/** A finished job tells nothing that our own tables do not; the table stays small. */
const deletionSeconds = 3600
/** pg-boss's minimum. A worker killed beside living replicas is noticed after this, plus one look of theirs. */
const heartbeatSeconds = 10

/** Puts a job into its queue within the transaction; into its lane if it has one. */
export async function insertJobRow(
  tx: Tx,
  job: { name: string; lane: string | null },
  payload: JobPayload,
): Promise<void> {
  await tx.rows(insertJob, [job.name, payload, job.lane])
}

/** Makes the queues of these jobs, and of their dead letters, as declared. Control transactions only. */
export async function upsertJobQueues(tx: Tx, jobs: readonly Job<never>[]): Promise<void> {
  const common = { retention_seconds: retentionSeconds, retry_delay: 0, retry_delay_max: null, retry_limit: 0 }
  const deadLetters = jobs
    .filter((job) => job.deadLetters)
    .map((job) => ({
      ...common,
      name: deadLetterName(job.name),
      policy: 'standard',
      expire_seconds: 900,
      deletion_seconds: deletionSeconds,
    }))
  const queues = jobs.map((job) => ({
    ...common,
    name: job.name,
    policy: job.lane ? 'stately' : 'standard',
    retry_limit: job.retriesMax,
    retry_delay: job.retryDelaySeconds,
    retry_delay_max: job.retryDelayMaxSeconds,
    expire_seconds: job.timeoutSeconds,
    deletion_seconds: deletionSeconds,
    dead_letter: job.deadLetters ? deadLetterName(job.name) : null,
    heartbeat_seconds: heartbeatSeconds,
  }))
  await tx.rows(upsertQueues, [deadLetters])
  await tx.rows(upsertQueues, [queues])
}

/** Makes every job that somebody was working on runnable at once; how many there were. */
export async function reviveActiveJobs(tx: Tx): Promise<number> {
  const doubles = await tx.rows(dropDoubles)
  return doubles.length + (await tx.rows(reviveActive)).length
}

/** How many connections of this name there are to this database. */
export async function countQueueSessions(tx: Tx, application: string): Promise<number> {
  const [row] = await tx.rows<{ count: number }>(countSessions, [application])
  return row?.count ?? 0
}

/** How many jobs of a kind wait for a worker, counted up to `most`. Control transactions only. */
export async function countWaitingJobs(tx: Tx, job: Job<never>, most: number): Promise<number> {
  const [row] = await tx.rows<{ count: number }>(countWaiting, [job.name, most])
  return row?.count ?? 0
}

/** Dead letters that wait for a decision, by job. */
export async function countDeadLetterRows(tx: Tx): Promise<{ job: string; count: number }[]> {
  return tx.rows<{ job: string; count: number }>(countDead)
}

const boundSql = sql(
  'queue.bound_times',
  `update pgboss.job_common set
     created_on = least(created_on, clock_timestamp()),
     start_after = case when start_after > clock_timestamp() then clock_timestamp() else start_after end,
     started_on = case when started_on > clock_timestamp() then clock_timestamp() else started_on end,
     heartbeat_on = case when heartbeat_on > clock_timestamp() then clock_timestamp() else heartbeat_on end
   where state in ('created', 'retry', 'active')
     and greatest(created_on, start_after, started_on, heartbeat_on) > clock_timestamp()`,
)

/** Lets every job that waits run now, and whose worker is dead be found: the clock was set back. */
export async function boundJobTimes(tx: Tx): Promise<void> {
  await tx.rows(boundSql)
}
