import { hkdfSync } from 'node:crypto'
import { AegisError } from '../errors/aegis-error.ts'
import { KeyedHash } from './keyed-hash.ts'
import type { Pseudonym } from './practice-keys.ts'

/** Bits of a blind index unless the field says otherwise: few enough that an index of a practice has collisions. */
export const blindIndexBits = 32

/**
 * What a practice's values are looked up and compared by without being readable: derived from one root key per practice
 * that is never rotated with the data keys, since every stored pseudonym and index would have to change with it.
 */
export class IndexKeys {
  #keys: { pseudonym: KeyedHash; blindIndex: KeyedHash; digest: KeyedHash } | undefined

  /** Takes over `root` (32 bytes) and wipes it. */
  constructor(root: Buffer) {
    this.#keys = {
      pseudonym: derive(root, 'aegis pseudonym 1'),
      blindIndex: derive(root, 'aegis blind index 1'),
      digest: derive(root, 'aegis digest 1'),
    }
    root.fill(0)
  }

  /** 128 bits in the text form of a UUID: it fits PostgreSQL's `uuid` as well as `text`. */
  pseudonym(kind: string, id: string): Pseudonym {
    const hex = keyed(this.#opened().pseudonym, { field: kind, value: id }, 'hex')
    const text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
    return text as Pseudonym // the one place where pseudonyms are made
  }

  /** The first `bits` bits of a keyed hash, in hex. */
  blindIndex(field: string, value: string, bits: number): string {
    if (!Number.isInteger(bits) || bits < 8 || bits > 128) throw new RangeError('A blind index has 8 to 128 bits')
    const whole = Buffer.from(keyed(this.#opened().blindIndex, { field, value }, 'hex'), 'hex')
    const bytes = whole.subarray(0, Math.ceil(bits / 8))
    const spare = bytes.length * 8 - bits
    bytes[bytes.length - 1] = ((bytes.at(-1) ?? 0) >> spare) << spare
    return bytes.toString('hex')
  }

  digest(field: string, value: string | Uint8Array): string {
    return keyed(this.#opened().digest, { field, value }, 'base64url')
  }

  /** Forgets the keys, for good. */
  wipe(): void {
    if (this.#keys) for (const key of Object.values(this.#keys)) key.wipe()
    this.#keys = undefined
  }

  #opened(): { pseudonym: KeyedHash; blindIndex: KeyedHash; digest: KeyedHash } {
    if (!this.#keys) throw new AegisError('sealing.closed')
    return this.#keys
  }
}

function derive(root: Buffer, purpose: string): KeyedHash {
  const key = Buffer.from(hkdfSync('sha256', root, '', purpose, 32))
  const keyed = new KeyedHash(key)
  key.fill(0)
  return keyed
}

/** The length before the field keeps ('ab', 'c') and ('a', 'bc') apart. */
function keyed(
  key: KeyedHash,
  { field, value }: { field: string; value: string | Uint8Array },
  encoding: 'hex' | 'base64url',
): string {
  return key.digest(`${field.length}:${field}`, value, encoding)
}
