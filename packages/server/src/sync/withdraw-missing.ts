import type { Tx } from '../db/db.ts'
import { keysAboutPatient } from '../records/patient-records.sql.ts'
import { wholeKey } from '../records/record-name.ts'
import { type Withdrawn, withdrawRecord } from '../records/withdraw-record.ts'
import type { Pseudonym } from '../sealing/practice-keys.ts'
import { insertDifferences } from './difference.sql.ts'
import type { FeedKey } from './feed-state.sql.ts'
import { kindOfFeed } from './feed-table.ts'
import { releaseKeys } from './quarantine.sql.ts'
import { wantUnclear } from './refetch.sql.ts'

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
  // What waited to hear of the patient would wait for as long again as it has, a day at most.
  if (withdrawn !== undefined && of.feed === 'patients') {
    const theirs = await keysAboutPatient(tx, of.practice, key)
    await wantUnclear(tx, of.practice, [wholeKey(key as Pseudonym), ...theirs]) // the key of a patient is one
  }
  if (withdrawn === 'deleted' && runId !== null)
    await insertDifferences(tx, { ...of, runId }, [{ key, what: 'gone-there', fields: [], explanation: null }])
  return withdrawn
}
