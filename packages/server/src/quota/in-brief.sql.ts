import { type Db, lookUp, type Tx } from '../db/db.ts'

/** A caller that a person waits for is patient for 10 s. */
const beBrief = lookUp('quota.be_brief', `select set_config('idle_in_transaction_session_timeout', '3s', true)`)

/**
 * Runs `work`, which locks a row that every process needs, in one transaction. Where this process stands still in it, or the network
 * goes silent, the server takes the rows back after three seconds, and `work` is undone: `AegisError('db.unavailable')`.
 */
export async function inBrief<T>(db: Pick<Db, 'control'>, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.control(async (tx) => {
    // They travel together.
    const [, result] = await Promise.all([tx.rows(beBrief), work(tx)])
    return result
  })
}
