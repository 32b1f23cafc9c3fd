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

const patientState = lookUp(
  'records.locked_patient_state',
  `select state from aegis.record where practice_id = $1 and kind = 'patient' and key = $2 for share`,
)

/** How a patient stands, who stays so until the transaction ends; undefined of one that is not held. */
export async function lockedPatientState(tx: Tx, practice: number, key: string): Promise<HeldRow['state'] | undefined> {
  return (await tx.rows<Pick<HeldRow, 'state'>>(patientState, [practice, key]))[0]?.state
}

const ofKindAndPatient = sql(
  'records.held_of_patient',
  `select key, patient, sealed, fetch_seq from aegis.record
   where practice_id = $1 and kind = $2 and patient = $3 and state in ('present', 'withheld') order by key`,
)

/** The records of a kind about a patient that are present or withheld, sealed. */
export function heldOfPatient(
  tx: Tx,
  { practice, kind }: OfKind,
  patient: string,
): Promise<{ key: string; patient: string; sealed: Buffer; fetch_seq: string }[]> {
  return tx.rows(ofKindAndPatient, [practice, kind, patient])
}

const keysOfAll = sql(
  'records.keys_of_patient',
  `select key from aegis.record where practice_id = $1 and patient = $2 and kind <> 'patient'`,
)

/** The keys of all records about a patient, of whatever kind and state. */
export async function keysAboutPatient(tx: Tx, practice: number, patient: string): Promise<string[]> {
  return (await tx.rows<{ key: string }>(keysOfAll, [practice, patient])).map(({ key }) => key)
}

const ofOthers = lookUp(
  'records.of_others',
  `select from aegis.record
   where practice_id = $1 and kind = $2 and key = any(select json_array_elements_text($3::json)) and patient <> $4 limit 1`,
)

/** Whether any of these records is held as one of another patient. */
export async function areOfOthers(
  tx: Tx,
  { practice, kind }: OfKind,
  { keys, patient }: { keys: readonly string[]; patient: string },
): Promise<boolean> {
  return keys.length > 0 && (await tx.rows(ofOthers, [practice, kind, JSON.stringify(keys), patient])).length > 0
}

const heldAsShown = lookUp(
  'records.held_as_shown',
  `select h.key from json_to_recordset($3::json) as w(key text, digest text)
   cross join lateral (
     select r.key from aegis.record r
     where r.practice_id = $1 and r.kind = $2 and r.key = w.key and r.digest = w.digest and r.state = 'present' offset 0) as h`,
)

/** Which of these records are held just as they are shown, by the digest of their body. */
export async function heldAsTheyAre(
  tx: Tx,
  { practice, kind }: OfKind,
  shown: readonly { key: string; digest: string }[],
): Promise<Set<string>> {
  if (shown.length === 0) return new Set()
  const rows = await tx.rows<{ key: string }>(heldAsShown, [practice, kind, JSON.stringify(shown)])
  return new Set(rows.map(({ key }) => key))
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

// Where nothing is withheld, as in most practices at most times, no patient is looked up.
const withheldOf = sql(
  'records.withheld_of_patients',
  `select kind, key, patient, sealed from aegis.record
   where exists (select from aegis.record_count
       where practice_id = $1 and kind <> 'patient' and state = 'withheld' and records > 0)
     and practice_id = $1 and patient = any(select json_array_elements_text($2::json)) and kind <> 'patient'
     and state = 'withheld'
   order by kind, key`,
)

/** The records about these patients that are withheld, sealed. */
export function withheldOfPatients(
  tx: Tx,
  practice: number,
  patients: readonly string[],
): Promise<{ kind: Kind; key: string; patient: string; sealed: Buffer }[]> {
  return tx.rows(withheldOf, [practice, JSON.stringify(patients)])
}
