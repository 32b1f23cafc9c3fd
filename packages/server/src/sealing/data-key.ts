import { createSecretKey, type KeyObject } from 'node:crypto'
import { AegisError } from '../errors/aegis-error.ts'
import { type KeyLabel, openEnvelope, type Place, placeAad, sealEnvelope } from './envelope.ts'

/**
 * Most values one key may seal. With random 96-bit nonces, two of them are equal with a probability under 2^-32 up to
 * here (NIST SP 800-38D, section 8.3).
 */
export const usesMax = 2 ** 32

/**
 * Uses are written down in portions of this many, and every process starts at a random point of its first portion. So
 * the count stays right on average however often processes are killed, without a write per start. Its error is some
 * thousands; a practice's key is replaced at half of `usesMax`.
 */
export const usesPerCharge = 4096

export interface DataKeyOrigin {
  readonly label: KeyLabel
  /** The patient it belongs to; null for the practice's. */
  readonly subject: string | null
  /** Seals nothing before this instant (epoch ms): by then every process has learned of the version. */
  readonly sealsFrom: number
  /** Values sealed so far, as written down. */
  readonly uses: number
  /** Uses until the first portion is due: random, 1 to `usesPerCharge`. */
  readonly chargeAfter: number
}

/**
 * One version of a practice's or a patient's key, unwrapped in memory. Held as a KeyObject: Node clears its memory when
 * it frees it, and takes a key given as bytes eight times slower.
 */
export class DataKey {
  readonly label: KeyLabel
  readonly subject: string | null
  readonly sealsFrom: number
  #key: KeyObject | undefined
  #uses: number
  #untilCharge: number
  #due = 0

  /** Takes over the 32 bytes of the key and wipes them. */
  constructor(key: Buffer, origin: DataKeyOrigin) {
    this.#key = createSecretKey(key)
    key.fill(0)
    this.label = origin.label
    this.subject = origin.subject
    this.sealsFrom = origin.sealsFrom
    this.#uses = origin.uses
    this.#untilCharge = origin.chargeAfter
  }

  /** Values sealed so far: those written down when the key was loaded, and those of this object since. */
  get uses(): number {
    return this.#uses
  }

  /** Uses that are due to be written down. */
  get due(): number {
    return this.#due
  }

  /** Takes `uses` off what is due, since they were written down, and returns what is left. */
  charged(uses: number): number {
    this.#due -= uses
    return this.#due
  }

  seal(place: Place, { plain, nonce }: { plain: Uint8Array; nonce: Buffer }): Buffer {
    const key = this.#opened()
    if (this.#uses >= usesMax) throw new AegisError('sealing.key-exhausted', { practice: place.practice })
    this.#uses++
    if (--this.#untilCharge <= 0) {
      this.#untilCharge = usesPerCharge
      this.#due += usesPerCharge
    }
    return sealEnvelope({ key, label: this.label, nonce, aad: placeAad(place) }, plain)
  }

  open(place: Place, sealed: Uint8Array): Buffer {
    const plain = openEnvelope({ key: this.#opened(), aad: placeAad(place) }, sealed)
    if (!plain) throw unreadable(place)
    return plain
  }

  /** Forgets the key, for good. */
  wipe(): void {
    this.#key = undefined
  }

  #opened(): KeyObject {
    if (!this.#key) throw new AegisError('sealing.closed')
    return this.#key
  }
}

/** The failure of a value that does not open; names its place, never its row. */
export function unreadable({ practice, table, column }: Pick<Place, 'practice' | 'table' | 'column'>): AegisError {
  return new AegisError('sealing.unreadable', { practice, table, column })
}

/** The newest of these versions that may seal at this instant. */
export function sealingVersion(versions: readonly DataKey[], nowMs: number): DataKey | undefined {
  let newest: DataKey | undefined
  for (const key of versions) {
    if (key.sealsFrom <= nowMs && (!newest || key.label.version > newest.label.version)) newest = key
  }
  return newest
}
