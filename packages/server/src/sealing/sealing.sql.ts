import { lookUp, sql, type Tx } from '../db/db.ts'
import type { KeyKind } from './envelope.ts'
import type { KekPurpose } from './kek.ts'

const selectFingerprint = sql('sealing.kek_fingerprint', 'select fingerprint from control.kek where purpose = $1')

/** The fingerprint of the key-encryption key in use, if one ever was. */
export async function storedFingerprint(tx: Tx, purpose: KekPurpose): Promise<string | undefined> {
  const [row] = await tx.rows<{ fingerprint: string }>(selectFingerprint, [purpose])
  return row?.fingerprint
}

const insertFingerprint = sql(
  'sealing.store_kek_fingerprint',
  `insert into control.kek (purpose, kek_id, fingerprint, first_used_at)
   values ($1, $2, $3, aegis.now()) on conflict do nothing`,
)

/** Stores it unless one is stored. */
export async function storeFingerprint(
  tx: Tx,
  { purpose, id, fingerprint }: { purpose: KekPurpose; id: string; fingerprint: string },
): Promise<void> {
  await tx.rows(insertFingerprint, [purpose, id, fingerprint])
}

export interface KeyringRow {
  readonly epoch: string
  readonly destroyed: boolean
}

const selectKeyring = lookUp(
  'sealing.keyring',
  'select epoch, destroyed_at is not null as destroyed from aegis.keyring where practice_id = $1',
)

export async function keyringOf(tx: Tx, practice: number): Promise<KeyringRow | undefined> {
  const [row] = await tx.rows<KeyringRow>(selectKeyring, [practice])
  return row
}

const insertKeyring = sql(
  'sealing.create_keyring',
  'insert into aegis.keyring (practice_id) values ($1) on conflict do nothing',
)
const lockKeyring = sql('sealing.lock_keyring', 'select 1 from aegis.keyring where practice_id = $1 for update')

/** Makes the practice's keyring if it has none, and keeps other transactions from adding practice keys meanwhile. */
export async function lockedKeyring(tx: Tx, practice: number): Promise<void> {
  await tx.rows(insertKeyring, [practice])
  await tx.rows(lockKeyring, [practice])
}

const nextEpoch = sql('sealing.next_epoch', 'update aegis.keyring set epoch = epoch + 1 where practice_id = $1')

/** Makes every process load the practice's keys anew within `epochCheckMs`. */
export async function advanceEpoch(tx: Tx, practice: number): Promise<void> {
  await tx.rows(nextEpoch, [practice])
}

export interface PracticeKeyRow {
  readonly kind: 'practice' | 'index'
  readonly version: number
  readonly wrapped_key: Buffer
  readonly kek_id: string
  readonly uses: string
  readonly seals_from: number
}

const selectPracticeKeys = sql(
  'sealing.practice_keys',
  `select kind, version, wrapped_key, kek_id, uses, seals_from from aegis.data_key
   where practice_id = $1 and kind in ('practice', 'index') order by kind, version`,
)

export function practiceKeys(tx: Tx, practice: number): Promise<PracticeKeyRow[]> {
  return tx.rows<PracticeKeyRow>(selectPracticeKeys, [practice])
}

const insertPracticeKey = sql(
  'sealing.create_practice_key',
  `insert into aegis.data_key (practice_id, kind, subject, version, wrapped_key, kek_id, seals_from, created_at)
   values ($1, $2, '00000000-0000-0000-0000-000000000000', $3, $4, $5, to_timestamp($6::float8 / 1000), aegis.now())`,
)

export async function createPracticeKey(
  tx: Tx,
  key: Pick<PracticeKeyRow, 'kind' | 'version' | 'wrapped_key' | 'kek_id' | 'seals_from'> & { practice: number },
): Promise<void> {
  await tx.rows(insertPracticeKey, [key.practice, key.kind, key.version, key.wrapped_key, key.kek_id, key.seals_from])
}

export interface PatientKeyRow {
  readonly subject: string
  readonly version: number
  readonly wrapped_key: Buffer
  readonly uses: string
  readonly seals_from: number
  /** Written by the very transaction that reads it: it may still be rolled back. */
  readonly uncommitted: boolean
}

// One look-up by the primary key per patient, whatever the planner knows of the table: see records.sql.ts.
const selectPatientKeys = lookUp(
  'sealing.patient_keys',
  `select k.subject, k.version, k.wrapped_key, k.uses, k.seals_from,
     k.xmin is not distinct from pg_current_xact_id_if_assigned()::xid as uncommitted
   from json_array_elements_text($2::json) s
   cross join lateral (
     select d.subject, d.version, d.wrapped_key, d.uses, d.seals_from, d.xmin from aegis.data_key d
     where d.practice_id = $1 and d.kind = 'patient' and d.subject = s::uuid offset 0) as k`,
)

/** Every version of the keys of these patients; patients without a key are absent. */
export function patientKeys(tx: Tx, practice: number, subjects: readonly string[]): Promise<PatientKeyRow[]> {
  return tx.rows<PatientKeyRow>(selectPatientKeys, [practice, subjects])
}

export interface NewPatientKey {
  readonly subject: string
  /** base64 */
  readonly wrapped: string
}

// Sorted: two transactions that create keys for the same patients wait for each other instead of deadlocking.
const insertPatientKeys = lookUp(
  'sealing.create_patient_keys',
  `insert into aegis.data_key (practice_id, kind, subject, version, wrapped_key, seals_from, created_at)
   select $1, 'patient', n.subject, 1, decode(n.wrapped, 'base64'), to_timestamp($3::float8 / 1000), (select aegis.now())
   from json_to_recordset($2::json) as n(subject uuid, wrapped text) order by n.subject
   on conflict do nothing
   returning subject`,
)

/** Adds first versions; returns the subjects that had none before. */
export async function createPatientKeys(
  tx: Tx,
  { practice, keys, sealsFrom }: { practice: number; keys: readonly NewPatientKey[]; sealsFrom: number },
): Promise<Set<string>> {
  const created = await tx.rows<{ subject: string }>(insertPatientKeys, [practice, keys, sealsFrom])
  return new Set(created.map((row) => row.subject))
}

export interface Charge {
  readonly kind: KeyKind
  /** Null for a key of the practice. */
  readonly subject: string | null
  readonly version: number
  readonly uses: number
}

const chargeUses = lookUp(
  'sealing.charge_uses',
  `update aegis.data_key set uses = uses + $5
   where practice_id = $1 and kind = $2 and subject = coalesce($3, '00000000-0000-0000-0000-000000000000'::uuid)
     and version = $4`,
)

/** Adds to the written-down uses. One key each: joined with the keys of a practice, all of them were read. */
export async function addUses(tx: Tx, practice: number, charges: readonly Charge[]): Promise<void> {
  const one = ({ kind, subject, version, uses }: Charge) =>
    tx.rows(chargeUses, [practice, kind, subject, version, uses])
  await Promise.all(charges.map(one))
}
