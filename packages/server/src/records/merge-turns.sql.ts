import { lookUp, type Tx } from '../db/db.ts'

/*
 * One lock for a practice, of no row: a record that is being written has none yet to be found by a merge, and the patient that
 * is merged need not be held. It is taken before all other locks of a page, so that nobody who waits for it is waited for.
 */
const share = lookUp(
  'records.share_merges',
  `select pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtext('records.merges'), $1::integer)`,
)

/** Waits for merges that are being written; none begins before this transaction ends. What is read next shows them. */
export async function awaitMerges(tx: Tx, practice: number): Promise<void> {
  await tx.rows(share, [practice])
}

const take = lookUp(
  'records.take_merges',
  `select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('records.merges'), $1::integer)
   where exists (select from json_to_recordset($2::json) as m(key text, survivor text)
     left join aegis.alias a on a.practice_id = $1 and a.kind = 'patient' and a.key = m.key
     where a.survivor_key is distinct from m.survivor)`,
)

/** Of a patient, whom it is told to have been merged into; null: it is told to be itself. */
export interface ToldMerge {
  readonly key: string
  readonly survivor: string | null
}

/**
 * Where any of this is news: waits for all who are writing records of patients, and lets nobody begin before this transaction
 * ends. What is read next shows what they wrote.
 */
export async function awaitRecords(tx: Tx, practice: number, told: readonly ToldMerge[]): Promise<void> {
  if (told.length) await tx.rows(take, [practice, JSON.stringify(told)])
}
