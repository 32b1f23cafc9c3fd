import type { Db } from '../db/db.ts'
import { countDeadLetterRows } from './queue.sql.ts'

/** How many jobs failed for good and wait for a decision, by the job's name; only jobs with any. */
export async function countDeadLetters(deps: { db: Pick<Db, 'control'> }): Promise<ReadonlyMap<string, number>> {
  const rows = await deps.db.control((tx) => countDeadLetterRows(tx))
  return new Map(rows.map(({ job, count }) => [job, count]))
}
