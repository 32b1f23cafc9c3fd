import type { Clock } from '../clock/clock.ts'
import type { Random } from '../clock/random.ts'
import type { Tx } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { DataKey, sealingVersion } from './data-key.ts'
import { type Place, readLabel } from './envelope.ts'
import { blindIndexBits } from './index-keys.ts'
import type { KeyCache } from './key-cache.ts'
import { firstCharge, type Keyring, sealingKey } from './keyring.ts'
import * as table from './sealing.sql.ts'

/**
 * Stands for an id that identifies a patient: 128 bits of a keyed hash in the text form of a UUID. The same id gives
 * the same pseudonym within a practice and another one in every other practice. May be stored and logged in clear.
 */
export type Pseudonym = string & { readonly pseudonym: true }

/** Where a sealed value belongs within the practice; it opens nowhere else. */
export type SealedAt = Omit<Place, 'practice' | 'patient'> & {
  /** Seals with this patient's own key instead of the practice's. */
  readonly patient?: Pseudonym
}

export interface PracticeKeysDeps {
  readonly clock: Clock
  readonly random: Random
  readonly cache: KeyCache
  readonly nextNonce: () => Buffer
}

/** The table and column of wrapped keys, as authenticated with each. */
const wrappedAt = { table: 'aegis.data_key', column: 'wrapped_key' }
const keyBytes = 32
/** A patient's key can be lost to another transaction's insert once; more often means that somebody deletes keys. */
const ensureRoundsMax = 3

/**
 * The keys of one practice for one batch of work. Everything but the loading of patients' keys is synchronous and needs
 * no database. Take it anew (`sealing.practice`) for each batch: it does not learn of keys that are rotated or
 * destroyed later.
 */
export class PracticeKeys {
  readonly practice: number
  readonly #deps: PracticeKeysDeps
  readonly #keyring: Keyring
  /** Keys loaded for this batch; an empty list: looked for, and there is none. */
  readonly #patients = new Map<Pseudonym, readonly DataKey[]>()
  /** Keys that exist only if this transaction commits. */
  #uncommitted: { tx: Tx; subjects: Pseudonym[] } | undefined

  constructor(deps: PracticeKeysDeps, keyring: Keyring) {
    this.practice = keyring.practice
    this.#deps = deps
    this.#keyring = keyring
  }

