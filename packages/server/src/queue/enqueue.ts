import type { Tx } from '../db/db.ts'
import { isSqlState } from '../db/sql-error.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { Job, JobPayload } from './job.ts'
import { insertJobRow } from './queue.sql.ts'

/** PostgreSQL's "undefined object", raised by aegis.enqueue for a job that nobody declared. */
const undefinedObject = '42704'

/**
 * Enqueues a job within `tx`, a practice's transaction or a control one: it exists if and only if the transaction
 * commits, and a waiting worker is woken at that moment. With a lane, a job that waits already is joined, and no worker
 * takes that one before this transaction is over, so what the transaction wrote is always seen. Jobs of one transaction are
 * taken in the order in which they were enqueued.
 * `AegisError('queue.unknown-job')` when the job was not declared (see `declareJobs`).
 */
export async function enqueue<T extends JobPayload>(tx: Tx, job: Job<T>, payload: T): Promise<void> {
  try {
    await insertJobRow(tx, { name: job.name, lane: job.lane?.(payload) ?? null }, payload)
  } catch (error) {
    if (isSqlState(error, undefinedObject)) throw new AegisError('queue.unknown-job', { job: job.name })
    throw error
  }
}
