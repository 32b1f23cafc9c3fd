import { lookUp, sql, type Tx } from '../db/db.ts'
import type { Kind } from './record-kind.ts'
import type { HeldRow } from './records.sql.ts'

interface OfKind {
  readonly practice: number
  readonly kind: Kind
}

const heldOne = lookUp(
  'records.held_one',
  `select key, state, patient, sealed, digest, last_modified_at, fetch_seq
   from aegis.record where practice_id = $1 and kind = $2 and key = $3`,
)

/** A record as it stands, without a lock. */
export async function heldRecord(tx: Tx, { practice, kind }: OfKind, key: string): Promise<HeldRow | undefined> {
  return (await tx.rows<HeldRow>(heldOne, [practice, kind, key]))[0]
}

const survivor = lookUp(
  'records.survivor',
  `select survivor_key from aegis.alias where practice_id = $1 and kind = $2 and key = $3`,
)

/** The key of the record that this one was merged into. */
export async function survivorKey(tx: Tx, { practice, kind }: OfKind, key: string): Promise<string | undefined> {
  return (await tx.rows<{ survivor_key: string }>(survivor, [practice, kind, key]))[0]?.survivor_key
}

const ofKindAndPatient = sql(
  'records.present_of_patient',
  `select key, patient, sealed, fetch_seq from aegis.record
   where practice_id = $1 and kind = $2 and patient = $3 and state = 'present' order by key`,
)

/** The present records of a kind about a patient, sealed. */
export function presentOfPatient(
  tx: Tx,
  { practice, kind }: OfKind,
  patient: string,
): Promise<{ key: string; patient: string; sealed: Buffer; fetch_seq: string }[]> {
  return tx.rows(ofKindAndPatient, [practice, kind, patient])
}

const nextPatients = sql(
  'records.patients_after',
  `select key, patient, sealed from aegis.record
   where practice_id = $1 and kind = 'patient' and state = 'present' and key > $2 order by key limit $3`,
)

/** The next present patients behind a key, in the order of keys, sealed. */
export function patientsAfter(
  tx: Tx,
  practice: number,
  from: { after: string; most: number },
): Promise<{ key: string; patient: string; sealed: Buffer }[]> {
  return tx.rows(nextPatients, [practice, from.after, from.most])
}
