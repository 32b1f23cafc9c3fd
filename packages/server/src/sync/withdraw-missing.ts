import type { Tx } from '../db/db.ts'
import { type Withdrawn, withdrawRecord } from '../records/withdraw-record.ts'
import { insertDifferences } from './difference.sql.ts'
import type { FeedKey } from './feed-state.sql.ts'
import { kindOfFeed } from './feed-table.ts'
import { releaseKeys } from './quarantine.sql.ts'

export interface Missing {
  readonly key: string
  readonly fetchSeq: bigint
  /** See `Withdrawal`. */
  readonly wantedSeq: bigint
  readonly askedOf?: string
  /** The check that wants to know. */
  readonly runId: string | null
  readonly isPatientShown: boolean
}

/**
 * athenahealth has said twice that there is no such record; that it was held is what a check wanted to know. What is withheld
 * is no difference: nobody can say that it is not as athenahealth has it.
 */
export async function withdrawMissing(tx: Tx, of: FeedKey, { runId, ...missing }: Missing): Promise<Withdrawn> {
  const { key } = missing
  const withdrawn = await withdrawRecord(tx, { practice: of.practice, kind: kindOfFeed(of.feed), ...missing })
  if (withdrawn === 'unsure' || withdrawn === 'moved') return withdrawn
  await releaseKeys(tx, of, [key])
  if (withdrawn === 'deleted' && runId !== null)
    await insertDifferences(tx, { ...of, runId }, [{ key, what: 'gone-there', fields: [], explanation: null }])
  return withdrawn
}
