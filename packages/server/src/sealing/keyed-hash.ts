import { type BinaryToTextEncoding, hash } from 'node:crypto'

const blockBytes = 64
const digestBytes = 32

/**
 * HMAC-SHA-256 (RFC 2104) under one key, as two one-shot hashes. Node's own `createHmac` spends most of its time on its
 * objects, several times that of the hash itself, and a first load asks for several of each record.
 */
export class KeyedHash {
  /** The key as it stands before the message, and before the inner digest (RFC 2104: ipad and opad). */
  readonly #inner: Buffer
  readonly #outer: Buffer

  /** Copies `key`, 1 to 64 bytes. */
  constructor(key: Uint8Array) {
    if (key.length === 0 || key.length > blockBytes) throw new RangeError('A key has 1 to 64 bytes')
    this.#inner = Buffer.alloc(blockBytes, 0x36)
    this.#outer = Buffer.alloc(blockBytes + digestBytes, 0x5c)
    for (const [at, byte] of key.entries()) {
      this.#inner[at] = byte ^ 0x36
      this.#outer[at] = byte ^ 0x5c
    }
  }

  /** The keyed hash of `prefix` followed by `value` (text as UTF-8), in the encoding asked for. */
  digest(prefix: string, value: string | Uint8Array, encoding: BinaryToTextEncoding): string {
    const prefixBytes = Buffer.byteLength(prefix)
    const valueBytes = typeof value === 'string' ? Buffer.byteLength(value) : value.length
    const message = Buffer.allocUnsafe(blockBytes + prefixBytes + valueBytes)
    this.#inner.copy(message)
    message.write(prefix, blockBytes)
    if (typeof value === 'string') message.write(value, blockBytes + prefixBytes)
    else message.set(value, blockBytes + prefixBytes)
    // As text, a letter a byte: a buffer of its own costs more than the hash.
    this.#outer.write(hash('sha256', message, 'binary'), blockBytes, 'latin1')
    message.fill(0, 0, blockBytes) // the key goes nowhere but here; the buffer may be of the pool
    return hash('sha256', this.#outer, encoding)
  }

  /** Forgets the key, for good; every digest after it is of no key. */
  wipe(): void {
    this.#inner.fill(0)
    this.#outer.fill(0)
  }
}