  /**
   * Seals `plain` for one place. With `patient`, that patient's key must have been made or loaded by `ensurePatients` in
   * this transaction (`sealing.key-not-loaded`). `sealing.key-exhausted` after 2^32 values under one key.
   */
  seal(at: SealedAt, plain: Uint8Array): Buffer {
    const now = this.#deps.clock.now()
    const versions = at.patient === undefined ? undefined : this.#patientKeys(at.patient)
    const key = versions ? sealingVersion(versions, now) : sealingKey(this.#keyring, now)
    if (!key) throw new AegisError('sealing.key-missing', { practice: this.practice })
    const sealed = key.seal({ practice: this.practice, ...at }, { plain, nonce: this.#deps.nextNonce() })
    if (key.due) this.#keyring.due.add(key)
    return sealed
  }

  /**
   * Opens what `seal` made for the same place. `sealing.unreadable` when a byte, the place or the key differs,
   * `sealing.key-missing` when its key was destroyed, `sealing.key-not-loaded` when the patient's key was not loaded.
   */
  open(at: SealedAt, sealed: Uint8Array): Buffer {
    const { version } = readLabel(sealed)
    const versions = at.patient === undefined ? this.#keyring.versions : this.#patientKeys(at.patient)
    const key = versions.find((candidate) => candidate.label.version === version)
    if (!key) throw new AegisError('sealing.key-missing', { practice: this.practice, table: at.table })
    return key.open({ practice: this.practice, ...at }, sealed)
  }

  /** The pseudonym of a kind of id, such as 'patient': the same id of two kinds has two. '7' and '07' are two ids. */
  pseudonym(kind: string, id: string): Pseudonym {
    return this.#keyring.index.pseudonym(kind, id)
  }

  /**
   * An index for equality search, in hex: equal values of one field give equal indexes, and some unequal ones do too
   * (compare the opened values). Normalise first. Not for fields with few values by themselves (date of birth, sex):
   * frequencies would give them away.
   */
  blindIndex(field: string, normalisedValue: string, bits: number = blindIndexBits): string {
    return this.#keyring.index.blindIndex(field, normalisedValue, bits)
  }

  /** A keyed hash of 256 bits (base64url) that tells whether a value changed, without telling the value. */
  digest(field: string, value: string | Uint8Array): string {
    return this.#keyring.index.digest(field, value)
  }

  /**
   * Makes keys for those of these patients that have none, and loads all. Call it in each transaction that seals or
   * opens, once, with all of its patients, before it writes other rows: two transactions that make keys for the same
   * patients then wait for each other and cannot deadlock. At most three statements, whatever the number of patients.
   */
  async ensurePatients(tx: Tx, patients: readonly Pseudonym[]): Promise<void> {
    let missing = await this.#load(tx, patients)
    for (let round = 0; missing.length && round < ensureRoundsMax; round++) {
      await this.#create(tx, missing)
      missing = await this.#load(tx, missing)
    }
    if (missing.length)
      throw new AegisError('sealing.key-missing', { practice: this.practice, patients: missing.length })
  }

  /** Loads the keys of these patients for opening. One without a key is not an error until a value of it is opened. */
  async loadPatients(tx: Tx, patients: readonly Pseudonym[]): Promise<void> {
    for (const absent of await this.#load(tx, patients)) this.#patients.set(absent, [])
  }

  #patientKeys(patient: Pseudonym): readonly DataKey[] {
    const versions = this.#patients.get(patient)
    if (!versions) throw new AegisError('sealing.key-not-loaded', { practice: this.practice })
    return versions
  }

  /** Loads from memory, then from the database; returns those without a key. */
  async #load(tx: Tx, patients: readonly Pseudonym[]): Promise<Pseudonym[]> {
    this.#dropUncommitted(tx)
    const unknown = new Set<Pseudonym>()
    for (const patient of patients) {
      if (this.#patients.get(patient)?.length) continue
      const cached = this.#deps.cache.get(this.#keyring, patient)
      if (cached) this.#patients.set(patient, cached)
      else unknown.add(patient)
    }
    if (!unknown.size) return []
    const rows = Map.groupBy(await table.patientKeys(tx, this.practice, [...unknown]), (row) => row.subject)
    for (const patient of unknown) {
      const found = rows.get(patient)
      if (!found) continue
      unknown.delete(patient)
      this.#take(tx, patient, found)
    }
    return [...unknown]
  }

  #take(tx: Tx, patient: Pseudonym, rows: readonly table.PatientKeyRow[]): void {
    const versions = rows.map((row) => this.#unwrap(row))
    this.#patients.set(patient, versions)
    if (rows.some((row) => row.uncommitted)) this.#noteUncommitted(tx, patient)
    else this.#deps.cache.set(this.#keyring, patient, versions)
  }

  /**
   * Makes first versions. They are not put into the cache: if the transaction rolled back, values would go on being
   * sealed under keys that nobody has.
   */
  async #create(tx: Tx, patients: readonly Pseudonym[]): Promise<void> {
    const sealsFrom = 0
    const made = new Map<Pseudonym, Buffer>()
    // One call of the system's generator for all: per key it would cost as much as the wrapping.
    const fresh = this.#deps.random.bytes(keyBytes * patients.length)
    const keys = patients.map((subject, index) => {
      const plain = fresh.subarray(index * keyBytes, (index + 1) * keyBytes)
      made.set(subject, plain)
      const row = ['patient', subject, '1']
      return { subject, wrapped: this.seal({ ...wrappedAt, row }, plain).toString('base64') }
    })
    const created = await table.createPatientKeys(tx, { practice: this.practice, keys, sealsFrom })
    for (const [subject, plain] of made) {
      if (created.has(subject)) {
        this.#patients.set(subject, [this.#dataKey(plain, { subject, version: 1, uses: '0', seals_from: sealsFrom })])
        this.#noteUncommitted(tx, subject)
      } else plain.fill(0) // another transaction was first
    }
  }

  #unwrap(row: table.PatientKeyRow): DataKey {
    const at = { ...wrappedAt, row: ['patient', row.subject, String(row.version)] }
    return this.#dataKey(this.open(at, row.wrapped_key), row)
  }

  #dataKey(key: Buffer, row: Pick<table.PatientKeyRow, 'subject' | 'version' | 'uses' | 'seals_from'>): DataKey {
    return new DataKey(key, {
      label: { kind: 'patient', version: row.version },
      subject: row.subject,
      sealsFrom: row.seals_from,
      uses: Number(row.uses),
      chargeAfter: firstCharge(this.#deps.random),
    })
  }

  #noteUncommitted(tx: Tx, patient: Pseudonym): void {
    this.#uncommitted ??= { tx, subjects: [] }
    this.#uncommitted.subjects.push(patient)
  }

  /** In a new transaction it is open whether the last one committed: what it made is looked up again. */
  #dropUncommitted(tx: Tx): void {
    if (!this.#uncommitted || this.#uncommitted.tx === tx) return
    for (const patient of this.#uncommitted.subjects) this.#patients.delete(patient)
    this.#uncommitted = undefined
  }
}
