import type { Clock } from '../clock/clock.ts'
import type { Db } from '../db/db.ts'
import { countQueueSessions, reviveActiveJobs } from './queue.sql.ts'

/** The name under which a queue's own connections are known to PostgreSQL. */
export const queueApplication = 'aegis-queue'

const pollMs = 20
/** A session outlives its killed client by the statement it is in; longer than this it is not ours to wait for. */
const patienceMs = 5_000

/**
 * Makes the jobs of a killed predecessor runnable at once; how many there were. Only for the sole instance, before its
 * own queue starts. First waits until the predecessor's sessions are gone: PostgreSQL finishes the statement of a client
 * that died, and a job fetched in that moment would be active with nobody to run it.
 */
export async function takeOverJobs({ db, clock }: { db: Pick<Db, 'control'>; clock: Clock }): Promise<number> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pollMs) {
    if ((await db.control((tx) => countQueueSessions(tx, queueApplication))) === 0) break
    await clock.sleep(pollMs)
  }
  return db.control((tx) => reviveActiveJobs(tx))
}
