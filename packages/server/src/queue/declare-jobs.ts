import type { Db } from '../db/db.ts'
import type { Job } from './job.ts'
import { upsertJobQueues } from './queue.sql.ts'

/**
 * Makes the queues of these jobs, or brings their settings up to date. `startQueue` does it for the jobs it is given;
 * a process that only enqueues, and a test, calls it itself.
 */
export async function declareJobs(deps: { db: Pick<Db, 'control'> }, jobs: readonly Job<never>[]): Promise<void> {
  await deps.db.control((tx) => upsertJobQueues(tx, jobs))
}
